"""Reviews: somebody who did not do the work passes the gate, or asks for changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from audit.services import record
from common.context import Principal
from common.errors import Conflict, Forbidden, Invalid
from projects import events
from projects.models import Gate, GateStatus, PatternCheck, PhaseStatus, Review, Verdict
from projects.permissions import can_manage
from projects.services.gates import check_judge, gate_subject, pass_gate, set_status
from projects.services.shared import add, lock_gate, lock_project, part_of, require_reason, tell_order


@dataclass(frozen=True, slots=True)
class PatternInput:
    """Whether a pattern of the house is preserved."""

    name: str
    preserved: bool
    note: str = ""


@transaction.atomic
def submit_review(
    *,
    gate: Gate,
    principal: Principal,
    verdict: str,
    comments: str = "",
    patterns: Sequence[PatternInput] = (),
    reopen_task_ids: Sequence[UUID] = (),
) -> Review:
    """Decide an open gate: approve it, or ask for changes, which reopens the named tasks and counts a revision.

    Of two who decide at the same time the first wins. Raises `Forbidden` for whoever did the work and for people who
    neither manage the project nor own the gate, `Invalid` for a request without words or an approval that names tasks
    or a lost pattern, `Conflict` where the gate is not open or a check does not pass.
    """
    check_words(verdict, comments, patterns, reopen_task_ids)
    project_id = gate.phase.plan.project_id
    check_reviewer(gate, principal, project_id)
    lock_project(project_id)
    if reopen_task_ids:
        # Before the gate's lock: whoever closes a task holds the task's when it comes to the gate.
        events.review_reopening.send(Gate, gate=gate, task_ids=list(reopen_task_ids), reason=comments)
    locked = lock_gate(gate.id)
    check_decidable(locked, verdict)
    review = write_review(locked, principal, verdict, comments, reopen_task_ids)
    PatternCheck.objects.bulk_create(
        PatternCheck(review=review, name=pattern.name, preserved=pattern.preserved, note=pattern.note)
        for pattern in patterns
    )
    record(
        events.REVIEW_SUBMITTED,
        part_of(project_id, review),
        reason=comments,
        gate_id=str(gate.id),
        verdict=str(verdict),
        cycle=review.cycle,
        patterns_lost=sorted(pattern.name for pattern in patterns if not pattern.preserved),
    )
    if verdict == Verdict.APPROVED:
        pass_gate(locked)
    else:
        ask_for_changes(locked, comments, reopen_task_ids)
    return review


def check_words(verdict: str, comments: str, patterns: Sequence[PatternInput], reopen_task_ids: Sequence[UUID]) -> None:
    errors: Mapping[str, list[str]] = {}
    names = [pattern.name.lower() for pattern in patterns]
    if len(names) != len(set(names)):
        errors = {"patterns": ["A pattern is named twice."]}
    elif verdict == Verdict.APPROVED and reopen_task_ids:
        errors = {"reopen_tasks": ["An approval reopens nothing."]}
    elif verdict == Verdict.APPROVED and not all(pattern.preserved for pattern in patterns):
        errors = {"patterns": ["A pattern is lost: ask for changes."]}
    if errors:
        raise Invalid("The review contradicts itself.", errors=errors)
    if verdict == Verdict.CHANGES_REQUESTED:
        require_reason(comments, "comments")


def check_reviewer(gate: Gate, principal: Principal, project_id: UUID) -> None:
    """Managers and the gate's owner judge it (an agent only as its owner), never their own work."""
    owns = gate.owner_agent_id == principal.agent_id if principal.is_agent else gate.owner_user_id == principal.user_id
    if not owns and not can_manage(principal, project_id):
        raise Forbidden("The gate's owner, and who manages the project, judge it.", code="may_not_judge")
    user_id = None if principal.is_agent else principal.user_id
    check_judge(gate, user_id=user_id, agent_id=principal.agent_id)


def check_decidable(gate: Gate, verdict: str) -> None:
    if gate.phase.status != PhaseStatus.IN_PROGRESS:
        raise Conflict(f"The phase is {gate.phase.get_status_display().lower()}.", code="phase_not_running")
    allowed = [GateStatus.OPEN] if verdict == Verdict.APPROVED else [GateStatus.OPEN, GateStatus.FAILED]
    if gate.status not in allowed:
        state = gate.get_status_display().lower()
        raise Conflict(f"The gate is {state}.", code="gate_not_open")


def write_review(
    gate: Gate, principal: Principal, verdict: str, comments: str, reopen_task_ids: Sequence[UUID]
) -> Review:
    review = Review(
        gate=gate,
        cycle=gate.cycle,
        reviewer_user_id=None if principal.is_agent else principal.user_id,
        reviewer_agent_id=principal.agent_id,
        verdict=verdict,
        comments=comments,
        reopened_task_ids=sorted(set(reopen_task_ids)),
    )
    return add(review, code="reviewed", taken="You have reviewed this cycle of the gate already.")


def ask_for_changes(gate: Gate, comments: str, reopen_task_ids: Sequence[UUID]) -> None:
    set_status(gate, GateStatus.CHANGES_REQUESTED, cycle=gate.cycle + 1, decided_at=Now())
    record(
        events.GATE_CHANGES_REQUESTED,
        gate_subject(gate),
        reason=comments,
        cycle=gate.cycle,
        reopened=sorted(str(task_id) for task_id in set(reopen_task_ids)),
    )
    tell_order(gate.phase.plan_id)
