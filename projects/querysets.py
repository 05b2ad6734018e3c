"""Projects and what belongs to them, by right."""

from typing import TYPE_CHECKING, ClassVar, Self, TypeVar
from uuid import UUID

from django.db import models

from common.context import Principal

if TYPE_CHECKING:
    from projects.models import (  # noqa: F401
        DecisionRecord,
        Escalation,
        EscalationRule,
        Gate,
        GateCheck,
        PatternCheck,
        Phase,
        PhaseApproval,
        Plan,
        Project,
        ProjectMember,
        Review,
        SuccessCriterion,
        SuccessMetric,
        TaskGroup,
        TaskGroupDependency,
    )

Row = TypeVar("Row", bound=models.Model, covariant=True)


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, principal: Principal) -> Self:
        """Members see their projects, administrators and managers all of the tenant's; an agent sees its owner's."""
        if principal.sees_all_projects:
            return self
        return self.filter(members__user_id=principal.user_id)

    def active(self) -> Self:
        return self.filter(status="active")


class ProjectRows(models.QuerySet[Row]):
    """Rows that are seen by those who see their project."""

    # The way from the row to its project.
    to_project: ClassVar[str] = "project"

    def visible_to(self, principal: Principal) -> Self:
        if principal.sees_all_projects:
            return self
        return self.filter(**{f"{self.to_project}__members__user_id": principal.user_id})


class ProjectMemberQuerySet(ProjectRows["ProjectMember"]):
    def working(self, user_id: UUID) -> Self:
        """Memberships with which this person (or their agent) may work."""
        return self.filter(user_id=user_id, user__is_active=True, role__in=("owner", "maintainer", "contributor"))


class PlanQuerySet(ProjectRows["Plan"]):
    """Plans."""


class PhaseQuerySet(ProjectRows["Phase"]):
    to_project = "plan__project"


class SuccessCriterionQuerySet(ProjectRows["SuccessCriterion"]):
    to_project = "phase__plan__project"


class SuccessMetricQuerySet(ProjectRows["SuccessMetric"]):
    to_project = "phase__plan__project"


class TaskGroupQuerySet(ProjectRows["TaskGroup"]):
    to_project = "phase__plan__project"


class TaskGroupDependencyQuerySet(ProjectRows["TaskGroupDependency"]):
    to_project = "group__phase__plan__project"


class GateQuerySet(ProjectRows["Gate"]):
    to_project = "phase__plan__project"


class GateCheckQuerySet(ProjectRows["GateCheck"]):
    to_project = "gate__phase__plan__project"


class ReviewQuerySet(ProjectRows["Review"]):
    to_project = "gate__phase__plan__project"


class PatternCheckQuerySet(ProjectRows["PatternCheck"]):
    to_project = "review__gate__phase__plan__project"


class PhaseApprovalQuerySet(ProjectRows["PhaseApproval"]):
    to_project = "phase__plan__project"


class DecisionRecordQuerySet(ProjectRows["DecisionRecord"]):
    """Decision records."""


class EscalationRuleQuerySet(ProjectRows["EscalationRule"]):
    """Escalation rules."""


class EscalationQuerySet(ProjectRows["Escalation"]):
    to_project = "rule__project"
