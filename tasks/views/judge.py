"""What a viewer may decide in a plan: who is offered which form, before anybody sends one."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.urls import reverse

from common.context import Principal
from evidence.models import Evidence
from projects.models import (
    CheckKind,
    CheckState,
    Gate,
    GateCheck,
    GateStatus,
    Phase,
    PhaseStatus,
    Plan,
    PlanStatus,
    ProjectStatus,
    SuccessCriterion,
)
from projects.permissions import rights_in
from projects.queries import Progress
from tasks.forms import CompleteForm, FinalForm, GoalForm, JudgeForm, PartForm, ReviewForm, StartForm, WaiveForm
from tasks.queries import own_work

MOST_PROOFS = 50
DECIDABLE = (GateStatus.OPEN, GateStatus.FAILED)
BEHIND = (GateStatus.PASSED, GateStatus.WAIVED)
CLOSED_PLANS = (PlanStatus.COMPLETED, PlanStatus.CANCELLED)
ENDED = (PhaseStatus.COMPLETED, PhaseStatus.CANCELLED)
Kind = TypeVar("Kind", bound=PartForm)


@dataclass(frozen=True, slots=True)
class Judge:
    """What a viewer may decide in a plan, and the forms that were just sent and refused, by their names."""

    plan: Plan
    may_write: bool
    may_manage: bool
    person: UUID
    own: Collection[tuple[UUID, UUID | None]]
    """the phases and groups in which the viewer does work"""
    completed: Collection[UUID]
    """the phases that the next may follow"""
    proofs: Sequence[tuple[str, str]]
    """evidence that a criterion may be met by, with its words"""
    sent: Mapping[str, PartForm]

    def form(self, kind: type[Kind], part: str, row_id: UUID, **given: Any) -> Any:
        name = f"{part}-{row_id}"
        return self.sent.get(name) or kind(name=name, action=address(self.plan, part, row_id), **given)

    def did_work_of(self, phase_id: UUID, group_id: UUID | None) -> bool:
        """Nobody judges what they do: of a group, or of a whole phase."""
        return any(phase == phase_id and group_id in {None, group} for phase, group in self.own)

    def review_of(self, gate: Gate) -> ReviewForm | None:
        entitled = self.may_manage or gate.owner_user_id == self.person
        may = entitled and gate.status in DECIDABLE and not self.did_work_of(gate.phase_id, gate.after_group_id)
        return self.form(ReviewForm, "review", gate.id) if may else None

    def waiver_of(self, gate: Gate, phase: Phase) -> WaiveForm | None:
        may = self.may_manage and gate.status not in BEHIND and phase.status not in ENDED
        return self.form(WaiveForm, "waive", gate.id) if may else None

    def verdict_on(self, gate: Gate, check: GateCheck) -> JudgeForm | None:
        may = self.may_write and gate.status in DECIDABLE and check.kind == CheckKind.MANUAL and not check.waived_at
        return (
            self.form(JudgeForm, "judge", check.id)
            if may and not self.did_work_of(gate.phase_id, gate.after_group_id)
            else None
        )

    def waiver_for(self, gate: Gate, check: GateCheck, phase: Phase) -> WaiveForm | None:
        stands_in_the_way = check.state != CheckState.PASS and not check.waived_at and gate.status in DECIDABLE
        may = self.may_manage and stands_in_the_way and phase.status == PhaseStatus.IN_PROGRESS
        return self.form(WaiveForm, "waive-check", check.id) if may else None

    def goal_of(self, criterion: SuccessCriterion, phase: Phase) -> GoalForm | None:
        may = self.may_manage and phase.status not in ENDED
        return self.form(GoalForm, "goal", criterion.id, proofs=self.proofs) if may else None

    def final_of(self, phase: Phase, progress: Progress) -> FinalForm | None:
        ready = is_ready(phase, progress) and not progress.approved
        may = ready and self.may_manage and not self.did_work_of(phase.id, None)
        return self.form(FinalForm, "final", phase.id) if may else None

    def step_of(self, phase: Phase, progress: Progress) -> PartForm | None:
        """Return the button that begins a phase, or that completes one that is approved."""
        if not self.may_manage:
            return None
        if phase.status == PhaseStatus.PENDING and phase.depends_on_id in {None, *self.completed}:
            begin: PartForm = self.form(StartForm, "start", phase.id)
            return begin
        may_end = is_ready(phase, progress) and progress.approved
        return self.form(CompleteForm, "complete", phase.id) if may_end else None


def is_ready(phase: Phase, progress: Progress) -> bool:
    """Whether nothing stands before the final review of a phase that runs."""
    return phase.status == PhaseStatus.IN_PROGRESS and progress.is_ready


def plan_url(plan: Plan) -> str:
    return reverse("tasks:plan", args=[plan.project.slug, plan.id])


def address(plan: Plan, part: str, *rest: UUID) -> str:
    return reverse(f"tasks:plan-{part}", args=[plan.project.slug, plan.id, *rest])


def judge_of(principal: Principal, plan: Plan, phases: Sequence[Phase], sent: Mapping[str, PartForm]) -> Judge:
    may_write, may_manage = rights_in(principal, plan.project_id)
    # Nothing is decided in what has ended.
    may_manage = may_manage and plan.project.status == ProjectStatus.ACTIVE and plan.status not in CLOSED_PLANS
    running = [phase.id for phase in phases if phase.status == PhaseStatus.IN_PROGRESS]
    own = own_work(principal.user_id, running) if may_write and running else ()
    completed = {phase.id for phase in phases if phase.status == PhaseStatus.COMPLETED}
    going_on = any(phase.status not in ENDED for phase in phases)
    proofs = proofs_in(principal, plan.project_id) if may_manage and going_on else ()
    return Judge(plan, may_write, may_manage, principal.user_id, own, completed, proofs, sent)


def proofs_in(principal: Principal, project_id: UUID, chosen: str = "") -> list[tuple[str, str]]:
    """Return the newest evidence of a project that stands, as choices, and what was chosen before newer came."""
    standing = Evidence.objects.visible_to(principal).counting().filter(project_id=project_id)
    standing = standing.only("title", "grade", "created_at")
    newest = list(standing.order_by("-id")[:MOST_PROOFS])
    if chosen and chosen not in {str(one.id) for one in newest}:
        with suppress(ValueError):
            newest += standing.filter(id=UUID(chosen))
    return [
        (str(one.id), f"{one.title[:100]} ({one.get_grade_display().lower()}, {one.created_at:%Y-%m-%d %H:%M})")
        for one in newest
    ]
