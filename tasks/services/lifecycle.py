"""What people do to whole tasks: close, cancel, reopen, delete and restore them."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.services import record
from common.errors import Conflict
from tasks import events
from tasks.models import Blocker, Execution, Resolution, Task, TaskStatus
from tasks.services.attempts import cancel_live_attempts
from tasks.services.base import lock_in_use, lock_task, subject_of
from tasks.services.editing import naming_what_is_taken
from tasks.services.outcomes import ContractNotMet
from tasks.services.waiting import hold_dependents, recount, tell_dependents
from tasks.services.work_items import close, offer_again, withdraw_approvals


def stop(task: Task, why: str) -> bool:
    """End what runs for a locked task, and take its open questions back. Return whether anything ran."""
    ran = cancel_live_attempts(task, why)
    withdraw_approvals(task)
    return ran


@transaction.atomic
def close_task(*, task: Task, resolution: str, reason: str) -> Task:
    """Close a task in a person's name. Its running attempt loses the lease at once.

    Raises `Conflict` where it is closed, `ContractNotMet` where it shall be completed and a criterion is not met.
    """
    locked = lock_in_use(task)
    if locked.status == TaskStatus.CLOSED:
        raise Conflict("The task is closed already.", code="task_closed")
    stop(locked, f"The task was closed: {reason}")
    try:
        with transaction.atomic():
            close(locked, resolution, reason=reason)
    except IntegrityError as error:
        # The database knows best whether a contract is met; a constraint of another kind is not ours to explain.
        diagnosis = getattr(error.__cause__, "diag", None)
        if resolution != Resolution.COMPLETED or diagnosis is None or diagnosis.constraint_name:
            raise
        raise ContractNotMet(f"{diagnosis.message_primary}.") from error
    return locked


def cancel_task(*, task: Task, reason: str) -> Task:
    """Close a task without a result. Raises `Conflict` where it is closed."""
    return close_task(task=task, resolution=Resolution.CANCELLED, reason=reason)


@transaction.atomic
def reopen_task(*, task: Task, reason: str) -> Task:
    """Offer a blocked or draft task again, or a closed one without an accepted result, with its attempts renewed.

    Who asked how it goes on has the answer now. What waited for it and has not begun is held back again. Raises
    `Conflict` otherwise (an accepted result is final) and while a blocker is open.
    """
    locked = lock_in_use(task)
    if Blocker.objects.filter(task_id=task.id).open().exists():
        raise Conflict("Something still stands in its way: resolve its blockers.", code="blocked")
    accepted = Execution.objects.accepted().filter(task_id=task.id).exists()
    if locked.status not in {TaskStatus.BLOCKED, TaskStatus.DRAFT, TaskStatus.CLOSED} or accepted:
        raise Conflict(
            f"A task that is {locked.get_status_display().lower()} cannot be reopened.", code="not_reopenable"
        )
    was_completed = locked.resolution == Resolution.COMPLETED
    withdraw_approvals(locked)
    recount(locked)
    renewed = {"resolution": None, "closed_at": None, "attempts_left": locked.max_attempts}
    offer_again(locked, events.TASK_REOPENED, at=timezone.now(), reason=reason, **renewed)
    if was_completed:
        hold_dependents(locked)
    return locked


@transaction.atomic
def delete_task(*, task: Task, reason: str) -> Task:
    """Take a task out of use; the log and its rows stay. What runs for it stops; what waits for it is told.

    Raises `Conflict` where it is deleted already.
    """
    locked = lock_in_use(task)
    if stop(locked, f"The task was deleted: {reason}") or locked.status == TaskStatus.IN_PROGRESS:
        offer_again(locked, events.TASK_RELEASED, at=timezone.now(), data={"execution_id": None, "attempt": None})
    Task.all_objects.filter(id=task.id).update(deleted_at=timezone.now())
    locked.refresh_from_db(fields=["deleted_at", "updated_at"])
    record(events.TASK_DELETED, subject_of(locked), reason=reason)
    tell_dependents(locked)
    return locked


@transaction.atomic
def restore_task(*, task: Task, reason: str) -> Task:
    """Put a deleted task back as it was. Raises `Conflict` where it is in use, or its code or number is taken now."""
    locked = lock_task(task.id)
    if locked.deleted_at is None:
        raise Conflict("The task is not deleted.", code="not_deleted")
    with naming_what_is_taken():
        Task.all_objects.filter(id=task.id).update(deleted_at=None)
    locked.refresh_from_db()
    record(events.TASK_RESTORED, subject_of(locked), reason=reason)
    recount(locked)
    return locked
