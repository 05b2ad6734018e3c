"""What plans, groups and gates need to know of work, and what work tells them."""

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from django.db.models import Q

from agents.models import Agent
from common.errors import Conflict, Forbidden, Invalid
from evidence.models import Evidence, Grade
from projects.models import Escalation, Gate, GateStatus, PhaseStatus, TaskGroup
from projects.queries import groups_before, phases_before
from projects.services import open_ready_gates, resolve_escalation
from tasks.models import (
    ApprovalKind,
    ApprovalRequest,
    Assignment,
    AssignmentRole,
    Execution,
    Resolution,
    Task,
)
from tasks.queries import GIVEN_UP
from tasks.services.holds import Hold

MOST_NAMED = 5
WORDS = (Grade.SELF_ASSERTED, Grade.HUMAN)
"""evidence that is what its author says, with no runner that saw it"""


# --- who did the work -----------------------------------------------------------------------------------------------


def workers_of(phase_id: UUID, group_id: UUID | None) -> tuple[set[UUID], set[UUID]]:
    """Return the people and agents that do the work of a group, or of a whole phase.

    They are its primary assignees, those of its tasks, the agents whose results were taken, and those agents' owners.
    """
    work = Q(group_id=group_id) if group_id else Q(phase_id=phase_id)
    tasks = Task.objects.filter(work)
    where = Q(group_id=group_id) if group_id else Q(group__phase_id=phase_id)
    primaries = Assignment.objects.active().filter(where | Q(task__in=tasks), role=AssignmentRole.PRIMARY)
    named = [
        *primaries.values_list("user_id", "agent_id"),
        *tasks.values_list("assigned_user_id", "assigned_agent_id"),
        *Execution.objects.accepted().filter(task__in=tasks).values_list("agent__owner_id", "agent_id"),
    ]
    people = {user_id for user_id, _ in named if user_id}
    agents = {agent_id for _, agent_id in named if agent_id}
    owners = Agent.all_objects.filter(id__in=agents).values_list("owner_id", flat=True)
    return people.union(owners), agents


def refuse_own_work(phase_id: UUID, group_id: UUID | None, user_id: UUID | None, agent_id: UUID | None) -> None:
    """Raise `Forbidden` where somebody would judge the work that they, or an agent of theirs, do."""
    people, agents = workers_of(phase_id, group_id)
    if user_id in people or agent_id in agents:
        raise Forbidden("Nobody judges the work they or their agents do.", code="own_work")


# --- what is done ---------------------------------------------------------------------------------------------------


def unfinished(phase_id: UUID, group_id: UUID | None) -> Any:
    """Return the tasks that are not done: of a group, or of a whole phase. What was given up need not be done."""
    work = Q(group_id=group_id) if group_id else Q(phase_id=phase_id)
    return Task.objects.filter(work).exclude(resolution__in=[Resolution.COMPLETED, *GIVEN_UP])


def refuse_unfinished(phase_id: UUID, group_id: UUID | None) -> None:
    """Raise `Conflict` (work_left) where a task is not done; the first few are named."""
    left = list(unfinished(phase_id, group_id).select_related("project").order_by("id")[: MOST_NAMED + 1])
    if left:
        named = ", ".join(task.key for task in left[:MOST_NAMED])
        more = " and more" if len(left) > MOST_NAMED else ""
        raise Conflict(f"Not done yet: {named}{more}.", code="work_left")


def tell_group(task: Task) -> None:
    """Open the gates that waited for a task that has just been closed, where it was the last of its group or phase."""
    if not task.phase_id:
        return
    lock_end(task.phase_id, task.group_id)
    if not unfinished(task.phase_id, task.group_id).exists():
        open_ready_gates(phase_id=task.phase_id, group_id=task.group_id)


def lock_end(phase_id: UUID, group_id: UUID | None) -> None:
    """Let the last two tasks end one after the other: the second sees that the first is done."""
    if group_id:
        TaskGroup.objects.select_for_update(no_key=True).get(id=group_id)
    gates = Gate.objects.filter(Q(after_group_id=group_id) | Q(after_group=None), phase_id=phase_id)
    list(gates.order_by("id").select_for_update(no_key=True))


# --- what the plan holds back -----------------------------------------------------------------------------------------


