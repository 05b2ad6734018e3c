"""Stopping an attempt: asked of its worker first, by force where it does not listen; or taken away at once."""

from django.db import transaction

from audit.services import record
from common.errors import Conflict
from common.models import ClockTimestamp
from tasks import events
from tasks.models import ENDED, Directive, Execution, ExecutionStatus, Task
from tasks.services.attempts import cancel_attempt
from tasks.services.base import subject_of
from tasks.services.claims import clock
from tasks.services.leases import give_back, locked_attempt
from tasks.services.work_items import block, withdraw_approvals


@transaction.atomic
def cancel_execution(*, execution: Execution, reason: str) -> Execution:
    """Stop an attempt. Its worker hears `stop` with the next heartbeat and gets no more time; the sweep does the rest.

    Then the task is blocked: what a person stopped does not begin again by itself. An attempt that waits for an answer
    ends at once. Asked again it changes nothing. Raises `Conflict` where the attempt has ended.
    """
    task, current = locked_attempt(execution)
    if current.status in ENDED:
        raise Conflict("The attempt has ended already.", code="already_ended")
    if current.status == ExecutionStatus.RUNNING:
        ask_to_stop(task, current, reason)
    else:
        cancel_attempt(task, current, reason)
        withdraw_approvals(task)
        block(task, f"Its run was cancelled: {reason}")
    current.refresh_from_db()
    return current


def ask_to_stop(task: Task, execution: Execution, reason: str) -> None:
    if execution.cancel_requested_at:
        return
    Execution.objects.filter(id=execution.id).update(
        cancel_requested_at=ClockTimestamp(), directive=Directive.STOP, error=f"Its run was cancelled: {reason}"
    )
    # Nobody takes it over when the lease ends: the sweep ends the attempt and blocks the task.
    Task.all_objects.filter(id=task.id).update(claimable_from=None)
    record(events.EXECUTION_CANCEL_REQUESTED, subject_of(task), reason=reason, attempt=execution.attempt)


@transaction.atomic
def take_lease(*, execution: Execution, reason: str) -> Execution:
    """Take a running attempt's lease away at once and offer the task again; the attempt does not count.

    Raises `Conflict` where it is not running.
    """
    task, current = locked_attempt(execution)
    if current.status != ExecutionStatus.RUNNING:
        raise Conflict("Only a running attempt holds a lease.", code="not_running")
    cancel_attempt(task, current, f"Its lease was taken away: {reason}")
    give_back(task, current, at=clock(task), reason=reason)
    current.refresh_from_db()
    return current
