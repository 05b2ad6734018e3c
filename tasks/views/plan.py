"""A plan: its phases in order, what is done in each, and the gates between the groups of their work."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q
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
)
from projects.queries import Progress, next_actions, order_of, progress_of
from tasks.models import Resolution, Task
from tasks.querysets import GIVEN_UP
from tasks.views.looks import CHECK, GATE, GOAL, PHASE, PLAN, Look, task_look
from tasks.views.shell import RegionView, ShellView, visible_project

MOST_PLANS, MOST_TASKS, MOST_ESCALATIONS = 50, 1000, 20
UNFOLDED = (PhaseStatus.IN_PROGRESS, PhaseStatus.BLOCKED)


@dataclass(frozen=True, slots=True)
class CheckRow:
    check: GateCheck
    look: Look
    why: str


@dataclass(frozen=True, slots=True)
class GateRow:
    gate: Gate
    look: Look
    checks: list[CheckRow]

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


@dataclass(frozen=True, slots=True)
class PhaseRow:
    phase: Phase
    look: Look
    progress: Progress
    steps: list[Step]
    goals: list[GoalRow]
    actions: list[str]
    unfolded: bool


Gates = Mapping[UUID, list[GateRow]]


def phase_rows(plan: Plan) -> list[PhaseRow]:
    """Return the phases with all that the page shows of them, in as many queries for many as for one."""
    phases = list(Phase.objects.filter(plan_id=plan.id).order_by("number"))
    ids = [phase.id for phase in phases]
    progress, gates, groups = progress_of(phases), gates_of(ids), groups_of(ids)
    order, goals = order_of(ids), goals_of(ids)
    return [
        PhaseRow(
            phase=phase,
            look=PHASE[PhaseStatus(phase.status)],
            progress=progress[phase.id],
            steps=steps_of(groups[phase.id], gates[phase.id], order),
            goals=goals[phase.id],
            actions=next_actions(phase, progress[phase.id], [row.gate for row in gates[phase.id]]),
            unfolded=phase.status in UNFOLDED,
        )
        for phase in phases
    ]


def gates_of(phase_ids: Sequence[UUID]) -> Gates:
    checks: dict[UUID, list[CheckRow]] = defaultdict(list)
    rows = GateCheck.objects.filter(gate__phase_id__in=phase_ids).defer("output").order_by("section", "ordinal")
    for check in rows:
        why = check.waived_reason or check.skipped_reason
        checks[check.gate_id].append(CheckRow(check, CHECK[CheckState(check.state)], why))
    found: dict[UUID, list[GateRow]] = defaultdict(list)
    for gate in Gate.objects.filter(phase_id__in=phase_ids).select_related("owner_user").order_by("kind", "number"):
        found[gate.phase_id].append(GateRow(gate, GATE[GateStatus(gate.status)], checks[gate.id]))
    return found


def groups_of(phase_ids: Sequence[UUID]) -> Mapping[UUID, list[GroupRow]]:
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
    for group in TaskGroup.objects.filter(phase_id__in=phase_ids).order_by("sequence", "id"):
        found[group.phase_id].append(GroupRow(group, tasks[group.id]))
    return found


def goals_of(phase_ids: Sequence[UUID]) -> Mapping[UUID, list[GoalRow]]:
    found: dict[UUID, list[GoalRow]] = defaultdict(list)
    for criterion in SuccessCriterion.objects.filter(phase_id__in=phase_ids).order_by("ordinal"):
        found[criterion.phase_id].append(GoalRow(criterion, GOAL[CriterionState(criterion.state)]))
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

    @cached_property
    def plan(self) -> Plan:
        return visible_plan(self.principal, self.kwargs["slug"], self.kwargs["plan_id"])

    def context(self, **kwargs: Any) -> dict[str, Any]:
        plan, shown = self.plan, super().context(**kwargs)
        return {
            **shown,
            "plan": plan,
            "look": PLAN[PlanStatus(plan.status)],
            "phases": phase_rows(plan),
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
