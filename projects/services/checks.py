"""The checks of a gate: a person's verdict, or a recorded run."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from audit.services import record
from common.context import Principal
from common.errors import Conflict, Invalid
from projects import events
from projects.models import CheckKind, CheckState, Gate, GateCheck, GateStatus, Review, Verdict
from projects.models.gate import MAX_OUTPUT
from projects.services.escalations import escalate_check, resolve_for
from projects.services.gates import check_judge, gate_subject, require_undecided, settle
from projects.services.shared import (
    add,
    cite,
    lock_check,
    lock_gate,
    lock_phase,
    lock_project,
    part_of,
    require_manager,
    require_reason,
    require_running,
)

JUDGED_BY_PEOPLE = (CheckState.PASS, CheckState.FAIL, CheckState.SKIPPED)


@transaction.atomic
def add_check(
    *,
    gate: Gate,
    text: str,
    kind: str = CheckKind.MANUAL,
    command: str = "",
    section: str = "",
    ordinal: int | None = None,
) -> GateCheck:
    """Add a check, last of its section unless `ordinal` says otherwise.

    Raises `Invalid` for a command check without a command, `Conflict` where the gate is passed or the place taken.
    """
    lock_phase(gate.phase_id)
    locked = lock_gate(gate.id)
    require_undecided(locked)
    if kind == CheckKind.COMMAND and not command.strip():
        raise Invalid("A command check runs a command.", errors={"command": ["Required."]})
    placed = GateCheck.objects.filter(gate=locked, section=section)
    last: int = placed.aggregate(last=Max("ordinal"))["last"] or 0
    check = GateCheck(
        gate=locked,
        text=text,
        kind=kind,
        command=command,
        section=section,
        ordinal=last + 1 if ordinal is None else ordinal,
    )
    add(check, code="check_taken", taken="Another check of the gate has that place.")
    record(events.CHECK_ADDED, part_of_gate(check), gate_id=str(gate.id), kind=str(kind))
    settle(locked)
    return check


def part_of_gate(check: GateCheck) -> Any:
    return part_of(check.gate.phase.plan.project_id, check)


def open_check(check_id: UUID) -> GateCheck:
    """Lock a check whose gate is being decided in a phase that runs; raises `Conflict` otherwise.

    The project first: evidence that is rejected meanwhile is looked for under the same lock.
    """
    place = GateCheck.objects.filter(id=check_id).values_list("gate__phase__plan__project_id", flat=True)
    lock_project(place.get())
    check = lock_check(check_id)
    require_running(check.gate.phase)
    if check.gate.status not in (GateStatus.OPEN, GateStatus.FAILED):
        state = check.gate.get_status_display().lower()
        raise Conflict(f"The gate is {state}; its checks are judged while it is open.", code="gate_not_open")
    return check


@transaction.atomic
def judge_check(
    *, check: GateCheck, principal: Principal, state: str, reason: str = "", evidence_id: UUID | None = None
) -> GateCheck:
    """A person's verdict on a manual check: pass, fail, or skipped with a reason (which lets nothing through).

    Raises `Forbidden` for whoever did the work, `Invalid` for a check that a run decides or a missing reason,
    `Conflict` where the gate is not open.
    """
    locked = open_check(check.id)
    if locked.kind != CheckKind.MANUAL:
        raise Invalid("A recorded run decides this check.", code="not_manual", errors={"state": ["Record a run."]})
    if state not in JUDGED_BY_PEOPLE:
        raise Invalid("A check passes, fails or is skipped.", errors={"state": ["Choose one of these."]})
    check_judge(locked.gate, user_id=principal.user_id, agent_id=None)
    words = require_reason(reason) if state == CheckState.SKIPPED else reason.strip()
    skipped = words if state == CheckState.SKIPPED else ""
    return conclude(locked, state, principal, evidence_id, words, skipped_reason=skipped)


@transaction.atomic
def record_check_run(
    *, check: GateCheck, principal: Principal, exit_code: int, output: str, evidence_id: UUID
) -> GateCheck:
    """A run of a check's command: it passes with exit code 0 and fails with any other, whoever says what.

    The end of a long output is kept. A failure climbs the escalation rule of its area; a pass resolves what was
    raised. Raises `Invalid` for a manual check or evidence that does not show this run or is older than the changes
    that were asked for, `Forbidden` for what only those say who did the work, `Conflict` where the gate is not open.
    """
    locked = open_check(check.id)
    if locked.kind == CheckKind.MANUAL:
        raise Invalid("A person decides this check.", code="manual_check", errors={"exit_code": ["Give a verdict."]})
    state = CheckState.PASS if exit_code == 0 else CheckState.FAIL
    concluded = conclude(
        locked, state, principal, evidence_id, "", exit_code=exit_code, output=output[-MAX_OUTPUT:].replace("\x00", "")
    )
    if state == CheckState.FAIL:
        escalate_check(concluded, f"{locked.text}: exit code {exit_code}.")
    else:
        resolve_for(concluded.id, "The check passed.")
    return concluded


def conclude(
    check: GateCheck, state: str, principal: Principal, evidence_id: UUID | None, reason: str, **values: Any
) -> GateCheck:
    """Write the verdict on a locked check, record it, and see what it means for the gate."""
    exit_code: int | None = values.get("exit_code")
    if evidence_id:
        cite(GateCheck, check.gate.phase.plan.project_id, evidence_id, gate=check.gate, exit_code=exit_code)
        refuse_older(check.gate_id, evidence_id)
    verdict = {
        "state": state,
        "evidence_id": evidence_id,
        "checked_by_user_id": None if principal.is_agent else principal.user_id,
        "checked_by_agent_id": principal.agent_id,
        "checked_at": Now(),
        "exit_code": None,
        "output": "",
        "skipped_reason": "",
    }
    GateCheck.objects.filter(id=check.id).update(**verdict | values)
    gate = check.gate
    check.refresh_from_db()
    check.gate = gate
    record(
        events.CHECK_JUDGED,
        part_of_gate(check),
        reason=reason,
        gate_id=str(gate.id),
        state=str(state),
        exit_code=exit_code,
        evidence_id=str(evidence_id) if evidence_id else None,
    )
    settle(gate)
    return check


def refuse_older(gate_id: UUID, evidence_id: UUID) -> None:
    """What shows the work before changes were asked for says nothing about it now. Identifiers are in time's order."""
    asked = Review.objects.filter(gate_id=gate_id, verdict=Verdict.CHANGES_REQUESTED, id__gt=evidence_id)
    if asked.exists():
        words = "It is older than the changes that were asked for."
        raise Invalid("The evidence shows the work before its changes.", errors={"evidence": [words]})


@transaction.atomic
def waive_check(*, check: GateCheck, principal: Principal, reason: str) -> GateCheck:
    """Let a check through that did not pass: it stays what it is, beside a reason.

    Raises `Forbidden` but for managers, `Conflict` where the gate is not open or the check passed or is waived.
    """
    words = require_reason(reason)
    locked = open_check(check.id)
    require_manager(principal, locked.gate.phase.plan.project_id)
    if locked.state == CheckState.PASS or locked.waived_at:
        raise Conflict("The check lets through already.", code="check_settled")
    GateCheck.objects.filter(id=check.id).update(waived_by_id=principal.user_id, waived_at=Now(), waived_reason=words)
    gate = locked.gate
    locked.refresh_from_db()
    locked.gate = gate
    record(events.CHECK_WAIVED, part_of(gate_subject(gate).project_id, locked), reason=words, gate_id=str(gate.id))
    resolve_for(locked.id, f"The check was waived: {words}")
    settle(gate)
    return locked
