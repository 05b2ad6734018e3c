"""Bases of what belongs to one task or one gate and is listed below its path."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from common.api.views import VisibleViewSet, require
from common.errors import NotFound
from projects.models import Gate
from tasks.models import Task
from tasks.permissions import can_change_journal

JOURNAL_RIGHTS = "Contributors of the project write here; agents work through the worker protocol."
OF_TASK = [OpenApiParameter("task_id", OpenApiTypes.UUID, OpenApiParameter.PATH)]
OF_GATE = [OpenApiParameter("gate_id", OpenApiTypes.UUID, OpenApiParameter.PATH)]


class TaskPartViewSet(VisibleViewSet):
    """Rows of one task."""

    def task(self) -> Task:
        """Return the task of the URL; raises `NotFound`."""
        visible = Task.objects.visible_to(self.principal).select_related("project")
        task = visible.filter(id=self.kwargs["task_id"]).first()
        if task is None:
            raise NotFound("It does not exist, or you may not see it.")
        return task

    def writable_task(self) -> Task:
        """Return the task if the caller may write about it; raises `NotFound` or `Forbidden`."""
        task = self.task()
        require(can_change_journal(self.principal, task.project_id), JOURNAL_RIGHTS)
        return task

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        return super().narrowed(queryset).filter(task_id=self.task().id)


class GatePartViewSet(VisibleViewSet):
    """Rows of one gate."""

    def gate(self) -> Gate:
        """Return the gate of the URL; raises `NotFound`."""
        visible = Gate.objects.visible_to(self.principal).select_related("phase__plan")
        gate = visible.filter(id=self.kwargs["gate_id"]).first()
        if gate is None:
            raise NotFound("It does not exist, or you may not see it.")
        return gate

    def writable_gate(self) -> Gate:
        """Return the gate if the caller may write about it; raises `NotFound` or `Forbidden`."""
        gate = self.gate()
        require(can_change_journal(self.principal, gate.phase.plan.project_id), JOURNAL_RIGHTS)
        return gate

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        return super().narrowed(queryset).filter(gate_id=self.gate().id)
