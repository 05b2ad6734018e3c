"""Projects and their delivery for staff: it reads and finds, and writes through services."""

from projects.admin import gates, phases, projects, records

__all__ = ["gates", "phases", "projects", "records"]
