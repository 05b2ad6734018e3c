"""What several pages of work share: filters, and references of which only one is given."""

from typing import Any

from django.http import HttpRequest

from common.admin import ServiceAdmin, reference_filter

OF_TASK = reference_filter("task_id", "task")
OF_PROJECT = reference_filter("project_id", "project", word="project__key")
OF_AGENT = reference_filter("agent_id", "agent", word="agent__name")


class EitherAdmin(ServiceAdmin):
    """A task or a group, a person or an agent: the form requires neither, and the service says which is missing."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field:
            field.required = not db_field.null
        return field
