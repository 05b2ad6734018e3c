"""Projects by right."""

from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models

from common.context import Principal

if TYPE_CHECKING:
    from projects.models import Plan, Project, ProjectMember  # noqa: F401


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, principal: Principal) -> Self:
        """Members see their projects, administrators and managers all of the tenant's; an agent sees its owner's."""
        if principal.sees_all_projects:
            return self
        return self.filter(members__user_id=principal.user_id)

    def active(self) -> Self:
        return self.filter(status="active")


class ProjectMemberQuerySet(models.QuerySet["ProjectMember"]):
    def visible_to(self, principal: Principal) -> Self:
        if principal.sees_all_projects:
            return self
        return self.filter(project__members__user_id=principal.user_id)

    def working(self, user_id: UUID) -> Self:
        """Memberships with which this person (or their agent) may work."""
        return self.filter(user_id=user_id, user__is_active=True, role__in=("owner", "maintainer", "contributor"))


class PlanQuerySet(models.QuerySet["Plan"]):
    def visible_to(self, principal: Principal) -> Self:
        if principal.sees_all_projects:
            return self
        return self.filter(project__members__user_id=principal.user_id)
