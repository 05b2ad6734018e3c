"""What happens below and concerns work, and what work knows for the apps below."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from accounts.events import people_asked
from agents.events import task_budget_set
from audit.models import Event
from common.errors import Invalid
from evidence.events import evidence_contributed
from evidence.models import Evidence
from tasks.events import DECIDERS, MAINTAINERS
from tasks.models import Task
from tasks.permissions import deciders, maintainers


@receiver(evidence_contributed, dispatch_uid="tasks-evidence-contributed")
def refuse_another_projects_task(sender: type[Evidence], evidence: Evidence, **_: Any) -> None:
    """Evidence about a task belongs to the task's project."""
    if evidence.task_id and not is_of_project(evidence.task_id, evidence.project_id):
        raise Invalid("The task is of another project.", errors={"task": ["There is none with this id."]})


@receiver(task_budget_set, dispatch_uid="tasks-task-budget-set")
def refuse_a_budget_of_another_projects_task(sender: object, task_id: UUID, project_id: UUID, **_: Any) -> None:
    """A task's budget names the task's project."""
    if not is_of_project(task_id, project_id):
        raise Invalid("The project has no such task.", errors={"task": ["There is none with this id."]})


def is_of_project(task_id: UUID, project_id: UUID) -> bool:
    return Task.objects.filter(id=task_id, project_id=project_id).exists()


@receiver(people_asked, dispatch_uid="tasks-people-asked")
def who_decides(sender: Any, *, group: str, event: Event, **_: Any) -> Collection[UUID]:
    """Say whom an approval, or a task that is to be signed off, waits for."""
    if (group,) == DECIDERS and event.resource_id:
        return deciders(event.resource_id)
    if (group,) == MAINTAINERS and event.project_id:
        return maintainers(event.project_id)
    return ()
