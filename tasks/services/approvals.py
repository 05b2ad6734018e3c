"""Approvals, failing closed: asked under the lease, decided once by an entitled person, redeemed once before acting."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from audit.events import EventType
from audit.services import record
from common.context import Principal
from common.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, StepUpRequired
from common.models import ClockTimestamp
from projects.models import Gate, Phase, Project
from tasks import events
from tasks.models import (
    ApprovalAction,
    ApprovalKind,
    ApprovalRequest,
    ApprovalResponse,
    ApprovalStatus,
    ApprovalTrigger,
    ExecutionStatus,
    QuarantineKind,
    Risk,
    Task,
)
from tasks.permissions import may_decide, needs_proof
from tasks.services import spending
from tasks.services.asking import About, Question, action_digest, create_request
from tasks.services.attempts import advance
from tasks.services.base import approval_subject, lock_task
from tasks.services.effects import go_on, lock_what_changes
from tasks.services.leases import Held, LeaseClaim, hold, own_execution, under_lease
from tasks.services.oversight import Circumstances, limits_of, must_ask
from tasks.services.standing_rules import answer_by_rule, still_holds

DECIDED: dict[str, tuple[ApprovalStatus, EventType]] = {
    ApprovalAction.APPROVE: (ApprovalStatus.APPROVED, events.APPROVAL_APPROVED),
    ApprovalAction.REJECT: (ApprovalStatus.REJECTED, events.APPROVAL_REJECTED),
    ApprovalAction.AMEND: (ApprovalStatus.AMENDED, events.APPROVAL_AMENDED),
}


def request_approval(
    *,
    claim: LeaseClaim,
    kind: str,
    question: str,
    action: dict[str, Any],
    expires_in: timedelta | None = None,
    **more: Any,
) -> ApprovalRequest:
    """Ask a person and park the attempt: its lease is suspended and costs nothing until the answer.

    `more` are further fields of `Question`. A standing rule may answer at once; the next claim carries its grant.
    """
    asked = Question(kind=kind, text=question, action=action, expires_in=expires_in, **more)

    def write(held: Held) -> ApprovalRequest:
        about = About(project=held.task.project, task=held.task, execution=held.execution)
        approval = create_request(replace(asked, **spending.budget_question(held.execution)), about, held.now)
        park(held)
        answer_by_rule(approval, held.task)
        return approval

    payload = {"kind": kind, "question": question, "action": action, "target_commit": asked.target_commit}
    return under_lease(claim, QuarantineKind.APPROVAL, payload, write)


def ask_if_needed(
    *, claim: LeaseClaim, trigger: str, circumstances: Circumstances, risk: str = Risk.LOW, **question: Any
) -> ApprovalRequest | None:
    """Ask a person where the project's oversight level wants it for this trigger; None where the attempt may go on.

    Raises `LeaseLost`.
    """
    with transaction.atomic():
        project = hold(claim).task.project
        if not must_ask(trigger, project.oversight_level, limits_of(project.hitl_config), circumstances, risk):
            return None
        return request_approval(claim=claim, trigger=trigger, risk=risk, **question)


@transaction.atomic
def ask_people(
    *,
    project: Project,
    principal: Principal,
    kind: str,
    question: str,
    action: dict[str, Any],
    task: Task | None = None,
    phase: Phase | None = None,
    gate: Gate | None = None,
    **more: Any,
) -> ApprovalRequest:
    """Ask in a person's name, about a task, a phase, a gate or the project. Who asks does not decide.

    Raises `Invalid` for what is not of the project, `Conflict` where the task has a question open.
    """
    places: dict[str, UUID | None] = {
        "task": task.project_id if task else None,
        "phase": phase.plan.project_id if phase else None,
        "gate": gate.phase.plan.project_id if gate else None,
    }
    wrong = {name: ["Not of this project."] for name, place in places.items() if place not in {None, project.id}}
    if kind == ApprovalKind.PHASE_GATE and not (phase or gate):
        wrong["phase"] = ["Name the phase or the gate."]
    if wrong:
        raise Invalid("What is asked about does not fit.", errors=wrong)
    locked = lock_task(task.id) if task else None
    if locked and ApprovalRequest.objects.pending().filter(task_id=locked.id).exists():
        raise Conflict("The task waits for another answer.", code="already_asked")
    if kind == ApprovalKind.PHASE_GATE:
        more["trigger"] = ApprovalTrigger.PHASE_COMPLETION
    asked = Question(kind=kind, text=question, action=action, **more)
    about = About(project=project, task=locked, phase=phase, gate=gate, requested_by_id=principal.user_id)
    approval = create_request(asked, about, timezone.now())
    answer_by_rule(approval, locked)
    return approval


def park(held: Held) -> None:
    """Suspend the lease; waiting does not use up an attempt."""
    advance(held.execution.id, ExecutionStatus.WAITING_FOR_HITL, lease_expires_at=None)
    Task.objects.filter(id=held.task.id).update(claimable_from=None, attempts_left=F("attempts_left") + 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person says to one request. `digest` is that of the request they were shown."""

    action: str
    comment: str
    digest: str
    amended_content: dict[str, Any] | None = None
    selected_option: str = ""

    @property
    def amendment(self) -> dict[str, Any] | None:
        return self.amended_content if self.action == ApprovalAction.AMEND else None


