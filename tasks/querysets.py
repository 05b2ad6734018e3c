"""Work by right and by state."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.expressions import Func

from common.context import Principal
from projects.models import ProjectMember

if TYPE_CHECKING:
    from tasks.models import ApprovalRequest, Execution, Task  # noqa: F401

DECIDING_ROLES = ("owner", "maintainer")


class StatementTimestamp(Func):
    """The start of this statement on the database's clock: stable, so an index can serve a comparison with it."""

    function = "statement_timestamp"
    output_field = models.DateTimeField()


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, principal: Principal) -> Self:
        """Tasks of the projects the caller sees. Deleted ones are gone for everybody."""
        if principal.sees_all_projects:
            return self.kept()
        return self.kept().filter(project__members__user_id=principal.user_id)

    def kept(self) -> Self:
        return self.filter(deleted_at=None)

    def claimable_by(self, principal: Principal, capabilities: list[str]) -> Self:
        """Tasks an agent may claim now: its owner works on the project, its capabilities suffice, attempts are left."""
        return self.kept().filter(
            Q(assigned_agent_id=principal.agent_id) | Q(assigned_agent=None),
            claimable_from__lte=StatementTimestamp(),
            attempts_left__gt=0,
            required_capabilities__contained_by=capabilities,
            project__status="active",
            project__in=ProjectMember.objects.working(principal.user_id).values("project"),
        )

    def most_urgent_first(self) -> Self:
        return self.order_by("priority_rank", "claimable_from", "id")

    def with_live_execution(self) -> Self:
        """Add `live_status` and `live_agent`: what the running attempt is doing, for cards."""
        running = self.model.executions.rel.related_model.objects.filter(  # type: ignore[attr-defined]
            task=OuterRef("pk"), ended_at=None
        )
        return self.annotate(
            live_status=Subquery(running.values("status")[:1]),
            live_agent=Subquery(running.values("agent__name")[:1]),
        )


class ExecutionQuerySet(models.QuerySet["Execution"]):
    def visible_to(self, principal: Principal) -> Self:
        if principal.sees_all_projects:
            return self
        return self.filter(task__project__members__user_id=principal.user_id)

    def live(self) -> Self:
        return self.filter(ended_at=None)

    def expired(self) -> Self:
        """Running, and past the end of the lease on the database's clock."""
        return self.filter(status="running", lease_expires_at__lt=StatementTimestamp())


class ApprovalQuerySet(models.QuerySet["ApprovalRequest"]):
    def visible_to(self, principal: Principal) -> Self:
        if principal.sees_all_projects:
            return self
        return self.filter(task__project__members__user_id=principal.user_id)

    def pending(self) -> Self:
        return self.filter(status="pending")

    def overdue(self) -> Self:
        return self.pending().filter(expires_at__lt=StatementTimestamp())

    def decidable_by(self, principal: Principal) -> Self:
        """Those this person may answer: not their own agents' ones, unless the tenant's policy allows that."""
        entitled = self.pending().filter(~Q(agent__owner_id=principal.user_id) | Q(tenant__allow_self_approval=True))
        if principal.sees_all_projects:
            return entitled
        return entitled.filter(
            task__project__members__user_id=principal.user_id, task__project__members__role__in=DECIDING_ROLES
        )

    def granting(self) -> Self:
        """Approved or amended, not yet redeemed, not expired: what a new claim carries."""
        return self.filter(status__in=["approved", "amended"], redeemed_at=None, expires_at__gt=StatementTimestamp())
