"""Gates: they open when the work before them is done, and are passed when every check is passed or waived."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, QuerySet
from django.db.models.functions import Now

from accounts.models import User
from audit.services import record
from common.context import Principal
from common.errors import Conflict, Invalid
from projects import events
from projects.models import CheckState, Gate, GateCheck, GateKind, GateStatus, Phase, PhaseStatus, TaskGroup
from projects.queries import checks_in_the_way
from projects.services.shared import (
    add,
    change,
    check_agents,
    in_phase,
    lock_gate,
    lock_phase,
    part_of,
    require_manager,
    require_reason,
    tell_order,
)

CHANGEABLE = frozenset({"name", "number", "required", "owner_user", "owner_agent_id"})
TO_BE_OPENED = (GateStatus.PENDING, GateStatus.CHANGES_REQUESTED)
BEHIND = (GateStatus.PASSED, GateStatus.WAIVED)


@transaction.atomic
def create_gate(
    *,
    phase: Phase,
    kind: str,
    name: str,
    number: int | None = None,
    after_group: TaskGroup | None = None,
    required: bool = True,
    owner_user: User | None = None,
    owner_agent_id: UUID | None = None,
) -> Gate:
    """Add a gate after a group, or after the whole phase. The next groups' tasks wait for it.

    Raises `Forbidden` for an owner who does that work, `Invalid` for a group of another phase or two owners,
    `Conflict` where the number is taken or the phase has ended.
    """
    locked = lock_phase(phase.id)
    if after_group:
        in_phase(locked, after_group.phase_id, "after_group")
    last: int = Gate.objects.filter(phase=locked, kind=kind).aggregate(last=Max("number"))["last"] or 0
    gate = Gate(
        phase=locked,
        kind=kind,
        name=name,
        number=last + 1 if number is None else number,
        after_group=after_group,
        required=required,
        owner_user=owner_user,
        owner_agent_id=owner_agent_id,
    )
    check_owner(gate)
    add(gate, code="gate_taken", taken=f"The phase has a {kind} gate {gate.number} already.")
    record(events.GATE_CREATED, gate_subject(gate), phase_id=str(locked.id), kind=str(kind))
    tell_order(locked.plan_id)
    return gate


def gate_subject(gate: Gate) -> Any:
    return part_of(gate.phase.plan.project_id, gate)


def check_owner(gate: Gate) -> None:
    """Raise `Invalid` for two owners; the apps above raise `Forbidden` for one who does the work of the group."""
    if gate.owner_user_id and gate.owner_agent_id:
        raise Invalid("A person or an agent owns a gate.", errors={"owner_agent": ["Choose one owner."]})
    check_agents({"owner_agent": gate.owner_agent_id})
    if gate.owner_user_id or gate.owner_agent_id:
        check_judge(gate, user_id=gate.owner_user_id, agent_id=gate.owner_agent_id)


def check_judge(gate: Gate, *, user_id: UUID | None, agent_id: UUID | None) -> None:
    """Separation of duties: nobody judges the work they do. The apps above know who that is, and raise `Forbidden`."""
    events.judge_chosen.send(
        Gate, phase_id=gate.phase_id, group_id=gate.after_group_id, user_id=user_id, agent_id=agent_id
    )


@transaction.atomic
def update_gate(*, gate: Gate, reason: str = "", **changes: Any) -> Gate:
    """Change what differs, while the gate is not passed. Raises what `create_gate` raises."""
    phase = lock_phase(gate.phase_id)
    locked = lock_gate(gate.id)
    require_undecided(locked)
    for name in ("owner_user", "owner_agent_id"):
        setattr(locked, name, changes.get(name, getattr(locked, name)))
    check_owner(locked)
    locked = lock_gate(gate.id)
    change(locked, events.GATE_UPDATED, phase.plan.project_id, changes, allowed=CHANGEABLE, reason=reason)
    tell_order(phase.plan_id)
    return locked


def require_undecided(gate: Gate) -> None:
    if gate.status in BEHIND:
        raise Conflict(f"The gate is {gate.get_status_display().lower()} already.", code="gate_decided")


@transaction.atomic
def open_gate(*, gate: Gate) -> Gate:
    """Open a gate for its reviewers, with fresh checks. Raises `Conflict` where work before it is not done."""
    locked = lock_gate(gate.id)
    if locked.status not in TO_BE_OPENED:
        raise Conflict(f"The gate is {locked.get_status_display().lower()} already.", code="gate_not_pending")
    if locked.phase.status != PhaseStatus.IN_PROGRESS:
        state = locked.phase.get_status_display().lower()
        raise Conflict(f"The phase is {state}.", code="phase_not_running")
    others = Gate.objects.filter(phase_id=locked.phase_id, required=True).exclude(status__in=BEHIND)
    if locked.kind == GateKind.FINAL and others.exclude(kind=GateKind.FINAL).exists():
        raise Conflict("Another required gate of the phase is not passed.", code="gates_before")
    events.gate_opening.send(Gate, gate=locked)
    if locked.status == GateStatus.CHANGES_REQUESTED:
        forget_verdicts(GateCheck.objects.filter(gate=locked))
    set_status(locked, GateStatus.OPEN, opened_at=Now(), decided_at=None)
    record(events.GATE_OPENED, gate_subject(locked), cycle=locked.cycle)
    return locked


def forget_verdicts(checks: "QuerySet[GateCheck]") -> None:
    """What was found out about the work before it was changed says nothing about it now; the log keeps it."""
    checks.update(
        state=CheckState.PENDING,
        evidence_id=None,
        output="",
        exit_code=None,
        checked_by_user=None,
        checked_by_agent_id=None,
        checked_at=None,
        skipped_reason="",
        waived_by=None,
        waived_at=None,
        waived_reason="",
    )


def set_status(gate: Gate, status: GateStatus, **values: Any) -> None:
    Gate.objects.filter(id=gate.id).update(status=status, **values)
    gate.refresh_from_db(fields=["status", "updated_at", *values])


@transaction.atomic
def open_ready_gates(*, phase_id: UUID, group_id: UUID | None = None) -> list[Gate]:
    """Open every gate that nothing stands before any more: those after the group, and those after the whole phase.

    What finishes the work of a group calls this; a gate with anything left before it stays as it is. Behind a group
    without a required gate the next may begin at once.
    """
    waiting = Gate.objects.filter(phase_id=phase_id, status__in=TO_BE_OPENED).order_by("id")
    opened = []
    for gate in waiting:
        if gate.after_group_id not in (None, group_id):
            continue
        try:
            opened.append(open_gate(gate=gate))
        except Conflict:
            continue
    if group_id and not Gate.objects.filter(after_group_id=group_id, required=True).exists():
        tell_order(Phase.objects.values_list("plan_id", flat=True).get(id=phase_id))
    return opened


@transaction.atomic
def waive_gate(*, gate: Gate, principal: Principal, reason: str) -> Gate:
    """Let the work go on without the gate. Raises `Forbidden` but for managers, `Conflict` where it is passed or its
    phase has ended.
    """
    words = require_reason(reason)
    require_manager(principal, gate.phase.plan.project_id)
    lock_phase(gate.phase_id)
    locked = lock_gate(gate.id)
    require_undecided(locked)
    values = {"waived_by_id": principal.user_id, "waived_reason": words, "decided_at": Now()}
    set_status(locked, GateStatus.WAIVED, **values)
    record(events.GATE_WAIVED, gate_subject(locked), reason=words)
    go_on_after(locked)
    return locked


def go_on_after(gate: Gate) -> None:
    """The gate holds nothing back any more: wake what waited for it."""
    tell_order(gate.phase.plan_id)
    open_ready_gates(phase_id=gate.phase_id)


def pass_gate(gate: Gate) -> None:
    """Pass a locked, open gate. Raises `Conflict` where a check stands in the way."""
    in_the_way = checks_in_the_way(gate.id)
    if in_the_way:
        raise Conflict(f"Not passed: {'; '.join(in_the_way)}", code="checks_not_passed", checks=in_the_way)
    check_owner(gate)
    set_status(gate, GateStatus.PASSED, decided_at=Now())
    record(events.GATE_PASSED, gate_subject(gate), cycle=gate.cycle)
    go_on_after(gate)


def settle(gate: Gate) -> None:
    """Fail a locked, open gate when every check is judged and one did not pass; open it again when none is left."""
    rows = list(GateCheck.objects.filter(gate_id=gate.id, waived_at=None).values_list("state", flat=True))
    failed = CheckState.PENDING not in rows and CheckState.FAIL in rows
    if failed and gate.status == GateStatus.OPEN:
        set_status(gate, GateStatus.FAILED, decided_at=Now())
        record(events.GATE_FAILED, gate_subject(gate), cycle=gate.cycle)
    elif gate.status == GateStatus.FAILED and not failed:
        set_status(gate, GateStatus.OPEN, decided_at=None)
        record(events.GATE_OPENED, gate_subject(gate), cycle=gate.cycle)
