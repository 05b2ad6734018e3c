"""A plan: its phases in order, what is done in each, and the gates between the groups of their work."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Right
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property

from common.context import Principal
from projects.models import (
    CheckState,
    CriterionState,
    Escalation,
    Gate,
    GateCheck,
    GateStatus,
    Phase,
    PhaseStatus,
    Plan,
    PlanStatus,
    Project,
    SuccessCriterion,
    TaskGroup,
    TaskGroupDependency,
)
from projects.queries import Progress, missing_of_review, next_actions, order_by_need, progress_of
from tasks.forms import FinalForm, GoalForm, JudgeForm, PartForm, ReviewForm, WaiveForm
from tasks.models import ApprovalRequest, Resolution, Task
from tasks.permissions import needs_proof
from tasks.querysets import GIVEN_UP
from tasks.views.approvals import ShownApproval, show
from tasks.views.judge import Judge, judge_of, plan_url
from tasks.views.looks import CHECK, GATE, GOAL, PHASE, PLAN, Look, task_look
from tasks.views.shell import RegionView, ShellView, visible_project

MOST_PLANS, MOST_TASKS, MOST_ESCALATIONS = 50, 1000, 20
PREVIEW = 2_000
UNFOLDED = (PhaseStatus.IN_PROGRESS, PhaseStatus.BLOCKED)


@dataclass(frozen=True, slots=True)
class CheckRow:
    check: GateCheck
    look: Look
    why: str
    judge: JudgeForm | None
    waiver: WaiveForm | None


@dataclass(frozen=True, slots=True)
class GateRow:
    gate: Gate
    look: Look
    checks: list[CheckRow]
    review: ReviewForm | None
    waiver: WaiveForm | None

    @property
    def sent(self) -> bool:
        """Whether the form of a check is shown again."""
        return any(form is not None and form.errors for row in self.checks for form in (row.judge, row.waiver))

    @property
    def behind(self) -> int:
        """How many checks no longer keep the gate shut."""
        return sum(row.check.state == CheckState.PASS or bool(row.check.waived_at) for row in self.checks)


@dataclass(frozen=True, slots=True)
class TaskRow:
    task: Task
    look: Look


@dataclass(frozen=True, slots=True)
class GroupRow:
    group: TaskGroup
    tasks: list[TaskRow]

    @property
    def done(self) -> int:
        return sum(row.task.resolution == Resolution.COMPLETED for row in self.tasks)

    @property
    def total(self) -> int:
        """Without what was given up, as in every percentage."""
        return sum(row.task.resolution not in GIVEN_UP for row in self.tasks)


@dataclass(frozen=True, slots=True)
class Step:
    """Groups that may run side by side, and the gates that stand after them."""

    groups: list[GroupRow] = field(default_factory=list)
    gates: list[GateRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class GoalRow:
    criterion: SuccessCriterion
    look: Look
    decide: GoalForm | None


@dataclass(frozen=True, slots=True)
class PhaseRow:
    phase: Phase
    look: Look
    progress: Progress
    steps: list[Step]
    goals: list[GoalRow]
    actions: list[str]
    unfolded: bool
    final: FinalForm | None
    step: PartForm | None
    """the button that begins or completes it"""


Gates = Mapping[UUID, list[GateRow]]


def phase_rows(phases: Sequence[Phase], judge: Judge) -> list[PhaseRow]:
    """Return the phases with all that the page shows of them, in as many queries for many as for one."""
    ids = [phase.id for phase in phases]
    counted, gates, goals = progress_of(phases), gates_of(phases, judge), goals_of(phases, judge)
    progress = {phase.id: as_reviewed(phase, counted[phase.id]) for phase in phases}
    groups, order = groups_of(ids)
    return [
        PhaseRow(
            phase=phase,
            look=PHASE[PhaseStatus(phase.status)],
            progress=progress[phase.id],
            steps=steps_of(groups[phase.id], gates[phase.id], order),
            goals=goals[phase.id],
            actions=next_actions(phase, progress[phase.id], [row.gate for row in gates[phase.id]]),
            unfolded=phase.status in UNFOLDED or len(phases) == 1 or bool(judge.sent),
            final=judge.final_of(phase, progress[phase.id]),
            step=judge.step_of(phase, progress[phase.id]),
        )
        for phase in phases
    ]


def as_reviewed(phase: Phase, progress: Progress) -> Progress:
    """Return the progress of a phase; an approval counts while what it was given for stands."""
    if phase.status != PhaseStatus.IN_PROGRESS or not progress.approved:
        return progress
    return replace(progress, approved=not missing_of_review(phase))


def gates_of(phases: Sequence[Phase], judge: Judge) -> Gates:
    known = {phase.id: phase for phase in phases}
    checks: dict[UUID, list[Any]] = defaultdict(list)
    rows = GateCheck.objects.filter(gate__phase_id__in=known).select_related("checked_by_user").defer("output")
    for check in rows.annotate(printed=Right("output", PREVIEW)).order_by("section", "ordinal"):
        checks[check.gate_id].append(check)
    found: dict[UUID, list[GateRow]] = defaultdict(list)
    for gate in Gate.objects.filter(phase_id__in=known).select_related("owner_user").order_by("kind", "number"):
        phase = known[gate.phase_id]
        shown = [check_row(gate, check, phase, judge) for check in checks[gate.id]]
        look, forms = GATE[GateStatus(gate.status)], (judge.review_of(gate), judge.waiver_of(gate, phase))
        found[phase.id].append(GateRow(gate, look, shown, *forms))
    return found


def check_row(gate: Gate, check: GateCheck, phase: Phase, judge: Judge) -> CheckRow:
    return CheckRow(
        check=check,
        look=CHECK[CheckState(check.state)],
        why=check.waived_reason or check.skipped_reason,
        judge=judge.verdict_on(gate, check),
        waiver=judge.waiver_for(gate, check, phase),
    )


def groups_of(phase_ids: Sequence[UUID]) -> tuple[Mapping[UUID, list[GroupRow]], Mapping[UUID, int]]:
    """Return the groups of each phase with their tasks, and each group's place in the order of the work."""
    tasks: dict[UUID | None, list[TaskRow]] = defaultdict(list)
    rows = (
        Task.objects.filter(group__phase_id__in=phase_ids)
        .select_related("project")
        .only("number", "title", "status", "resolution", "claimable_from", "group_id", "project__key")
        .order_by("code", "id")
    )
    for task in rows[:MOST_TASKS]:
        tasks[task.group_id].append(TaskRow(task, task_look(task, live_status=None, mine=None)))
    found: dict[UUID, list[GroupRow]] = defaultdict(list)
    before = ArraySubquery(TaskGroupDependency.objects.filter(group=OuterRef("pk")).values("depends_on_id"))
    groups: QuerySet[Any] = TaskGroup.objects.filter(phase_id__in=phase_ids).annotate(before=before)
    waits: dict[UUID, set[UUID]] = {}
    for group in groups.order_by("sequence", "id"):
        found[group.phase_id].append(GroupRow(group, tasks[group.id]))
        waits[group.id] = set(group.before)
    return found, order_by_need(waits)


