"""The states of a task. These few changes, on a task that is locked, are what every service of work is made of."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from audit.events import EventType
from audit.services import record
from tasks import events
from tasks.models import Resolution, Task, TaskStatus
from tasks.services.base import approval_subject, subject_of
from tasks.services.delivery import tell_group
from tasks.services.waiting import satisfy_dependents, tell_dependents


def move(task: Task, status: str, event: EventType, *, reason: str = "", **values: Any) -> None:
    """Change the status of a locked task and record it. `values` are further columns and, in `data`, the payload."""
    data = values.pop("data", {})
    Task.all_objects.filter(id=task.id).update(status=status, status_reason=reason, **values)
    task.refresh_from_db(fields=["status", "status_reason", *values])
    record(event, subject_of(task), reason=reason, **data)


def block(task: Task, reason: str) -> None:
    """Stop a locked task until a person reopens it; the reason says what went wrong."""
    words = reason.strip()[:2000] or "No reason was given."
    move(task, TaskStatus.BLOCKED, events.TASK_BLOCKED, reason=words, claimable_from=None)


def offer_again(task: Task, event: EventType, *, at: datetime, reason: str = "", **values: Any) -> None:
    """Make a locked task claimable from `at` on, or once what it waits for is done."""
    move(task, TaskStatus.OPEN, event, reason=reason, claimable_from=None if task.waiting_on else at, **values)


def close(task: Task, resolution: str, *, reason: str = "", **values: Any) -> None:
    """Close a locked task. The database refuses `completed` while a criterion is not met.

    What waited for it may begin where it was completed, and stays held back, with that reason, where it was not.
    """
    cancelled = resolution == Resolution.CANCELLED
    move(
        task,
        TaskStatus.CLOSED,
        events.TASK_CANCELLED if cancelled else events.TASK_CLOSED,
        reason=reason,
        resolution=resolution,
        closed_at=timezone.now(),
        claimable_from=None,
        data={} if cancelled else {"resolution": str(resolution)},
        **values,
    )
    tell_group(task)
    if resolution == Resolution.COMPLETED:
        satisfy_dependents(task)
    else:
        tell_dependents(task)


def withdraw_approvals(task: Task) -> None:
    """Nobody needs to answer for a task that does not go on."""
    for approval in task.approvals.pending():
        type(approval).objects.filter(id=approval.id).update(status="cancelled")
        record(events.APPROVAL_CANCELLED, approval_subject(approval, task), digest=approval.digest)
