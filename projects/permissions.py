"""Who may do what in a project."""

from uuid import UUID

from common.context import Principal
from projects.models import ProjectMember, ProjectRole

DECIDING = (ProjectRole.OWNER, ProjectRole.MAINTAINER)
WORKING = (*DECIDING, ProjectRole.CONTRIBUTOR)


def has_role(user_id: UUID, project_id: UUID, roles: tuple[ProjectRole, ...]) -> bool:
    return ProjectMember.objects.filter(
        user_id=user_id, user__is_active=True, project_id=project_id, role__in=roles
    ).exists()


def can_contribute(principal: Principal, project_id: UUID) -> bool:
    """Create and change tasks, claim work (an agent through its owner's role)."""
    return principal.sees_all_projects or has_role(principal.user_id, project_id, WORKING)


def can_manage(principal: Principal, project_id: UUID) -> bool:
    """Change the project itself and its members. Never an agent."""
    if principal.is_agent:
        return False
    return principal.sees_all_projects or has_role(principal.user_id, project_id, DECIDING)


def rights_in(principal: Principal, project_id: UUID) -> tuple[bool, bool]:
    """Return `can_contribute` and `can_manage` of a person, by one look."""
    if principal.sees_all_projects:
        return True, not principal.is_agent
    role = (
        ProjectMember.objects.working(principal.user_id)
        .filter(project_id=project_id)
        .values_list("role", flat=True)
        .first()
    )
    return role is not None, role in DECIDING and not principal.is_agent


def managed_project_ids(principal: Principal) -> list[UUID]:
    """Return the projects whose settings a caller may change as a member; an agent none."""
    if principal.is_agent:
        return []
    own = ProjectMember.objects.filter(user_id=principal.user_id, role__in=DECIDING)
    return list(own.values_list("project_id", flat=True))