def goals_of(phases: Sequence[Phase], judge: Judge) -> Mapping[UUID, list[GoalRow]]:
    known = {phase.id: phase for phase in phases}
    found: dict[UUID, list[GoalRow]] = defaultdict(list)
    for criterion in SuccessCriterion.objects.filter(phase_id__in=known).order_by("ordinal"):
        decide = judge.goal_of(criterion, known[criterion.phase_id])
        found[criterion.phase_id].append(GoalRow(criterion, GOAL[CriterionState(criterion.state)], decide))
    return found


def steps_of(groups: Sequence[GroupRow], gates: Sequence[GateRow], order: Mapping[UUID, int]) -> list[Step]:
    """Put groups and gates into the order in which they come; gates after no group stand at the end."""
    steps: dict[int, Step] = defaultdict(Step)
    for group in groups:
        steps[order[group.group.id]].groups.append(group)
    last = max(steps, default=0) + 1
    for gate in gates:
        after = gate.gate.after_group_id
        steps[order.get(after, last) if after else last].gates.append(gate)
    return [steps[number] for number in sorted(steps)]


def open_questions(principal: Principal, plan: Plan, judge: Judge, url: str) -> list[ShownApproval]:
    """Return what somebody was asked about the gates and phases of the plan, and has not answered."""
    visible = ApprovalRequest.objects.visible_to(principal).pending()
    mine = ApprovalRequest.objects.decidable_by(principal).filter(id=OuterRef("id"))
    found: QuerySet[Any] = (
        visible.filter(Q(gate__phase__plan_id=plan.id) | Q(phase__plan_id=plan.id))
        .select_related("agent", "execution", "task__project", "gate", "phase")
        .annotate(is_mine=Exists(mine))
        .order_by("expires_at", "id")
    )
    return [
        show(
            approval,
            mine=approval.is_mine and not concerns_own_work(approval, judge),
            next=url,
            needs_proof=needs_proof(principal, approval),
        )
        for approval in found[:MOST_ESCALATIONS]
    ]


