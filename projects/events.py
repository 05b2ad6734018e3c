"""What happens to projects and plans."""

from audit.events import Action, EventType

PROJECT_CREATED = EventType("project.created", Action.CREATE, "project created", aliases=("project_created",))
PROJECT_UPDATED = EventType("project.updated", Action.UPDATE, "project changed", {"changed": list})
PROJECT_MEMBER_ADDED = EventType(
    "project.member_added",
    Action.UPDATE,
    "member added",
    {"user_id": str, "role": str},
    aliases=("permission_granted",),
)
PROJECT_MEMBER_REMOVED = EventType(
    "project.member_removed", Action.UPDATE, "member removed", {"user_id": str}, aliases=("permission_revoked",)
)
PLAN_CREATED = EventType("plan.created", Action.CREATE, "plan created")
