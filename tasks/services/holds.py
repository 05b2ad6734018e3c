"""What may hold a task back, in words a person can act on."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F

from tasks.models import Handoff, HandoffStatus, Resolution, Task, TaskDependency, TaskStatus


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason why a task may not start: the row it comes from, and what is to be done about it."""

    kind: str
    id: UUID
    words: str


Source = Callable[[Collection[UUID]], Iterator[tuple[UUID, Hold]]]


def unmet_dependencies(task_ids: Collection[UUID]) -> Iterator[tuple[UUID, Hold]]:
    """Yield what each task waits for. A prerequisite that was given up holds on, until a person decides."""
    rows = (
        TaskDependency.objects.unmet()
        .filter(task_id__in=task_ids)
        .select_related("depends_on__project")
        .only(
            "task_id",
            "reason",
            "depends_on__number",
            "depends_on__status",
            "depends_on__resolution",
            "depends_on__deleted_at",
            "depends_on__project__key",
        )
        .order_by("id")
    )
    for row in rows:
        why = f" ({row.reason})" if row.reason else ""
        words = unmet_words(row.depends_on)
        yield row.task_id, Hold("dependency", row.id, f"{words.removesuffix('.')}{why}.")


def unmet_words(task: Task) -> str:
    if task.deleted_at:
        return f"{task.key} was deleted: restore it, or remove the dependency."
    if task.status == TaskStatus.CLOSED and task.resolution:
        word = Resolution(task.resolution).label.lower()
        return f"{task.key} was closed as {word}: reopen it, or remove the dependency."
    return f"Waits for {task.key}."


def open_handoffs(task_ids: Collection[UUID]) -> Iterator[tuple[UUID, Hold]]:
    """Yield the last handoff of each task, or of its group, if nobody has answered it. Refused, the work stays here."""
    offered = Handoff.objects.exclude(status=HandoffStatus.DRAFT).order_by()
    ways = (
        offered.filter(task_id__in=task_ids).annotate(held=F("task_id")),
        offered.filter(group__tasks__id__in=task_ids).annotate(held=F("group__tasks__id")),
    )
    for found in ways:
        last = found.order_by("held", "-id").distinct("held").values_list("held", "id", "status")
        for task_id, handoff_id, status in last:
            if status == HandoffStatus.PENDING:
                yield task_id, Hold("handoff", handoff_id, "The handoff to its next worker is not answered yet.")