def concerns_own_work(approval: ApprovalRequest, judge: Judge) -> bool:
    gate, phase = approval.gate, approval.phase
    if gate:
        return judge.did_work_of(gate.phase_id, gate.after_group_id)
    return phase is not None and judge.did_work_of(phase.id, None)


def open_escalations(plan: Plan) -> list[Escalation]:
    """Return what was escalated under the rules of the plan or of its whole project, and is not resolved."""
    found = Escalation.objects.filter(rule__project_id=plan.project_id, resolved_at=None)
    found = found.filter(Q(rule__plan=None) | Q(rule__plan_id=plan.id)).select_related("rule__escalate_to_user")
    return list(found.order_by("-id")[:MOST_ESCALATIONS])


def visible_plan(principal: Principal, slug: str, plan_id: UUID) -> Plan:
    plan = Plan.objects.visible_to(principal).filter(id=plan_id, project__slug=slug).select_related("project").first()
    if plan is None:
        raise Http404
    return plan


class PlanRegionView(RegionView):
    """The phases: what a live update fetches again."""

    template_name = "tasks/plan_region.html"
    sent: Mapping[str, PartForm] = MappingProxyType({})
    """a form that was just sent and is shown again"""

    @cached_property
    def plan(self) -> Plan:
        return visible_plan(self.principal, self.kwargs["slug"], self.kwargs["plan_id"])

    def context(self, **kwargs: Any) -> dict[str, Any]:
        plan, shown = self.plan, super().context(**kwargs)
        phases = list(Phase.objects.filter(plan_id=plan.id).order_by("number"))
        judge = judge_of(self.principal, plan, phases, self.sent)
        return {
            **shown,
            "plan": plan,
            "look": PLAN[PlanStatus(plan.status)],
            "phases": phase_rows(phases, judge),
            "questions": open_questions(self.principal, plan, judge, plan_url(plan)),
            "escalations": open_escalations(plan),
        }


class PlanView(PlanRegionView, ShellView):
    template_name = "tasks/plan_detail.html"
    section = "plan"

    def about(self) -> Project:
        return self.plan.project

    def context(self, **kwargs: Any) -> dict[str, Any]:
        plans = Plan.objects.filter(project_id=self.plan.project_id).only("name").order_by("-id")[:MOST_PLANS]
        return {**super().context(**kwargs), "plans": plans}


class PlansView(ShellView):
    """The plan that a project follows now, or the newest."""

    template_name = "tasks/no_plan.html"
    section = "plan"

    @cached_property
    def project(self) -> Project:
        return visible_project(self.principal, self.kwargs["slug"])

    def about(self) -> Project:
        return self.project

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().context(**kwargs), "project": self.project}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        plans = Plan.objects.filter(project_id=self.project.id).order_by("-id")
        plan = plans.filter(status=PlanStatus.ACTIVE).first() or plans.first()
        if plan is None:
            return super().get(request, *args, **kwargs)
        return redirect(reverse("tasks:plan", args=[self.project.slug, plan.id]))
