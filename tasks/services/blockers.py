"""What stands in a task's way: it stops the task, and resolving the last one lets it go on."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from agents.models import Agent
from audit.services import Subject, record
from common.context import Principal
from common.duplicates import refusing_duplicates
from common.errors import Conflict
from tasks import events
from tasks.models import Blocker, Execution, ExecutionStatus, Task, TaskStatus
from tasks.services.actors import acted_by
from tasks.services.attempts import cancel_live_attempts
from tasks.services.base import lock_task
from tasks.services.waiting import recount
from tasks.services.work_items import block, offer_again, withdraw_approvals

BLOCKABLE = frozenset({TaskStatus.OPEN, TaskStatus.IN_PROGRESS, TaskStatus.BLOCKED})


def blocker_subject(blocker: Blocker, task: Task) -> Subject:
    return Subject(
        type="blocker",
        id=blocker.id,
        label=f"{task.key}: {blocker.reason}",
        project_id=task.project_id,
        task_id=task.id,
    )


@transaction.atomic
def open_blocker(
    *,
    task: Task,
    reason: str,
    unblock_steps: str = "",
    commands: Sequence[str] = (),
    owner: User | None = None,
    owner_agent: Agent | None = None,
) -> Blocker:
    """Stop a task and say why, and how to get it going again. A running attempt ends here and costs none.

    Raises `Conflict` for a task that does not run or wait to run, or where the same blocker is open already.
    """
    locked = lock_task(task.id)
    if locked.status not in BLOCKABLE:
        state = locked.get_status_display().lower()
        raise Conflict(f"A task that is {state} cannot be blocked.", code="not_blockable")
    with refusing_duplicates("This blocker is open already.", code="blocker_open"):
        blocker = Blocker.objects.create(
            task=locked,
            reason=reason,
            unblock_steps=unblock_steps,
            commands=list(commands),
            owner=owner,
            owner_agent=owner_agent,
        )
    record(events.BLOCKER_OPENED, blocker_subject(blocker, locked), reason=reason)
    end_live_attempt(locked, reason)
    if locked.status != TaskStatus.BLOCKED:
        block(locked, reason)
    return blocker


def end_live_attempt(task: Task, reason: str) -> None:
    """End the running or parked attempt of a locked task; it does not count against the limit."""
    withdraw_approvals(task)
    running = Execution.objects.filter(task_id=task.id, status=ExecutionStatus.RUNNING).exists()
    ended = cancel_live_attempts(task, f"The task was blocked: {reason}")
    if ended and running:  # a parked one gave its attempt back when it was parked
        Task.objects.filter(id=task.id).update(attempts_left=task.attempts_left + 1)
        task.refresh_from_db(fields=["attempts_left"])


@transaction.atomic
def resolve_blocker(*, blocker: Blocker, principal: Principal, resolution: str) -> Blocker:
    """Say what was done about it. With the last one the task is offered again; otherwise the next one is its reason.

    Raises `Conflict` where it is resolved already.
    """
    task = lock_task(blocker.task_id)
    who = acted_by(principal, user="resolved_by", agent="resolved_by_agent")
    still_open = Blocker.objects.filter(id=blocker.id).open()
    if not still_open.update(resolved_at=Now(), resolution=resolution, **who):
        raise Conflict("The blocker is resolved already.", code="blocker_resolved")
    blocker.refresh_from_db()
    record(events.BLOCKER_RESOLVED, blocker_subject(blocker, task), reason=resolution)
    if task.status == TaskStatus.BLOCKED:
        go_on(task, resolution)
    return blocker


def go_on(task: Task, resolution: str) -> None:
    """Offer a locked task again, or name what blocks it now."""
    left = Blocker.objects.filter(task_id=task.id).open().order_by("id").first()
    if left:
        block(task, left.reason)
        return
    recount(task)
    withdraw_approvals(task)
    attempts = task.attempts_left or task.max_attempts
    offer_again(task, events.TASK_REOPENED, at=timezone.now(), reason=resolution, attempts_left=attempts)
