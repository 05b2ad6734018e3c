"""Waiting for others: `Task.waiting_on` counts what holds a task back, and decides whether it may be claimed.

The count is never moved by one. It is taken anew under the task's lock, so of two prerequisites that close at the same
moment neither is forgotten, and whatever changes a source only has to say so (`recount`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import Q

from audit.services import record
from common.models import ClockTimestamp
from tasks import events
from tasks.models import Task, TaskDependency, TaskStatus
from tasks.services.base import lock_task, subject_of
from tasks.services.delivery import plan_holds
from tasks.services.holds import Hold, Source, open_handoffs, unmet_dependencies, unmet_words

SOURCES: tuple[Source, ...] = (unmet_dependencies, open_handoffs, plan_holds)


def holds_of(task_ids: Collection[UUID]) -> dict[UUID, list[Hold]]:
    """Return what holds each task back, with as many queries for a hundred tasks as for one."""
    found: dict[UUID, list[Hold]] = defaultdict(list)
    if not task_ids:
        return found
    for source in SOURCES:
        for task_id, hold in source(task_ids):
            found[task_id].append(hold)
    return found


def recount(task: Task) -> None:
    """Count anew what a locked task waits for. An open one can be claimed from the moment nothing is left."""
    holds = holds_of([task.id])[task.id]
    if len(holds) == task.waiting_on:
        return
    turns = task.status == TaskStatus.OPEN and bool(holds) is not bool(task.waiting_on)
    moment = {"claimable_from": None if holds else ClockTimestamp()} if turns else {}
    Task.all_objects.filter(id=task.id).update(waiting_on=len(holds), **moment)
    task.refresh_from_db(fields=["waiting_on", "claimable_from"])
    if turns and holds:
        record(events.TASK_WAITING, subject_of(task), reason=holds[0].words, waiting_on=len(holds))
    elif turns:
        record(events.TASK_UNBLOCKED, subject_of(task))


def recount_all(task_ids: Iterable[UUID]) -> None:
    """Lock and recount several tasks, always in the same order."""
    for task_id in sorted(set(task_ids)):
        recount(lock_task(task_id))


def satisfy_dependents(task: Task) -> None:
    """Let go of those that waited for this task: it is completed."""
    change_dependents(Q(satisfied_at=None), task, satisfied_at=ClockTimestamp())


def hold_dependents(task: Task) -> None:
    """Hold back again those that have not begun: this task is to be done once more."""
    not_begun = Q(task__attempt=0) & ~Q(task__status=TaskStatus.CLOSED)
    change_dependents(Q(satisfied_at__isnull=False) & not_begun, task, satisfied_at=None)


def change_dependents(which: Q, task: Task, **values: object) -> None:
    rows = TaskDependency.objects.filter(which, depends_on_id=task.id, kind="blocks")
    known = list(rows.values_list("id", "task_id"))
    if known:
        TaskDependency.objects.filter(id__in=[row for row, _ in known]).update(**values)
        recount_all(waiting for _, waiting in known)


def tell_dependents(task: Task) -> None:
    """Say to those that wait for this task that it will not be done: they stay held back until a person decides."""
    waiting = TaskDependency.objects.unmet().filter(depends_on_id=task.id).select_related("task__project")
    for row in waiting.order_by("id"):
        record(
            events.TASK_PREREQUISITE_LOST,
            subject_of(row.task),
            reason=unmet_words(task),
            prerequisite_id=str(task.id),
        )
