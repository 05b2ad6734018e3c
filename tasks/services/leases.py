"""Holding a lease: every write of an agent is checked here, under the task's lock, on the database's clock.

The execution's id is the fence and its token is HMAC-SHA256(server key, id): a replayed claim can return it again, and
a worker cannot make one. A write that comes too late changes nothing; it is kept in quarantine and answered with 409.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import transaction

from audit.events import Outcome
from audit.services import Subject, record
from common.context import Principal
from common.errors import Conflict, Forbidden, LeaseLost, NotFound
from common.models import ClockTimestamp
from tasks import events
from tasks.models import Execution, ExecutionStatus, QuarantinedWrite, QuarantineKind, Task
from tasks.services.work_items import block, lock_task, offer_again, subject_of

T = TypeVar("T")
RETRY_BACKOFF_SECONDS = 5
LONGEST_BACKOFF = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Held:
    """Proof that the caller holds the lease now: the locked task, its running attempt, and the time it was checked."""

    task: Task
    execution: Execution
    now: datetime


@dataclass(frozen=True, slots=True)
class LeaseClaim:
    """What a worker shows with each write."""

    principal: Principal
    execution_id: UUID
    token: str


def lease_token(execution_id: UUID) -> str:
    """Return the lease token of an attempt."""
    mac = hmac.new(settings.LEASE_KEY, execution_id.bytes, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def own_execution(principal: Principal, execution_id: UUID) -> Execution:
    """Return the caller's own attempt; another agent's is unknown to it."""
    own = Execution.objects.filter(agent_id=principal.agent_id) if principal.agent_id else Execution.objects.none()
    execution = own.filter(id=execution_id).first()
    if execution is None:
        raise NotFound("No such execution of yours.")
    return execution


def hold(claim: LeaseClaim) -> Held:
    """Lock the task, then judge the lease. Raises `NotFound`, `Forbidden` (a wrong token) or `LeaseLost`.

    The order matters: a time read before the lock is granted would let a write pass that waited past its lease's end.
    """
    task_id = own_execution(claim.principal, claim.execution_id).task_id
    if not hmac.compare_digest(claim.token.encode(), lease_token(claim.execution_id).encode()):
        raise Forbidden("Lease-Token is not the token of this execution.", code="bad_lease_token")
    task = lock_task(task_id)
    execution = Execution.objects.select_related("agent").annotate(now=ClockTimestamp()).get(id=claim.execution_id)
    now: datetime = execution.now  # type: ignore[attr-defined]  # the annotation above
    refusal = why_lost(task, execution, now)
    if refusal:
        raise LeaseLost(refusal)
    return Held(task, execution, now)


def why_lost(task: Task, execution: Execution, now: datetime) -> str:
    """Return why the lease does not hold, or an empty string."""
    if execution.attempt != task.attempt:
        return f"The task is at attempt {task.attempt}; this is attempt {execution.attempt}."
    if execution.status == ExecutionStatus.WAITING_FOR_HITL:
        return "The lease is suspended: the task waits for an answer. Claim again; the claim carries it."
    if execution.status != ExecutionStatus.RUNNING:
        return f"This execution has ended: {execution.get_status_display().lower()}."
    if execution.lease_expires_at is None or execution.lease_expires_at <= now:
        return "The lease ran out before this write arrived."
    return ""


def under_lease(claim: LeaseClaim, kind: QuarantineKind, payload: dict[str, Any], write: Callable[[Held], T]) -> T:
    """Run `write` while the lease holds; a late one is quarantined, logged and refused with `LeaseLost`."""
    try:
        with transaction.atomic():
            return write(hold(claim))
    except LeaseLost as refusal:
        quarantine(claim, kind, payload, refusal.detail)
        raise


@transaction.atomic
def quarantine(claim: LeaseClaim, kind: QuarantineKind, payload: dict[str, Any], reason: str) -> None:
    execution = Execution.objects.select_related("task__project").get(id=claim.execution_id)
    kept = QuarantinedWrite.objects.create(execution=execution, kind=kind, payload=payload, reason=reason)
    record(
        events.LATE_WRITE_REFUSED,
        execution_subject(execution),
        outcome=Outcome.DENIED,
        reason=reason,
        kind=str(kind),
        attempt=execution.attempt,
        quarantine_id=str(kept.id),
    )


def execution_subject(execution: Execution) -> Subject:
    task = execution.task
    return Subject(
        type="execution",
        id=execution.id,
        label=f"{task.key} attempt {execution.attempt}",
        project_id=task.project_id,
        task_id=task.id,
    )


@transaction.atomic
def heartbeat(
    *,
    claim: LeaseClaim,
    progress: int | None = None,
    message: str | None = None,
    usage: dict[str, Any] | None = None,
) -> Execution:
    """Renew the lease from now; note progress (it never goes back) and usage. Not an event. Raises `LeaseLost`."""
    held = hold(claim)
    until = held.now + timedelta(seconds=held.execution.lease_seconds)
    values: dict[str, Any] = {"lease_expires_at": until, "last_heartbeat_at": held.now, **usage_values(usage or {})}
    if progress is not None:
        values["progress"] = max(progress, held.execution.progress)
    if message is not None:
        values["message"] = message
    Execution.objects.filter(id=held.execution.id).update(**values)
    Task.objects.filter(id=held.task.id).update(claimable_from=until)
    held.execution.refresh_from_db()
    return held.execution


def usage_values(usage: dict[str, Any]) -> dict[str, Any]:
    values = {name: usage[name] for name in ("input_tokens", "output_tokens") if usage.get(name) is not None}
    if usage.get("cost_usd") is not None:
        values["cost_usd"] = Decimal(str(usage["cost_usd"]))
    return values


def end_attempt(held: Held, status: ExecutionStatus, **values: Any) -> None:
    """End the held attempt."""
    Execution.objects.filter(id=held.execution.id).update(status=status, ended_at=held.now, **values)
    held.execution.refresh_from_db()


def backoff(attempt: int) -> timedelta:
    """Return the pause after a failed attempt. Attempts have no upper bound (a release costs none), the pause has."""
    doublings = min(attempt - 1, 10)
    return min(timedelta(seconds=RETRY_BACKOFF_SECONDS * 2**doublings), LONGEST_BACKOFF)


def fail_execution(*, claim: LeaseClaim, error: str, retryable: bool) -> Task:
    """Report that the attempt failed. Retryable: offered again after a pause while attempts are left; else blocked."""

    def write(held: Held) -> Task:
        end_attempt(held, ExecutionStatus.FAILURE, error=error)
        record(
            events.EXECUTION_FAILED,
            subject_of(held.task),
            outcome=Outcome.FAILURE,
            reason=error[:2000],
            attempt=held.execution.attempt,
            retryable=retryable,
        )
        if retryable and held.task.attempts_left > 0:
            offer_again(
                held.task,
                events.TASK_RELEASED,
                at=held.now + backoff(held.execution.attempt),
                reason=f"Attempt {held.execution.attempt} failed: {error[:500]}",
                data={"execution_id": str(held.execution.id), "attempt": held.execution.attempt},
            )
        else:
            block(held.task, error)
        return held.task

    return under_lease(claim, QuarantineKind.FAIL, {"error": error, "retryable": retryable}, write)


def release_execution(*, claim: LeaseClaim) -> Task:
    """Give the task back unfinished; the attempt does not count against its limit."""

    def write(held: Held) -> Task:
        end_attempt(held, ExecutionStatus.CANCELLED, error="Given back by its worker.")
        offer_again(
            held.task,
            events.TASK_RELEASED,
            at=held.now,
            attempts_left=held.task.attempts_left + 1,
            data={"execution_id": str(held.execution.id), "attempt": held.execution.attempt},
        )
        return held.task

    return under_lease(claim, QuarantineKind.RELEASE, {}, write)


@transaction.atomic
def direct_execution(*, execution: Execution, directive: str, reason: str) -> Execution:
    """Tell a running attempt to go on, wrap up, stop or ask; its worker hears it with its next heartbeat.

    Raises `Conflict` where the attempt is not running (any more).
    """
    task = lock_task(execution.task_id)
    running = Execution.objects.filter(id=execution.id, status=ExecutionStatus.RUNNING)
    if not running.update(directive=directive):
        raise Conflict("Only a running attempt can be told what to do.", code="not_running")
    execution.refresh_from_db()
    record(
        events.EXECUTION_DIRECTED,
        subject_of(task),
        reason=reason,
        directive=str(directive),
        attempt=execution.attempt,
    )
    return execution
