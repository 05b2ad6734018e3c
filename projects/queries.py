"""Answers about projects that are not a filter on one table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, Q, Value

from audit.models import Event
from common.context import Principal
from projects import events
from projects.models import (
    CheckState,
    CriterionState,
    Gate,
    GateCheck,
    GateStatus,
    MetricKind,
    Operator,
    PatternCheck,
    Phase,
    PhaseApproval,
    PhaseStatus,
    Project,
    SuccessCriterion,
    SuccessMetric,
    TaskGroup,
    TaskGroupDependency,
    Verdict,
)

DECIDED_CRITERIA = (CriterionState.MET, CriterionState.WAIVED)
GATES_BEHIND = (GateStatus.PASSED, GateStatus.WAIVED)


def visible_project_ids(principal: Principal) -> list[UUID]:
    """Return the projects that a caller sees; none for those who see all of them anyway."""
    if principal.sees_all_projects:
        return []
    return list(Project.objects.visible_to(principal).values_list("id", flat=True))


def project_id_of(row: Any) -> UUID:
    """Return the project that a row belongs to, or is."""
    if isinstance(row, Project):
        return row.id
    *way, last = row._meta.default_manager.none().to_project.split("__")
    for step in way:
        row = getattr(row, step)
    found: UUID = getattr(row, f"{last}_id")
    return found


# --- what is missing ------------------------------------------------------------------------------------------------


def checks_in_the_way(gate_id: UUID) -> list[str]:
    """Return, in words, the checks that keep a gate from passing: neither passed nor waived."""
    rows = GateCheck.objects.filter(gate_id=gate_id, waived_at=None).exclude(state=CheckState.PASS)
    return [f"{check.text} ({check.get_state_display().lower()})" for check in rows.order_by("section", "ordinal")]


def missing_for_approval(phase: Phase) -> list[str]:
    """Return, in words, what the final review of a phase still waits for."""
    criteria = SuccessCriterion.objects.filter(phase_id=phase.id).exclude(state__in=DECIDED_CRITERIA)
    gates = Gate.objects.filter(phase_id=phase.id, required=True).exclude(status__in=GATES_BEHIND)
    return [
        *(f"Criterion {row.ordinal} is {row.get_state_display().lower()}: {row.text}" for row in criteria),
        *(f"Gate {row.name} is {row.get_status_display().lower()}" for row in gates.order_by("id")),
    ]


def missing_for_completion(phase: Phase) -> list[str]:
    """Return, in words, what keeps a phase from being completed, but for its tasks."""
    return [*missing_for_approval(phase), *missing_of_review(phase)]


def missing_of_review(phase: Phase) -> list[str]:
    """Return what the newest final review lacks: it approves, the criteria are still those that it saw, and no gate was
    reviewed again since. Identifiers are in time's order.
    """
    newest = PhaseApproval.objects.filter(phase_id=phase.id).order_by("-id").first()
    if newest is None or newest.verdict != Verdict.APPROVED:
        return ["The final review has not approved it"]
    if newest.criteria != criteria_of(phase):
        return ["The criteria have changed since the final review"]
    again = Gate.objects.filter(phase_id=phase.id, required=True, reviews__id__gt=newest.id).distinct()
    return [f"Gate {gate.name} was reviewed since the final review" for gate in again.order_by("id")]


def criteria_of(phase: Phase) -> dict[str, Any]:
    """Return the criteria of a phase as they stand: what its final review sees and keeps."""
    return {
        str(criterion.ordinal): {
            "text": criterion.text,
            "state": criterion.state,
            "evidence_id": str(criterion.evidence_id) if criterion.evidence_id else None,
            "waived_reason": criterion.waived_reason,
        }
        for criterion in SuccessCriterion.objects.filter(phase_id=phase.id).order_by("ordinal")
    }


# --- progress -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a phase is, counted: the percentage is of all tasks, criteria and required gates together."""

    tasks_done: int = 0
    tasks_total: int = 0
    criteria_met: int = 0
    criteria_total: int = 0
    gates_passed: int = 0
    gates_total: int = 0
    approved: bool = False
    completed: bool = False

    @property
    def is_ready(self) -> bool:
        """Whether nothing stands before the final review."""
        return self.criteria_met == self.criteria_total and self.gates_passed == self.gates_total

    @property
    def percentage(self) -> int:
        """100 when the phase is completed and never before."""
        if self.completed:
            return 100
        done = self.tasks_done + self.criteria_met + self.gates_passed
        total = self.tasks_total + self.criteria_total + self.gates_total
        return min(99, done * 100 // total) if total else 0


def merged(answers: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """Put what the receivers of a question answered into one dictionary."""
    found: dict[Any, Any] = {}
    for _, answer in answers:
        found |= answer or {}
    return found


def progress_of(phases: Sequence[Phase]) -> dict[UUID, Progress]:
    """Return how far each phase is, in as many queries for many as for one."""
    ids = [phase.id for phase in phases]
    tasks = merged(events.progress_asked.send(Phase, phase_ids=ids))
    criteria = counted("criteria", SuccessCriterion.objects.filter(phase_id__in=ids), Q(state__in=DECIDED_CRITERIA))
    gates = counted("gates", Gate.objects.filter(phase_id__in=ids, required=True), Q(status__in=GATES_BEHIND))
    counts = {(what, phase_id): (done, total) for what, phase_id, done, total in criteria.union(gates, all=True)}
    verdicts = dict(PhaseApproval.objects.filter(phase_id__in=ids).order_by("id").values_list("phase_id", "verdict"))
    nothing = (0, 0)
    found = {}
    for phase in phases:
        (tasks_done, tasks_total), (met, criteria_total), (passed, gates_total) = (
            tasks.get(phase.id, nothing),
            counts.get(("criteria", phase.id), nothing),
            counts.get(("gates", phase.id), nothing),
        )
        found[phase.id] = Progress(
            tasks_done=tasks_done,
            tasks_total=tasks_total,
            criteria_met=met,
            criteria_total=criteria_total,
            gates_passed=passed,
            gates_total=gates_total,
            approved=verdicts.get(phase.id) == Verdict.APPROVED,
            completed=phase.status == PhaseStatus.COMPLETED,
        )
    return found


def counted(what: str, rows: Any, condition: Q) -> Any:
    """Return for each phase how many of its rows meet the condition, and how many there are."""
    found = rows.order_by().values("phase_id").annotate(done=Count("id", filter=condition), total=Count("id"))
    return found.values_list(Value(what), "phase_id", "done", "total")


def next_actions(phase: Phase, progress: Progress, gates: Iterable[Gate] | None = None) -> list[str]:
    """Return what brings a phase on, in words and in order. `gates` are the phase's, where they are at hand."""
    if phase.status == PhaseStatus.PENDING:
        return ["Start the phase"]
    if phase.status == PhaseStatus.BLOCKED:
        return ["Resolve what blocks the phase, and let it go on"]
    if phase.status != PhaseStatus.IN_PROGRESS:
        return []
    if gates is None:
        gates = Gate.objects.filter(phase_id=phase.id).order_by("id")
    verbs = {
        GateStatus.OPEN: "Decide gate {}",
        GateStatus.FAILED: "Mend what failed at gate {}",
        GateStatus.CHANGES_REQUESTED: "Make the changes that gate {} asks for",
    }
    actions = [verbs[GateStatus(gate.status)].format(gate.name) for gate in gates if gate.status in verbs]
    if progress.tasks_done < progress.tasks_total:
        actions.append(f"Finish {progress.tasks_total - progress.tasks_done} tasks")
    if not actions and progress.criteria_met < progress.criteria_total:
        actions.append(f"Decide {progress.criteria_total - progress.criteria_met} criteria")
    if actions:
        return actions
    return ["Complete the phase"] if progress.approved else ["Ask for the final review"]


# --- order ----------------------------------------------------------------------------------------------------------


def order_of(phase_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return each group's step: 1 for those that wait for none, else one after the last group it waits for."""
    groups = TaskGroup.objects.filter(phase_id__in=phase_ids).order_by()
    waits: dict[UUID, set[UUID]] = {}
    for group, before in groups.values_list("id", "dependencies__depends_on_id"):
        waits.setdefault(group, set()).update({before} - {None})
    return order_by_need(waits)


def order_by_need(waits: Mapping[UUID, set[UUID]]) -> dict[UUID, int]:
    """Return each group's step where it is known what each waits for."""
    steps: dict[UUID, int] = {}
    step = 0
    while waits:
        step += 1
        ready = [group for group, before in waits.items() if before <= set(steps)]
        steps |= dict.fromkeys(ready, step)
        waits = {group: before for group, before in waits.items() if group not in steps}
    return steps


def groups_before(phase_ids: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """Return for each group of these phases every group that must be behind it, however far back."""
    steps = order_of(phase_ids)
    edges = list(
        TaskGroupDependency.objects.filter(group__phase_id__in=phase_ids).values_list("group_id", "depends_on_id")
    )
    before: dict[UUID, set[UUID]] = {}
    for group in sorted(steps, key=lambda one: steps[one]):
        direct = {depends_on for waiting, depends_on in edges if waiting == group}
        before[group] = direct.union(*(before[one] for one in direct))
    return before


def phases_before(plan_ids: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    """Return for each phase of these plans every phase that must be behind it."""
    previous = dict(Phase.objects.filter(plan_id__in=plan_ids).values_list("id", "depends_on_id"))
    return {phase: set(chain(previous, phase)) for phase in previous}


def chain(previous: Mapping[UUID, UUID | None], phase: UUID) -> Iterable[UUID]:
    step = previous[phase]
    while step:
        yield step
        step = previous[step]


# --- measures -------------------------------------------------------------------------------------------------------


def actual_values(metrics: Sequence[SuccessMetric]) -> dict[UUID, Decimal | None]:
    """Return what each metric is now; None where nothing was measured. Many cost as many queries as one."""
    ids = sorted({metric.phase_id for metric in metrics})
    if not ids:
        return {}
    facts = merged(events.facts_asked.send(SuccessMetric, phase_ids=ids))
    own = facts_of_gates(ids)
    return {
        metric.id: (facts.get(metric.phase_id, {}) | own.get(metric.phase_id, {})).get(metric.kind)
        for metric in metrics
    }


def facts_of_gates(phase_ids: Sequence[UUID]) -> dict[UUID, dict[str, Decimal | None]]:
    """Return the most revisions a gate needed, and the share of patterns that reviews found preserved."""
    cycles = Gate.objects.filter(phase_id__in=phase_ids).order_by().values("phase_id").annotate(most=Max("cycle"))
    looked_at = PatternCheck.objects.filter(review__gate__phase_id__in=phase_ids).order_by()
    patterns = looked_at.values(phase_id=F("review__gate__phase_id")).annotate(
        kept=Count("id", filter=Q(preserved=True)), total=Count("id")
    )
    found: dict[UUID, dict[str, Decimal | None]] = {
        row["phase_id"]: {MetricKind.REVIEW_CYCLES.value: Decimal(row["most"])} for row in cycles
    }
    for row in patterns:
        share = Decimal(row["kept"] * 100) / row["total"]
        found.setdefault(row["phase_id"], {})[MetricKind.PATTERNS_PRESERVED.value] = share.quantize(Decimal("0.0001"))
    return found


def is_reached(metric: SuccessMetric, actual: Decimal | None) -> bool | None:
    """Whether a metric's target is reached; None where nothing was measured."""
    if actual is None:
        return None
    most = metric.target_max if metric.operator == Operator.BETWEEN else metric.target
    least = metric.target
    return {
        Operator.EQ: actual == least,
        Operator.LTE: actual <= least,
        Operator.GTE: actual >= least,
        Operator.BETWEEN: least <= actual <= (most or least),
    }[Operator(metric.operator)]


def measures_of(project_id: UUID) -> dict[str, Any]:
    """Return a project's computed columns: what the apps above measured, and the time of the last event."""
    found = merged(events.measures_asked.send(Project, project_id=project_id))
    newest = Event.objects.filter(project_id=project_id).exclude(event_type=events.PROJECT_MEASURED.name)
    found["last_activity_at"] = newest.order_by("-id").values_list("recorded_at", flat=True).first()
    return found
