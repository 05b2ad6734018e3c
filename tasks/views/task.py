"""A task: what done means and how far it is, its runs, approvals, evidence and history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Subquery
from django.utils import timezone
from django.utils.functional import cached_property

from common.context import Principal
from evidence.models import Evidence, Grade
from projects.models import Project
from projects.permissions import rights_in
from tasks.forms import PartForm
from tasks.models import (
    ApprovalRequest,
    ApprovalStatus,
    Criterion,
    CriterionKind,
    Evaluation,
    Execution,
    ExecutionStatus,
    QuarantinedWrite,
    Task,
    TaskStatus,
)
from tasks.permissions import needs_proof
from tasks.services.waiting import holds_of
from tasks.views.approvals import ShownApproval, show
from tasks.views.evidence import EvidenceRow, evidence_rows, overall
from tasks.views.looks import (
    MET,
    NEEDS_REVIEW,
    NOT_MET,
    OPEN,
    STALLED,
    Look,
    approval_look,
    run_look,
    signs_off,
    task_look,
)
from tasks.views.parts import Writer, parts_of
from tasks.views.run_log import tail
from tasks.views.shell import RegionView, ShellView, visible_task
from tasks.views.timeline import timeline
from tasks.views.written import written_about

MOST_RUNS = 20


@dataclass(frozen=True, slots=True)
class CriterionRow:
    criterion: Criterion
    look: Look
    reason: str
    evidence: Evidence | None
    kind: str
    detail: str
    minimum: str

    @property
    def is_met(self) -> bool:
        return self.look is MET


@dataclass(frozen=True, slots=True)
class RunRow:
    run: Execution
    look: Look
    clock: datetime | None
    duration: timedelta | None
    is_live: bool
    quarantined: int


@dataclass(frozen=True, slots=True)
class DecidedRow:
    approval: ApprovalRequest
    look: Look


def criterion_rows(task: Task, evidence: Iterable[EvidenceRow]) -> list[CriterionRow]:
    known = {row.evidence.id: row.evidence for row in evidence}
    last = Evaluation.objects.filter(criterion=OuterRef("pk")).order_by("-id")
    found = Criterion.objects.filter(contract__task_id=task.id).annotate(
        found_met=Subquery(last.values("is_met")[:1]),
        found_reason=Subquery(last.values("reason")[:1]),
        found_evidence=Subquery(last.values("evidence_id")[:1]),
    )
    return [criterion_row(criterion, known) for criterion in found]


def criterion_row(criterion: Any, known: dict[UUID, Evidence]) -> CriterionRow:
    look = OPEN if criterion.found_met is None else MET if criterion.found_met else NOT_MET
    parameters = criterion.parameters
    command = parameters.get("command") or parameters.get("path") or parameters.get("check") or parameters.get("url")
    return CriterionRow(
        criterion=criterion,
        look=look,
        reason=criterion.found_reason or "Nothing that speaks about it was handed in yet.",
        evidence=known.get(criterion.found_evidence),
        kind=CriterionKind(criterion.kind).label,
        detail=" ".join(command) if isinstance(command, list) else str(command or ""),
        minimum=Grade(criterion.minimum_grade).label.lower(),
    )


def runs_of(principal: Principal, task: Task) -> list[Execution]:
    late = (
        QuarantinedWrite.objects.filter(execution=OuterRef("pk"))
        .order_by()
        .values("execution")
        .annotate(count=Count("id"))
    )
    return list(
        Execution.objects.visible_to(principal)
        .filter(task_id=task.id)
        .select_related("agent")
        .annotate(quarantined_count=Subquery(late.values("count")))
        .order_by("-attempt")[:MOST_RUNS]
    )


def run_row(run: Any, now: datetime) -> RunRow:
    runs_now = run.status == ExecutionStatus.RUNNING
    stalled = runs_now and run.lease_expires_at is not None and run.lease_expires_at < now
    until = run.ended_at or now
    return RunRow(
        run=run,
        look=STALLED if stalled else run_look(run),
        clock=run.started_at if runs_now and not stalled else None,
        duration=until - run.started_at if run.started_at else None,
        is_live=run.ended_at is None,
        quarantined=run.quarantined_count or 0,
    )


def approvals_of(principal: Principal, task: Task) -> list[Any]:
    """Return the newest approvals; `is_mine` says which of them this viewer may decide."""
    mine = ApprovalRequest.objects.decidable_by(principal).filter(id=OuterRef("id"))
    return list(
        ApprovalRequest.objects.visible_to(principal)
        .filter(task_id=task.id)
        .select_related("agent", "execution", "decided_by", "redeemed_by", "task__project")
        .annotate(is_mine=Exists(mine))
        .order_by("-id")[:MOST_RUNS]
    )


def pending_of(principal: Principal, approvals: Sequence[Any], url: str) -> list[ShownApproval]:
    return [
        show(approval, mine=approval.is_mine, next=url, needs_proof=needs_proof(principal, approval))
        for approval in approvals
        if approval.status == ApprovalStatus.PENDING
    ]


class TaskRegionView(RegionView):
    """Everything of the page that may change: what a live update fetches again."""

    template_name = "tasks/task_region.html"
    sent: Mapping[str, PartForm] = MappingProxyType({})
    """a form that was just sent and is shown again"""

    @cached_property
    def task(self) -> Task:
        return visible_task(self.principal, self.kwargs["task_id"])

    @cached_property
    def rights(self) -> tuple[bool, bool]:
        """Whether the viewer writes in the project, and manages it."""
        return rights_in(self.principal, self.task.project_id)

    @property
    def may_write(self) -> bool:
        return self.rights[0]

    @property
    def may_manage(self) -> bool:
        return self.rights[1]

    def parts(self) -> dict[str, Any]:
        """What people and agents wrote, and the forms of this viewer."""
        writer = Writer(self.principal, self.task, self.may_write, self.may_manage, self.sent)
        return parts_of(writer, written_about(self.principal, self.task))

    def context(self, **kwargs: Any) -> dict[str, Any]:
        shown = super().context(**kwargs)
        principal, task, now = self.principal, self.task, timezone.now()
        runs, approvals = runs_of(principal, task), approvals_of(principal, task)
        asked = next((one for one in approvals if one.is_mine and one.status == ApprovalStatus.PENDING), None)
        evidence = evidence_rows(principal, task.id)
        criteria = criterion_rows(task, evidence)
        return {
            **shown,
            **self.state(runs, asked, now),
            **self.parts(),
            "task": task,
            "holds": holds_of([task.id])[task.id] if task.waiting_on else [],
            "evidence": evidence,
            "strength": overall(evidence),
            "criteria": criteria,
            "met": sum(row.is_met for row in criteria),
            "runs": [run_row(run, now) for run in runs],
            "pending": pending_of(principal, approvals, f"/tasks/{task.id}/"),
            "decided": [
                DecidedRow(approval, approval_look(approval, mine=False))
                for approval in approvals
                if approval.status != ApprovalStatus.PENDING
            ],
            "timeline": timeline(reversed(runs), reversed(approvals), now),
            "log": tail(next((run for run in runs if run.log_size), None)),
        }

    def state(self, runs: Sequence[Execution], asked: ApprovalRequest | None, now: datetime) -> dict[str, Any]:
        """How the task looks to this viewer, and what the viewer may do with it."""
        task, run = self.task, runs[0] if runs else None
        running = run if run and run.status == ExecutionStatus.RUNNING else None
        may_sign_off = task.status == TaskStatus.IN_REVIEW and signs_off(self.principal, run, self.may_manage)
        look = task_look(task, live_status=run.status if run else None, mine=asked.kind if asked else None)
        return {
            "look": NEEDS_REVIEW if may_sign_off else look,
            "clock": running.started_at if running else None,
            "may_reopen": task.status in {TaskStatus.BLOCKED, TaskStatus.DRAFT} and self.may_write,
            "may_sign_off": may_sign_off,
            "github_link": task.github_url if task.github_url.startswith("https://") else "",
        }


class TaskDetailView(TaskRegionView, ShellView):
    template_name = "tasks/task_detail.html"
    section = "board"

    def about(self) -> Project:
        return self.task.project
