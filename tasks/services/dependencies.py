"""What a task waits for: adding and removing edges of a graph without cycles."""

from django.db import transaction

from audit.services import record
from common.errors import Conflict, Invalid
from common.models import ClockTimestamp
from tasks import events
from tasks.models import DependencyKind, Resolution, Task, TaskDependency, TaskStatus
from tasks.services.base import lock_in_use, lock_task, subject_of
from tasks.services.graph import lock_graph, needs
from tasks.services.waiting import recount


@transaction.atomic
def add_dependency(
    *, task: Task, depends_on: Task, kind: str = DependencyKind.BLOCKS, reason: str = ""
) -> TaskDependency:
    """Let `task` wait for `depends_on` (`blocks`), or note that they have to do with each other (`relates`).

    An attempt that runs goes on; the next one waits. Raises `Invalid` for a cycle or another project, `Conflict` where
    the edge exists or the task is closed.
    """
    if task.project_id != depends_on.project_id:
        words = "Choose a task of the same project."
        raise Invalid("The other task is of another project.", errors={"depends_on": [words]})
    lock_graph(task.project_id)
    # What comes first is locked first, as where it closes and wakes what waits for it.
    first, locked = lock_in_use(depends_on), lock_in_use(task)
    refuse_edge(locked, first, kind)
    blocks = kind == DependencyKind.BLOCKS
    is_done = first.status == TaskStatus.CLOSED and first.resolution == Resolution.COMPLETED
    dependency = TaskDependency.objects.create(
        task=locked,
        depends_on=first,
        kind=kind,
        reason=reason,
        satisfied_at=ClockTimestamp() if blocks and is_done else None,
    )
    dependency.refresh_from_db()
    record(events.DEPENDENCY_ADDED, subject_of(locked), reason=reason, depends_on_id=str(first.id), kind=str(kind))
    recount(locked)
    return dependency


def refuse_edge(task: Task, first: Task, kind: str) -> None:
    if task.status == TaskStatus.CLOSED:
        raise Conflict("The task is closed; it waits for nothing.", code="task_closed")
    if TaskDependency.objects.filter(task=task, depends_on=first).exists():
        raise Conflict(f"{task.key} and {first.key} are connected already.", code="dependency_exists")
    if kind == DependencyKind.BLOCKS and needs(first.id, task.id):
        words = f"{first.key} waits for {task.key}, directly or by others."
        raise Invalid("That would close a cycle.", code="cycle", errors={"depends_on": [words]})


@transaction.atomic
def remove_dependency(*, dependency: TaskDependency, reason: str = "") -> None:
    """Remove an edge; the task may begin if nothing else holds it back. Removed already: nothing happens."""
    locked = lock_task(dependency.task_id)
    if TaskDependency.objects.filter(id=dependency.id).delete()[0]:
        record(
            events.DEPENDENCY_REMOVED,
            subject_of(locked),
            reason=reason,
            depends_on_id=str(dependency.depends_on_id),
            kind=str(dependency.kind),
        )
        recount(locked)
