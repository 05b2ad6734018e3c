"""How work is named in the log and how a task is locked: what every service of work begins with."""

from typing import Any
from uuid import UUID

from audit.services import Subject
from common.errors import Conflict
from tasks.models import Execution, Task


def subject_of(task: Task) -> Subject:
    return Subject(
        type="task", id=task.id, label=f"{task.key} {task.title}", project_id=task.project_id, task_id=task.id
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


def approval_subject(approval: Any, task: Task | None) -> Subject:
    return Subject(
        type="approval",
        id=approval.id,
        label=f"{task.key}: {approval.question}" if task else approval.question,
        project_id=approval.project_id,
        task_id=task.id if task else None,
    )


def lock_task(task_id: UUID) -> Task:
    """Lock a task's row: every change of its state and of its attempts goes through this lock."""
    # A deleted one too: its attempts still have to end.
    return Task.all_objects.select_related("project").select_for_update(of=("self",)).get(id=task_id)


def lock_in_use(task: Task) -> Task:
    """Lock a task that nobody has deleted; raises `Conflict`."""
    locked = lock_task(task.id)
    if locked.deleted_at:
        raise Conflict("The task is deleted; restore it first.", code="task_deleted")
    return locked