def plan_holds(task_ids: Collection[UUID]) -> Iterator[tuple[UUID, Hold]]:
    """Yield what the plan holds each task back for: a phase that is not running, work before it, a closed gate.

    A gate holds back what comes after it: the groups that wait for its group and the phases that wait for its phase. A
    group without a required gate holds them back until its own tasks are done.
    """
    rows = Task.all_objects.filter(id__in=task_ids, phase__isnull=False).select_related("phase")
    tasks = list(rows.only("phase_id", "group_id", "phase__plan_id", "phase__status", "phase__name", "phase__number"))
    if not tasks:
        return
    before_phase = phases_before({task.phase.plan_id for task in tasks if task.phase})
    before_group = groups_before(list({task.phase_id for task in tasks if task.group_id and task.phase_id}))
    gates = blocking_gates(tasks, before_phase, before_group)
    ungated = unfinished_groups(before_group)
    for task in tasks:
        if task.phase is None:
            continue
        if task.phase.status != PhaseStatus.IN_PROGRESS:
            state = task.phase.get_status_display().lower()
            yield task.id, Hold("phase", task.phase.id, f"{task.phase} is {state}.")
        groups = before_group.get(task.group_id, set()) if task.group_id else set()
        for gate in gates:
            if gate.after_group_id in groups or gate.phase_id in before_phase[task.phase.id]:
                yield task.id, Hold("gate", gate.id, f"Gate {gate.name} is {gate.get_status_display().lower()}.")
        for group in ungated:
            if group.id in groups:
                yield task.id, Hold("group", group.id, f"The work of {group.name} is not done.")


def blocking_gates(
    tasks: Collection[Task], before_phase: dict[UUID, set[UUID]], before_group: dict[UUID, set[UUID]]
) -> list[Gate]:
    """Return the required gates that are not passed and stand before any of these tasks."""
    phases = {phase for task in tasks if task.phase_id for phase in before_phase[task.phase_id]}
    groups = {group for task in tasks if task.group_id for group in before_group[task.group_id]}
    closed = Gate.objects.filter(Q(phase_id__in=phases) | Q(after_group_id__in=groups), required=True)
    return list(closed.exclude(status__in=[GateStatus.PASSED, GateStatus.WAIVED]).order_by("id"))


def unfinished_groups(before_group: dict[UUID, set[UUID]]) -> list[TaskGroup]:
    """Return the groups before others that have no required gate, and tasks that are not done."""
    groups = {group for before in before_group.values() for group in before}
    if not groups:
        return []
    done = Q(resolution__in=[Resolution.COMPLETED, *GIVEN_UP])
    left = Task.objects.exclude(done).filter(group_id__in=groups).values("group_id")
    gated = Gate.objects.filter(after_group_id__in=groups, required=True).values("after_group_id")
    return list(TaskGroup.objects.filter(id__in=left).exclude(id__in=gated).order_by("id"))


# --- evidence and answers ------------------------------------------------------------------------------------------


def check_agents(agents: dict[str, UUID]) -> None:
    """Raise `Invalid` where an id is no agent that is in use, by the field's name."""
    known = set(Agent.objects.filter(id__in=agents.values()).values_list("id", flat=True))
    errors = {field: ["There is none with this id."] for field, agent_id in agents.items() if agent_id not in known}
    if errors:
        raise Invalid("No such agent.", errors=errors)


def check_evidence(project_id: UUID, evidence_id: UUID, gate: Gate | None, exit_code: int | None) -> None:
    """Raise `Invalid` unless it is standing evidence of the project and, for a run, shows that exit code; `Forbidden`
    where a run behind `gate` is the word of those who did the work, and nothing else.
    """
    known = Evidence.objects.counting().filter(id=evidence_id, project_id=project_id)
    piece = known.without_content().select_related("agent").first()
    if piece is None:
        raise Invalid("No evidence of this project.", errors={"evidence": ["There is none with this id."]})
    if exit_code is not None and piece.exit_code != exit_code:
        raise Invalid(
            f"The evidence shows exit code {piece.exit_code}.", errors={"evidence": ["It shows another run."]}
        )
    if gate and exit_code is not None and piece.grade in WORDS:
        people, agents = workers_of(gate.phase_id, gate.after_group_id)
        if piece.issuer_id in people or piece.agent_id in agents:
            raise Forbidden("Who did the work does not vouch for its checks; hand in the run itself.", code="own_work")


def answered(approval: ApprovalRequest) -> None:
    """A person answered: resolve the escalation that asked."""
    asked_by = approval.action.get("escalation") if approval.kind == ApprovalKind.ESCALATION else None
    if asked_by is None or not approval.decided_by:
        return
    escalations = Escalation.objects.select_related("rule").filter(id=asked_by, rule__project_id=approval.project_id)
    for escalation in escalations.filter(resolved_at=None):
        words = f"{approval.get_status_display()}: {approval.comment}"
        resolve_escalation(escalation=escalation, resolution=words, principal=approval.decided_by.principal())