def respond_to_approval(*, approval: ApprovalRequest, principal: Principal, **given: Any) -> ApprovalRequest:
    """Decide, with the fields of `Answer`. The first deciding answer wins; where a quorum is asked for, each of its
    people says the same.

    Raises `Forbidden` for those who may not decide, `StepUpRequired` for a risky one without a recent proof of who
    decides, `Invalid` for a missing comment or amendment, `Conflict` for a
    late or second answer (kept, it does not count) or a digest that differs.
    """
    answer = Answer(**given)
    check_answer(approval, principal, answer)
    with transaction.atomic():
        counted = decide(approval, principal, answer)
    if not counted:
        raise uncounted(approval)
    return approval


def uncounted(approval: ApprovalRequest) -> Conflict:
    if approval.status != ApprovalStatus.PENDING:
        return Conflict(f"It is {approval.get_status_display().lower()} already.", code="already_decided")
    if approval.expires_at <= timezone.now():  # and the sweep that says so has not come by yet
        return Conflict("It is expired already.", code="already_decided")
    return Conflict("You have answered already; it needs another person.", code="already_answered")


MOST_AT_ONCE = 10


def respond_to_approvals(
    *, principal: Principal, answers: Sequence[tuple[ApprovalRequest, Answer]]
) -> list[ApprovalRequest]:
    """Decide up to ten requests together, each by its digest: all of them or none.

    Raises what a single answer raises, naming the item; `Invalid` for too many, or one that is named twice.
    """
    ids = [approval.id for approval, _ in answers]
    if not 0 < len(ids) <= MOST_AT_ONCE or len(set(ids)) < len(ids):
        raise Invalid(f"Answer 1 to {MOST_AT_ONCE} different requests.", errors={"items": ["1 to 10, each once."]})
    # always in one order, so that two people who answer the same ones do not wait for each other
    ordered = sorted(enumerate(answers), key=lambda item: (str(item[1][0].task_id), item[1][0].id))
    with transaction.atomic():
        for position, (approval, answer) in ordered:
            try:
                check_answer(approval, principal, answer)
                if not decide(approval, principal, answer):
                    raise uncounted(approval)
            except DomainError as refusal:
                refusal.extra.setdefault("errors", {})
                refusal.extra["errors"] = {f"items[{position}]": [refusal.detail]}
                raise
    return [approval for approval, _ in answers]


def check_answer(approval: ApprovalRequest, principal: Principal, answer: Answer) -> None:
    if not may_decide(principal, approval):
        raise Forbidden(
            "Deciders are owners and maintainers of the project who neither asked nor own the asking agent.",
            code="may_not_decide",
        )
    if needs_proof(principal, approval):
        raise StepUpRequired
    if answer.action not in DECIDED:
        raise Invalid("Unknown answer.", errors={"action": ["Choose approve, reject or amend."]})
    if not answer.comment.strip():
        raise Invalid("Say why: the comment is required.", errors={"comment": ["Required."]})
    if answer.action == ApprovalAction.AMEND and not answer.amended_content:
        raise Invalid("An amendment needs the amended content.", errors={"amended_content": ["Required."]})
    if answer.digest != approval.digest:
        raise Conflict("This is not the request you were shown; load it again.", code="approval_changed")
    offered = [(option["key"], option["action"]) for option in approval.options]
    if answer.selected_option and (answer.selected_option, answer.action) not in offered:
        words = f"There is no option {answer.selected_option} to {answer.action}."
        raise Invalid(words, errors={"selected_option": ["Not one that is offered."]})


def decide(approval: ApprovalRequest, principal: Principal, answer: Answer) -> bool:
    """Keep an answer, and act on it if it counts and enough people agree. Return whether it counted."""
    task = lock_what_changes(approval)
    waiting = ApprovalRequest.objects.pending().filter(id=approval.id, expires_at__gt=ClockTimestamp())
    is_open = waiting.select_for_update(of=("self",)).exists()
    given = ApprovalResponse.objects.filter(approval=approval, counted=True)
    counted = is_open and not given.filter(user_id=principal.user_id).exists()
    ApprovalResponse.objects.create(
        approval=approval,
        user_id=principal.user_id,
        action=answer.action,
        comment=answer.comment,
        selected_option=answer.selected_option,
        amended_content=answer.amendment,
        counted=counted,
    )
    if counted:
        agreeing = len(agreed(approval, answer))
        if answer.action == ApprovalAction.REJECT or agreeing >= approval.quorum:
            settle(approval, principal, answer, task)
        else:
            record(
                events.APPROVAL_ENDORSED,
                approval_subject(approval, task),
                reason=answer.comment,
                digest=approval.digest,
                agreeing=agreeing,
                quorum=approval.quorum,
            )
    approval.refresh_from_db()
    return counted


