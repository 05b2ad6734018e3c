"""What a task has around it: parts, dependencies and assignments."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.schema import IDEMPOTENCY_KEY
from common.api.views import VisibleViewSet, require
from common.errors import NotFound
from projects.permissions import can_contribute
from tasks.api import relation_serializers as messages
from tasks.api.filters import AssignmentFilter, ChildFilter, DependencyFilter, TaskAssignmentFilter
from tasks.api.serializers import TaskListSerializer
from tasks.api.views import CONTRIBUTORS_ONLY
from tasks.models import Assignment, Task, TaskDependency
from tasks.permissions import can_change_task
from tasks.services import add_dependency, assign, end_assignment, remove_dependency

OF_TASK = [OpenApiParameter("task_id", OpenApiTypes.UUID, OpenApiParameter.PATH)]
TAGS = ["tasks"]


class OfTaskViewSet(VisibleViewSet):
    """Rows of one task."""

    def task(self) -> Task:
        """Return the task of the URL; raises `NotFound`."""
        visible = Task.objects.visible_to(self.principal).select_related("project")
        task = visible.filter(id=self.kwargs["task_id"]).first()
        if task is None:
            raise NotFound("It does not exist, or you may not see it.")
        return task

    def changeable_task(self) -> Task:
        task = self.task()
        require(can_change_task(self.principal, task), CONTRIBUTORS_ONLY)
        return task


@extend_schema_view(list=extend_schema(tags=TAGS, parameters=OF_TASK, operation_id="tasks_children"))
class ChildrenViewSet(OfTaskViewSet):
    """The parts of a task."""

    queryset = Task.objects.with_progress().select_related("project")
    serializer_class = TaskListSerializer
    filterset_class = ChildFilter

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        return super().narrowed(queryset).filter(parent=self.task())


@extend_schema_view(list=extend_schema(tags=TAGS, parameters=OF_TASK))
class DependencyViewSet(OfTaskViewSet):
    """What a task waits for."""

    queryset = TaskDependency.objects.select_related("depends_on__project")
    serializer_class = messages.DependencySerializer
    filterset_class = DependencyFilter

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        return super().narrowed(queryset).filter(task=self.task())

    @extend_schema(
        tags=TAGS,
        parameters=[*OF_TASK, IDEMPOTENCY_KEY],
        request=messages.DependencyInput,
        responses={201: messages.DependencySerializer},
    )
    def create(self, request: Request, task_id: str) -> Response:
        """Let the task wait for another one. A cycle is refused."""
        task = self.changeable_task()
        return self.shown(add_dependency(task=task, **self.valid(messages.DependencyInput)), status=201)

    @extend_schema(tags=TAGS, parameters=OF_TASK, responses={204: None})
    def destroy(self, request: Request, task_id: str, pk: str) -> Response:
        """Remove a dependency."""
        self.changeable_task()
        remove_dependency(dependency=self.get_object())
        return Response(status=204)


@extend_schema_view(list=extend_schema(tags=TAGS, parameters=OF_TASK))
class TaskAssignmentViewSet(OfTaskViewSet):
    """Who has a role in one task, or in its group with the task in scope."""

    queryset = Assignment.objects.all()
    serializer_class = messages.AssignmentSerializer
    filterset_class = TaskAssignmentFilter

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        return super().narrowed(queryset.covering(self.task()))

    @extend_schema(
        tags=TAGS,
        parameters=[*OF_TASK, IDEMPOTENCY_KEY],
        request=messages.TaskAssignmentInput,
        responses={201: messages.AssignmentSerializer},
    )
    def create(self, request: Request, task_id: str) -> Response:
        """Give somebody a role in the task."""
        task = self.changeable_task()
        return self.shown(assign(task=task, **self.valid(messages.TaskAssignmentInput)), status=201)


@extend_schema_view(list=extend_schema(tags=["assignments"]), retrieve=extend_schema(tags=["assignments"]))
class AssignmentViewSet(VisibleViewSet):
    """Who has which role in tasks and groups. What has ended stays as history."""

    queryset = Assignment.objects.select_related("task__project", "group")
    serializer_class = messages.AssignmentSerializer
    filterset_class = AssignmentFilter

    @extend_schema(
        tags=["assignments"],
        parameters=[IDEMPOTENCY_KEY],
        request=messages.AssignmentInput,
        responses={201: messages.AssignmentSerializer},
    )
    def create(self, request: Request) -> Response:
        """Give somebody a role in a task or a group."""
        given = self.valid(messages.AssignmentInput)
        task, group = given.get("task"), given.get("group")
        project_id = task.project_id if task else group.phase.plan.project_id if group else None
        allowed = project_id is None or can_contribute(self.principal, project_id)
        require(allowed and not self.principal.is_agent, CONTRIBUTORS_ONLY)
        return self.shown(assign(**given), status=201)

    @extend_schema(tags=["assignments"], responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """End an assignment."""
        assignment: Assignment = self.get_object()
        allowed = not self.principal.is_agent and can_contribute(self.principal, assignment.project_id)
        require(allowed, CONTRIBUTORS_ONLY)
        end_assignment(assignment=assignment)
        return Response(status=204)
