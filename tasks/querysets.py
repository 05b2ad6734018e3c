"""Work by right and by state."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, Subquery, Value, When
from django.db.models.expressions import Func
from django.db.models.functions import Coalesce

from common.context import Principal
from common.models import found
from projects.models import ProjectMember
from projects.querysets import ProjectRows

if TYPE_CHECKING:
    from tasks.models import (  # noqa: F401
        AcceptanceContract,
        ApprovalRequest,
        ApprovalResponse,
        Assignment,
        Attachment,
        Blocker,
        ChecklistItem,
        Comment,
        CommitRecord,
        Criterion,
        Evaluation,
        Execution,
        ExecutionLog,
        FileChange,
        Handoff,
        QuarantinedWrite,
        StandingRule,
        StandingRuleResponse,
        Task,
        TaskDependency,
        WorkLogEntry,
    )

if TYPE_CHECKING:
    PlainLookup = models.Lookup[Any]
else:
    # Django's class takes no type argument at run time.
    PlainLookup = models.Lookup

Row = TypeVar("Row", bound=models.Model, covariant=True)

# Parts that were given up are no part of how far a task is.
GIVEN_UP = ("cancelled", "duplicate", "wont_fix")
DECIDING_ROLES = ("owner", "maintainer")


class StatementTimestamp(Func):
    """The start of this statement on the database's clock: stable, so an index can serve a comparison with it."""

    function = "statement_timestamp"
    output_field = models.DateTimeField()


@models.CharField.register_lookup
class Begins(PlainLookup):
    """`title__begins="Fix"`: prefix search as it is written. An index with text_pattern_ops serves it."""

    lookup_name = "begins"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, left_values = self.process_lhs(compiler, connection)
        right, right_values = self.process_rhs(compiler, connection)
        return f"{left} ^@ {right}", [*left_values, *right_values]


class TaskRows(ProjectRows[Row]):
    """Rows about a task, seen by those who see its project. With a deleted task they are gone for everybody."""

    to_project = "task__project"
    # The way from the row to its task.
    to_task: ClassVar[str] = "task"

    def visible_to(self, principal: Principal) -> Self:
        return super().visible_to(principal).filter(**{f"{self.to_task}__deleted_at": None})


class TaskQuerySet(ProjectRows["Task"]):
    def visible_to(self, principal: Principal) -> Self:
        """Tasks of the projects the caller sees. Deleted ones are gone for everybody."""
        return super().visible_to(principal).filter(deleted_at=None)

    def claimable_by(self, principal: Principal, capabilities: list[str]) -> Self:
        """Tasks an agent may claim now: its owner works on the project, its capabilities suffice, attempts are left.

        Whom a task is given to may claim it. Where nobody is named, its primaries may, and without those anybody able.
        """
        assignments = self.model.assignments.rel.related_model.objects  # type: ignore[attr-defined]
        primaries = [rows.filter(role="primary") for rows in assignments.covering_outer()]
        theirs = [Exists(rows.filter(agent_id=principal.agent_id)) for rows in primaries]
        unclaimed = ~Q(Exists(primaries[0])) & ~Q(Exists(primaries[1]))
        return self.filter(
            Q(assigned_agent_id=principal.agent_id)
            | Q(assigned_agent=None, assigned_user=None) & (unclaimed | Q(theirs[0]) | Q(theirs[1])),
            deleted_at=None,
            waiting_on=0,
            claimable_from__lte=StatementTimestamp(),
            attempts_left__gt=0,
            required_capabilities__contained_by=capabilities,
            project__status="active",
            project__in=ProjectMember.objects.working(principal.user_id).values("project"),
        )

    def labelled(self, labels: Sequence[str], *, with_all: bool) -> Self:
        """With all of these labels, or with any. The search function sees the index that row security hides."""
        wanted = Value(list(labels), ArrayField(models.CharField()))
        return self.filter(found("sec.search_task_labels", wanted, Value(with_all)))

    def deleted_to(self, principal: Principal) -> Self:
        """The deleted ones of the projects a person manages."""
        deleted = self.filter(deleted_at__isnull=False)
        if principal.is_agent:
            return deleted.none()
        if principal.sees_all_projects:
            return deleted
        return deleted.filter(project__members__user_id=principal.user_id, project__members__role__in=DECIDING_ROLES)

    def with_progress(self) -> Self:
        """Add `progress` in per cent: of a task with parts how many of them are completed, else its run's own."""
        parts = (
            self.model.all_objects.filter(parent=OuterRef("pk"), deleted_at=None)
            .exclude(resolution__in=GIVEN_UP)
            .order_by()
            .values("parent")
            .annotate(done=100 * Count("id", filter=Q(resolution="completed")) / Count("id"))
        )
        running = self.model.executions.rel.related_model.objects.filter(  # type: ignore[attr-defined]
            task=OuterRef("pk"), ended_at=None
        )
        own = Case(
            When(resolution="completed", then=Value(100)),
            default=Coalesce(Subquery(running.values("progress")[:1]), 0),
            output_field=IntegerField(),
        )
        return self.annotate(progress=Coalesce(Subquery(parts.values("done")), own, output_field=IntegerField()))

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


