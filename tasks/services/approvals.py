"""Approvals, failing closed: asked under the lease, decided once by an entitled person, redeemed once before acting."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

import rfc8785
from django.db import transaction
from django.db.models import F

from audit.events import EventType, Outcome
from audit.services import record
from common.context import Principal
from common.errors import Conflict, Forbidden, Invalid, NotFound
from common.models import ClockTimestamp
from tasks import events
from tasks.models import (
    ApprovalAction,
    ApprovalRequest,
    ApprovalResponse,
    ApprovalStatus,
    Execution,
    ExecutionStatus,
    QuarantineKind,
    Task,
    TaskStatus,
)
from tasks.permissions import may_decide
from tasks.services import spending
from tasks.services.attempts import advance
from tasks.services.base import approval_subject, lock_task
from tasks.services.delivery import answered
from tasks.services.leases import Held, LeaseClaim, hold, own_execution, under_lease
from tasks.services.work_items import block

DEFAULT_EXPIRY = timedelta(hours=24)
DEFAULT_OPTIONS = (
    {"key": "approve", "label": "Approve", "action": "approve", "effect": "The step runs as shown, once."},
    {"key": "reject", "label": "Reject", "action": "reject", "effect": "The task is blocked."},
    {"key": "amend", "label": "Amend", "action": "amend", "effect": "The task runs again with your changes."},
)
DECIDED: dict[str, tuple[ApprovalStatus, EventType]] = {
    ApprovalAction.APPROVE: (ApprovalStatus.APPROVED, events.APPROVAL_APPROVED),
    ApprovalAction.REJECT: (ApprovalStatus.REJECTED, events.APPROVAL_REJECTED),
    ApprovalAction.AMEND: (ApprovalStatus.AMENDED, events.APPROVAL_AMENDED),
}


def action_digest(*, task_id: UUID | None, action: dict[str, Any], target_commit: str, nonce: str) -> str:
    """Return SHA-256 over the canonical JSON (RFC 8785) of what is asked: it binds task, action, commit and nonce.

    Raises `Invalid` where the action cannot be canonicalised (an integer beyond 2^53, for example).
    """
    document = {
        "task": str(task_id) if task_id else None,
        "action": action,
        "target_commit": target_commit or None,
        "nonce": nonce,
    }
    try:
        return hashlib.sha256(rfc8785.dumps(document)).hexdigest()
    except rfc8785.CanonicalizationError as error:
        raise Invalid("The action has no canonical form (RFC 8785).", errors={"action": [str(error)]}) from error


def request_approval(
    *,
    claim: LeaseClaim,
    kind: str,
    question: str,
    action: dict[str, Any],
    target_commit: str = "",
    options: list[dict[str, str]] | None = None,
    expires_in: timedelta = DEFAULT_EXPIRY,
) -> ApprovalRequest:
    """Ask a person and park the attempt: its lease is suspended and costs nothing until the answer."""

    def write(held: Held) -> ApprovalRequest:
        nonce = secrets.token_hex(16)
        approval = ApprovalRequest.objects.create(
            project_id=held.task.project_id,
            task=held.task,
            execution=held.execution,
            agent_id=held.execution.agent_id,
            **{"kind": kind} | spending.budget_question(held.execution),
            question=question,
            action=action,
            target_commit=target_commit,
            nonce=nonce,
            digest=action_digest(task_id=held.task.id, action=action, target_commit=target_commit, nonce=nonce),
            options=options or list(DEFAULT_OPTIONS),
            expires_at=held.now + expires_in,
        )
        park(held)
        subject = approval_subject(approval, held.task)
        record(events.APPROVAL_REQUESTED, subject, kind=str(approval.kind), digest=approval.digest)
        return approval

    payload = {"kind": kind, "question": question, "action": action, "target_commit": target_commit}
    return under_lease(claim, QuarantineKind.APPROVAL, payload, write)


def park(held: Held) -> None:
    """Suspend the lease; waiting does not use up an attempt."""
    advance(held.execution.id, ExecutionStatus.WAITING_FOR_HITL, lease_expires_at=None)
    Task.objects.filter(id=held.task.id).update(claimable_from=None, attempts_left=F("attempts_left") + 1)


def respond_to_approval(
    *,
    approval: ApprovalRequest,
    principal: Principal,
    action: str,
    comment: str,
    digest: str,
    amended_content: dict[str, Any] | None = None,
    selected_option: str = "",
) -> ApprovalRequest:
    """Decide. `digest` is that of the request the person was shown. The first deciding answer wins.

    Raises `Forbidden` for those who may not decide, `Invalid` for a missing comment or amendment, `Conflict` for a
    late answer (kept, it does not count) or a digest that differs.
    """
    check_answer(approval, principal, action, comment, digest, amended_content)
    check_option(approval, action, selected_option)
    with transaction.atomic():
        decided = decide(approval, principal, action, comment, amended_content, selected_option)
    if not decided:
        # Overdue, and the sweep that says so has not come by yet.
        overdue = approval.status == ApprovalStatus.PENDING
        state = "expired" if overdue else approval.get_status_display().lower()
        raise Conflict(f"It is {state} already.", code="already_decided")
    return approval


def check_answer(
    approval: ApprovalRequest, principal: Principal, action: str, comment: str, digest: str, amended: Any
) -> None:
    if not may_decide(principal, approval):
        raise Forbidden(
            "Deciders are owners and maintainers of the project who neither asked nor own the asking agent.",
            code="may_not_decide",
        )
    if action not in DECIDED:
        raise Invalid("Unknown answer.", errors={"action": ["Choose approve, reject or amend."]})
    if not comment.strip():
        raise Invalid("Say why: the comment is required.", errors={"comment": ["Required."]})
    if action == ApprovalAction.AMEND and not amended:
        raise Invalid("An amendment needs the amended content.", errors={"amended_content": ["Required."]})
    if digest != approval.digest:
        raise Conflict("This is not the request you were shown; load it again.", code="approval_changed")


def check_option(approval: ApprovalRequest, action: str, key: str) -> None:
    """Raise `Invalid` where the option that is named was not offered, or means another answer."""
    if key and not any(option["key"] == key and option["action"] == action for option in approval.options):
        raise Invalid(
            f"There is no option {key} to {action}.", errors={"selected_option": ["Not one that is offered."]}
        )


def decide(
    approval: ApprovalRequest, principal: Principal, action: str, comment: str, amended: Any, selected_option: str
) -> bool:
    """Write the answer if it is the first; keep it as a late one otherwise. Return whether it counted."""
    task = lock_task(approval.task_id) if approval.task_id else None
    status, event = DECIDED[action]
    counted = bool(
        ApprovalRequest.objects.pending()
        .filter(id=approval.id, expires_at__gt=ClockTimestamp())
        .update(
            status=status,
            decided_at=ClockTimestamp(),
            decided_by_id=principal.user_id,
            comment=comment,
            selected_option=selected_option,
            amended_content=amended if action == ApprovalAction.AMEND else None,
        )
    )
    ApprovalResponse.objects.create(
        approval=approval, user_id=principal.user_id, action=action, comment=comment, counted=counted
    )
    approval.refresh_from_db()
    if counted:
        record(event, approval_subject(approval, task), reason=comment, digest=approval.digest)
        if task:
            go_on(task, approval, str(principal.label))
        answered(approval)
    return counted


def go_on(task: Task, approval: ApprovalRequest, decider: str) -> None:
    """Let a granted task be claimed again; stop a rejected one."""
    if approval.status == ApprovalStatus.REJECTED:
        end_parked(approval, f"{decider} rejected it: {approval.comment}")
        block(task, f"{decider} rejected “{approval.question}”: {approval.comment}")
    else:
        Task.objects.filter(id=task.id, status=TaskStatus.IN_PROGRESS).update(claimable_from=ClockTimestamp())


def end_parked(approval: ApprovalRequest, reason: str) -> None:
    for parked in Execution.objects.filter(approvals=approval, status=ExecutionStatus.WAITING_FOR_HITL):
        advance(parked.id, ExecutionStatus.CANCELLED, error=reason)


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
    decider = approval.decided_by
    if decider is None or not decider.is_active or not may_decide(decider.principal(), approval):
        raise Conflict("Whoever approved it may no longer decide; ask again.", code="approval_refused")


def task_approval(task: Task, approval_id: UUID) -> ApprovalRequest:
    """Return an approval of this task; raises `NotFound`."""
    approval = (
        ApprovalRequest.objects.select_related("task__project", "agent", "decided_by")
        .filter(id=approval_id, task_id=task.id)
        .first()
    )
    if approval is None:
        raise NotFound("This task has no such approval.")
    return approval


def approval_for_worker(*, principal: Principal, execution_id: UUID, approval_id: UUID) -> ApprovalRequest:
    """Return an approval that the caller's own attempt may read; no lease needed."""
    return task_approval(own_execution(principal, execution_id).task, approval_id)


def expire_approvals(limit: int = 100) -> int:
    """Expire the running tenant's overdue requests: their tasks are blocked, nothing runs unapproved."""
    overdue = list(ApprovalRequest.objects.overdue().values_list("id", "task_id")[:limit])
    return sum(expire(approval_id, task_id) for approval_id, task_id in overdue)


@transaction.atomic
def expire(approval_id: UUID, task_id: UUID | None) -> bool:
    task = lock_task(task_id) if task_id else None
    if not ApprovalRequest.objects.overdue().filter(id=approval_id).update(status=ApprovalStatus.EXPIRED):
        return False
    approval = ApprovalRequest.objects.get(id=approval_id)
    record(events.APPROVAL_EXPIRED, approval_subject(approval, task), outcome=Outcome.DENIED, digest=approval.digest)
    end_parked(approval, "The approval expired without an answer.")
    if task:
        block(task, f"Nobody answered “{approval.question}” in time.")
    return True
