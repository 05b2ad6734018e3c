"""What happens below and concerns work."""

from typing import Any
from uuid import UUID

from django.dispatch import receiver

from common.errors import Invalid
from evidence.events import evidence_contributed
from evidence.models import Evidence
from tasks.models import Task


@receiver(evidence_contributed, dispatch_uid="tasks-evidence-contributed")
def refuse_another_projects_task(sender: type[Evidence], evidence: Evidence, **_: Any) -> None:
    """Evidence about a task belongs to the task's project."""
    if evidence.task_id and not is_of_project(evidence.task_id, evidence.project_id):
        raise Invalid("The task is of another project.", errors={"task": ["There is none with this id."]})


def is_of_project(task_id: UUID, project_id: UUID) -> bool:
    return Task.objects.filter(id=task_id, project_id=project_id).exists()