class ExecutionQuerySet(TaskRows["Execution"]):
    to_project = "project"

    def live(self) -> Self:
        return self.filter(ended_at=None)

    def accepted(self) -> Self:
        """The attempt whose result stands."""
        return self.filter(status="success", set_aside_at=None)

    def expired(self) -> Self:
        """Running, and past the end of the lease on the database's clock."""
        return self.filter(status="running", lease_expires_at__lt=StatementTimestamp())


class ApprovalQuerySet(TaskRows["ApprovalRequest"]):
    to_project = "project"

    def pending(self) -> Self:
        return self.filter(status="pending")

    def overdue(self) -> Self:
        return self.pending().filter(expires_at__lt=StatementTimestamp())

    def decidable_by(self, principal: Principal) -> Self:
        """Those this person may answer: not their own or their agents' ones, unless the tenant's policy allows that."""
        asked = Q(agent__owner_id=principal.user_id) | Q(requested_by_id=principal.user_id)
        entitled = self.pending().filter(~asked | Q(tenant__allow_self_approval=True))
        if principal.sees_all_projects:
            return entitled
        return entitled.filter(project__members__user_id=principal.user_id, project__members__role__in=DECIDING_ROLES)

    def granting(self) -> Self:
        """Approved or amended, not yet redeemed, not expired: what a new claim carries."""
        return self.filter(status__in=["approved", "amended"], redeemed_at=None, expires_at__gt=StatementTimestamp())


class ExecutionLogQuerySet(TaskRows["ExecutionLog"]):
    to_project = "execution__project"
    to_task = "execution__task"


class QuarantinedWriteQuerySet(TaskRows["QuarantinedWrite"]):
    to_project = "execution__project"
    to_task = "execution__task"


class ApprovalResponseQuerySet(TaskRows["ApprovalResponse"]):
    to_project = "approval__project"
    to_task = "approval__task"


class StandingRuleQuerySet(ProjectRows["StandingRule"]):
    def active(self) -> Self:
        """Neither revoked, run out nor used up."""
        return self.filter(
            Q(max_uses=None) | Q(uses__lt=models.F("max_uses")), revoked_at=None, expires_at__gt=StatementTimestamp()
        )


class StandingRuleResponseQuerySet(TaskRows["StandingRuleResponse"]):
    to_project = "approval__project"
    to_task = "approval__task"


class AcceptanceContractQuerySet(TaskRows["AcceptanceContract"]):
    """Contracts."""


class CriterionQuerySet(TaskRows["Criterion"]):
    to_project = "contract__task__project"
    to_task = "contract__task"


class EvaluationQuerySet(TaskRows["Evaluation"]):
    to_project = "criterion__contract__task__project"
    to_task = "criterion__contract__task"


class TaskDependencyQuerySet(TaskRows["TaskDependency"]):
    """Who sees the waiting task sees what it waits for: both are of one project."""

    def unmet(self) -> Self:
        """What keeps a task waiting."""
        return self.filter(kind="blocks", satisfied_at=None)


class AssignmentQuerySet(TaskRows["Assignment"]):
    to_project = "project"

    def active(self) -> Self:
        return self.filter(ended_at=None)

    def covering(self, task: "Task") -> Self:
        """The active ones of a task: its own, and those of its group whose scope leaves it in."""
        own = Q(task_id=task.id)
        if not task.group_id:
            return self.active().filter(own)
        return self.active().filter(own | Q(group_id=task.group_id) & in_scope(task.code))

    def covering_outer(self) -> tuple[Self, Self]:
        """The same for the task of the outer query, as two subqueries, each with an index of its own."""
        active = self.active()
        of_group = active.filter(in_scope(OuterRef("code")), group=OuterRef("group"))
        return active.filter(task=OuterRef("pk")), of_group


def in_scope(code: Any) -> Q:
    return Q(scope=[]) | Q(scope__contains=[code])


class ChecklistItemQuerySet(TaskRows["ChecklistItem"]):
    to_project = "project"


class CommentQuerySet(TaskRows["Comment"]):
    """Comments."""


class AttachmentQuerySet(TaskRows["Attachment"]):
    """Attachments."""


class HandoffQuerySet(TaskRows["Handoff"]):
    to_project = "project"

    def pending(self) -> Self:
        return self.filter(status="pending")


class BlockerQuerySet(TaskRows["Blocker"]):
    def open(self) -> Self:
        return self.filter(resolved_at=None)


class WorkLogEntryQuerySet(TaskRows["WorkLogEntry"]):
    to_project = "project"


class CommitRecordQuerySet(TaskRows["CommitRecord"]):
    to_project = "project"


class FileChangeQuerySet(TaskRows["FileChange"]):
    to_project = "project"