def agreed(approval: ApprovalRequest, answer: Answer | ApprovalRequest) -> list[ApprovalResponse]:
    """Return the counted answers that say what `answer` (or the decision) says: the same option, the same content."""
    if isinstance(answer, Answer):
        wanted = (answer.action, answer.selected_option, answer.amendment)
    else:
        action = ApprovalAction.AMEND if answer.status == ApprovalStatus.AMENDED else ApprovalAction.APPROVE
        wanted = (action, answer.selected_option, answer.amended_content)
    rows = ApprovalResponse.objects.filter(approval=approval, counted=True).select_related("user")
    return [row for row in rows if (row.action, row.selected_option, row.amended_content) == wanted]


def settle(approval: ApprovalRequest, principal: Principal, answer: Answer, task: Task | None) -> None:
    """Write the decision, and carry it out."""
    status, event = DECIDED[answer.action]
    ApprovalRequest.objects.filter(id=approval.id).update(
        status=status,
        decided_at=ClockTimestamp(),
        decided_by_id=principal.user_id,
        comment=answer.comment,
        selected_option=answer.selected_option,
        amended_content=answer.amendment,
    )
    approval.refresh_from_db()
    record(event, approval_subject(approval, task), reason=answer.comment, digest=approval.digest)
    go_on(task, approval, str(principal.label))


def redeem_approval(*, claim: LeaseClaim, approval_id: UUID, digest: str) -> ApprovalRequest:
    """Use a grant, immediately before acting: it works once, for exactly what was shown, while it is valid.

    Raises `Conflict` with the code approval_used, approval_changed, approval_refused or approval_expired, `LeaseLost`.
    """
    with transaction.atomic():
        held = hold(claim)
        approval = task_approval(held.task, approval_id)
        refuse_redemption(approval, digest)
        redeemed = (
            ApprovalRequest.objects.granting()
            .filter(id=approval.id, digest=digest)
            .update(redeemed_at=held.now, redeemed_by=held.execution)
        )
        if not redeemed:
            raise Conflict("The approval has expired.", code="approval_expired")
        approval.refresh_from_db()
        subject = approval_subject(approval, held.task)
        record(events.APPROVAL_REDEEMED, subject, digest=digest, execution_id=str(held.execution.id))
    return approval


def refuse_redemption(approval: ApprovalRequest, digest: str) -> None:
    """Raise unless this grant may be used; the right to decide is looked at again, now."""
    if approval.redeemed_at:
        raise Conflict("The approval was used already.", code="approval_used")
    if approval.status == ApprovalStatus.EXPIRED:
        raise Conflict("The approval has expired.", code="approval_expired")
    if approval.status not in {ApprovalStatus.APPROVED, ApprovalStatus.AMENDED}:
        raise Conflict(f"The approval is {approval.get_status_display().lower()}.", code="approval_refused")
    own = action_digest(
        task_id=approval.task_id, action=approval.action, target_commit=approval.target_commit, nonce=approval.nonce
    )
    if digest != approval.digest or own != approval.digest:
        raise Conflict("The digest is not that of the approved action.", code="approval_changed")
    if not (still_holds(approval) if approval.decided_by_rule_id else still_entitled(approval)):
        raise Conflict("Whoever approved it may no longer decide; ask again.", code="approval_refused")


def still_entitled(approval: ApprovalRequest) -> bool:
    """Whether as many people as it needed, who may decide now, said so."""
    said = agreed(approval, approval)
    entitled = [row for row in said if row.user.is_active and may_decide(row.user.principal(), approval)]
    return len(entitled) >= approval.quorum


def task_approval(task: Task, approval_id: UUID) -> ApprovalRequest:
    """Return an approval of this task; raises `NotFound`."""
    approval = (
        ApprovalRequest.objects.select_related("task__project", "agent", "decided_by_rule__created_by")
        .filter(id=approval_id, task_id=task.id)
        .first()
    )
    if approval is None:
        raise NotFound("This task has no such approval.")
    return approval


def approval_for_worker(*, principal: Principal, execution_id: UUID, approval_id: UUID) -> ApprovalRequest:
    """Return an approval that the caller's own attempt may read; no lease needed."""
    return task_approval(own_execution(principal, execution_id).task, approval_id)
