"""Work for staff: each module is one part of it. What is written goes through the services of the product."""

from tasks.admin import approvals, contracts, conversation, journal, relations, runs, work

__all__ = ["approvals", "contracts", "conversation", "journal", "relations", "runs", "work"]
