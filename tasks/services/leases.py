"""Holding a lease: every write of an agent is checked here, under the task's lock, on the database's clock.

The execution's id is the fence and its token is HMAC-SHA256(server key, id): a replayed claim can return it again, and
a worker cannot make one. A write that comes too late changes nothing; it is kept in quarantine and answered with 409.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import transaction

from audit.events import Outcome
from audit.services import record
from common.context import Principal
from common.errors import Conflict, Forbidden, LeaseLost, NotFound
from common.models import ClockTimestamp
from tasks import events
from tasks.models import Directive, Execution, ExecutionStatus, QuarantinedWrite, QuarantineKind, Task
from tasks.services import spending
from tasks.services.attempts import advance, cancel_attempt
from tasks.services.base import execution_subject, lock_task, subject_of
from tasks.services.limits import lease_end
from tasks.services.retries import after_failure, is_retryable, pause
from tasks.services.work_items import block, offer_again

T = TypeVar("T")


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


def lease_token(execution_id: UUID, key: bytes | None = None) -> str:
    """Return the lease token of an attempt, made with the newest of the keys."""
    mac = hmac.new(key or settings.LEASE_KEYS[0], execution_id.bytes, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def is_token_of(execution_id: UUID, token: str) -> bool:
    """Whether one of the keys made the token: leases outlive a rotation."""
    made = [lease_token(execution_id, key).encode() for key in settings.LEASE_KEYS]
    return any([hmac.compare_digest(token.encode(), one) for one in made])


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
    if not is_token_of(claim.execution_id, claim.token):
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


@transaction.atomic
def heartbeat(
    *,
    claim: LeaseClaim,
    progress: int | None = None,
    message: str | None = None,
    usage: dict[str, Any] | None = None,
) -> Execution:
    """Renew the lease from now; note progress (it never goes back) and usage. Not an event. Raises `LeaseLost`.

    Past the soft limit it tells the worker to wrap up. An attempt that was told to stop gets no more time.
    """
    held = hold(claim)
    execution = held.execution
    values = usage_values(usage or {})
    if message is not None:
        values["message"] = message
    if progress is not None and progress > execution.progress:
        values["progress"] = progress
    if any(getattr(execution, name) != value for name, value in values.items()):
        values["last_activity_at"] = held.now
    renew(held, beat=held.now, **values)
    if execution.soft_limit_at and execution.soft_limit_at <= held.now and execution.directive == Directive.CONTINUE:
        direct(held.task, execution, Directive.WRAP_UP, "The soft limit is reached.")
    agent = execution.agent
    execution.refresh_from_db()
    spending.steer(execution, agent)
    if execution.cancel_requested_at:
        execution.notes = (execution.error, *execution.notes)
    return execution


def renew(held: Held, *, beat: datetime, **values: Any) -> None:
    """Write `values` to the held attempt, and let its lease and the claim end where its limits now say."""
    execution = held.execution
    active = values.get("last_activity_at") or execution.last_activity_at or held.now
    until = lease_end(held.task, execution, beat=beat, active=active)
    if execution.cancel_requested_at is None:
        values["lease_expires_at"] = until
        if until != execution.lease_expires_at:
            Task.objects.filter(id=held.task.id).update(claimable_from=until)
    Execution.objects.filter(id=execution.id).update(last_heartbeat_at=beat, **values)


def note_activity(held: Held, **values: Any) -> None:
    """Note that the attempt shows work (output, evidence): its time of inactivity begins anew."""
    beat = held.execution.last_heartbeat_at or held.now
    renew(held, beat=beat, last_activity_at=held.now, **values)


def usage_values(usage: dict[str, Any]) -> dict[str, Any]:
    values = {name: usage[name] for name in ("input_tokens", "output_tokens") if usage.get(name) is not None}
    if usage.get("cost_usd") is not None:
        values["cost_usd"] = Decimal(str(usage["cost_usd"]))
    return values


def end_attempt(held: Held, status: ExecutionStatus, **values: Any) -> None:
    """End the held attempt."""
    advance(held.execution.id, status, ended_at=held.now, **values)
    held.execution.refresh_from_db()


def fail_execution(
    *,
    claim: LeaseClaim,
    error: str,
    retryable: bool | None = None,
    error_code: str = "",
    error_category: str | None = None,
    usage: dict[str, Any] | None = None,
    retry_after: int | None = None,
) -> Task:
    """Report that the attempt failed. Retryable: offered again after a pause while attempts are left.

    Otherwise its backup takes over; without one the task is blocked. `retry_after` are the seconds for which the
    model's provider refuses the agent: its quota pool is shut so long.

    Raises `Invalid` where nobody says whether another try makes sense, `LeaseLost`.
    """
    again = is_retryable(retryable, error_code, error_category)
    facts: dict[str, Any] = {"retryable": again, "error_code": error_code, "error_category": error_category}

    def write(held: Held) -> Task:
        end_attempt(held, ExecutionStatus.FAILURE, error=error, **facts, **usage_values(usage or {}))
        spending.provider_refused(held.execution, retry_after)
        record(
            events.EXECUTION_FAILED,
            subject_of(held.task),
            outcome=Outcome.FAILURE,
            reason=error[:2000],
            attempt=held.execution.attempt,
            **facts,
        )
        tries_again = again and held.task.attempts_left > 0
        words = f"Attempt {held.execution.attempt} failed: {error[:500]}" if tries_again else error
        after_failure(held.task, held.execution, words, retryable=again, at=held.now + pause(held.execution.attempt))
        return held.task

    return under_lease(claim, QuarantineKind.FAIL, {"error": error, **facts}, write)


def release_execution(*, claim: LeaseClaim) -> Task:
    """Give the task back unfinished; the attempt does not count against its limit. One that was told to stop has."""

    def write(held: Held) -> Task:
        execution = held.execution
        if execution.cancel_requested_at:
            cancel_attempt(held.task, execution, execution.error)
            block(held.task, execution.error)
        else:
            end_attempt(held, ExecutionStatus.CANCELLED, error="Given back by its worker.")
            give_back(held.task, execution, at=held.now)
        return held.task

    return under_lease(claim, QuarantineKind.RELEASE, {}, write)


def give_back(task: Task, execution: Execution, *, at: datetime, reason: str = "") -> None:
    """Offer a locked task again after an attempt that counts for nothing."""
    offer_again(
        task,
        events.TASK_RELEASED,
        at=at,
        reason=reason,
        attempts_left=task.attempts_left + 1,
        data={"execution_id": str(execution.id), "attempt": execution.attempt},
    )


@transaction.atomic
def direct_execution(*, execution: Execution, directive: str, reason: str) -> Execution:
    """Tell a running attempt to go on, wrap up, stop or ask; its worker hears it with its next heartbeat.

    Raises `Conflict` where the attempt is not running (any more).
    """
    task, current = locked_attempt(execution)
    if current.status != ExecutionStatus.RUNNING:
        raise Conflict("Only a running attempt can be told what to do.", code="not_running")
    # A person who lets it go on has the last word about its soft limit.
    more = {"soft_limit_at": None} if directive == Directive.CONTINUE else {}
    direct(task, current, directive, reason, **more)
    current.refresh_from_db()
    return current


def locked_attempt(execution: Execution) -> tuple[Task, Execution]:
    """Lock the task of an attempt; return both as they are now."""
    task = lock_task(execution.task_id)
    return task, Execution.objects.select_related("task__project", "agent").get(id=execution.id)


def direct(task: Task, execution: Execution, directive: str, reason: str, **values: Any) -> None:
    Execution.objects.filter(id=execution.id).update(directive=directive, **values)
    record(
        events.EXECUTION_DIRECTED,
        subject_of(task),
        reason=reason,
        directive=str(directive),
        attempt=execution.attempt,
    )
