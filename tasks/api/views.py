"""Work over HTTP: each action parses, calls one service and answers."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.schema import IDEMPOTENCY_KEY, IF_MATCH
from common.api.serializers import ReasonInput
from common.api.views import VisibleViewSet, require
from common.errors import NotFound
from projects.permissions import can_contribute
from tasks.api import serializers
from tasks.api.filters import ExecutionFilter, TaskFilter
from tasks.api.worker_serializers import EvidenceReceipt
from tasks.models import Execution, Task
from tasks.permissions import can_change_task
from tasks.queries import judged_criteria
from tasks.services import (
    CriterionInput,
    cancel_execution,
    cancel_task,
    close_task,
    create_task,
    delete_task,
    direct_execution,
    reopen_task,
    restore_task,
    set_contract,
    submit_signoff,
    update_task,
)

CONTRIBUTORS_ONLY = "Contributors of the project change its tasks; agents work through the worker protocol."


@extend_schema_view(list=extend_schema(tags=["tasks"]), retrieve=extend_schema(tags=["tasks"]))
class TaskViewSet(VisibleViewSet):
    """Tasks of the projects the caller sees."""

    queryset = Task.all_objects.with_progress().select_related("project")
    serializer_class = serializers.TaskSerializer
    list_serializer_class = serializers.TaskListSerializer
    filterset_class = TaskFilter
    orderings = ("id", "created_at", "updated_at")

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        if self.action == "undelete" or (self.action == "list" and self.request.query_params.get("deleted") == "true"):
            return queryset.deleted_to(self.principal)  # type: ignore[no-any-return]
        return super().narrowed(queryset)

    def shown(self, obj: Any, status: int = 200) -> Response:
        """Show a task with its progress; what a service returns has none."""
        if not hasattr(obj, "progress"):
            obj = Task.objects.with_progress().select_related("project").get(id=obj.id)
        return super().shown(obj, status)

    def changeable(self) -> Task:
        """Return the task if the caller may change it; raises `NotFound` or `Forbidden`."""
        task: Task = self.object_to_change()
        require(can_change_task(self.principal, task), CONTRIBUTORS_ONLY)
        return task

    @extend_schema(
        tags=["tasks"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.TaskInput,
        responses={201: serializers.TaskSerializer},
    )
    def create(self, request: Request) -> Response:
        """Create a task, open or as a draft."""
        given = self.valid(serializers.TaskInput)
        allowed = not self.principal.is_agent and can_contribute(self.principal, given["project"].id)
        require(allowed, CONTRIBUTORS_ONLY)
        return self.shown(create_task(created_by_id=self.principal.user_id, **given), status=201)

    @extend_schema(
        tags=["tasks"],
        parameters=[IF_MATCH],
        request=serializers.TaskChange,
        responses=serializers.TaskSerializer,
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a task that is not closed."""
        task = self.changeable()
        return self.shown(update_task(task=task, **self.valid(serializers.TaskChange, partial=True)))

    @extend_schema(
        tags=["tasks"], parameters=[IDEMPOTENCY_KEY], request=ReasonInput, responses=serializers.TaskSerializer
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Close a task without a result. A running attempt loses its lease at once."""
        return self.shown(cancel_task(task=self.changeable(), **self.valid(ReasonInput)))

    @extend_schema(
        tags=["tasks"], parameters=[IDEMPOTENCY_KEY], request=ReasonInput, responses=serializers.TaskSerializer
    )
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Offer a blocked, draft or unfinished closed task again, with its attempts renewed."""
        return self.shown(reopen_task(task=self.changeable(), **self.valid(ReasonInput)))

    @extend_schema(
        tags=["tasks"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.CloseInput,
        responses=serializers.TaskSerializer,
    )
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """Close a task in a person's name. `completed` is refused while a criterion is not met."""
        return self.shown(close_task(task=self.changeable(), **self.valid(serializers.CloseInput)))

    @extend_schema(tags=["tasks"], parameters=[IF_MATCH], responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a task softly: it can be restored, and the log keeps everything. What runs for it stops."""
        delete_task(task=self.changeable(), reason="Deleted over the API.")
        return Response(status=204)

    @extend_schema(
        tags=["tasks"], parameters=[IDEMPOTENCY_KEY], request=ReasonInput, responses=serializers.TaskSerializer
    )
    @action(detail=True, methods=["post"], url_path="restore")
    def undelete(self, request: Request, pk: str) -> Response:
        """Put a deleted task back. Those who manage the project find it with `?deleted=true`."""
        return self.shown(restore_task(task=self.get_object(), **self.valid(ReasonInput)))

    @extend_schema(tags=["tasks"], operation_id="tasks_contract", responses=serializers.ContractSerializer)
    @action(detail=True, methods=["get"])
    def contract(self, request: Request, pk: str) -> Response:
        """Read the acceptance contract and what each criterion was found to be."""
        task = self.get_object()
        if not task.contracts.exists():
            raise NotFound("The task has no acceptance contract.", code="no_contract")
        return self.contract_of(task)

    @extend_schema(
        tags=["tasks"],
        operation_id="tasks_set_contract",
        request=serializers.ContractInput,
        responses={201: serializers.ContractSerializer},
    )
    @contract.mapping.put
    def set_contract(self, request: Request, pk: str) -> Response:
        """Give a task its acceptance contract: once, before its first claim."""
        task = self.changeable()
        criteria = [CriterionInput(**given) for given in self.valid(serializers.ContractInput)["criteria"]]
        set_contract(task=task, criteria=criteria)
        return self.contract_of(task, status=201)

    def contract_of(self, task: Task, status: int = 200) -> Response:
        shown = serializers.ContractSerializer({"task": task.id, "criteria": judged_criteria(task)})
        return Response(shown.data, status=status)

    @extend_schema(
        tags=["tasks"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.SignoffInput,
        responses={201: EvidenceReceipt},
    )
    @action(detail=True, methods=["post"], write_scope="approve")
    def signoff(self, request: Request, pk: str) -> Response:
        """Give a maintainer's verdict on a task in review. It is kept as evidence."""
        task: Task = self.get_object()
        verdict = self.valid(serializers.SignoffInput)
        evidence = submit_signoff(task=task, principal=self.principal, **verdict)
        return Response(EvidenceReceipt(evidence).data, status=201)


@extend_schema_view(list=extend_schema(tags=["executions"]), retrieve=extend_schema(tags=["executions"]))
class ExecutionViewSet(VisibleViewSet):
    """Runs of visible tasks."""

    queryset = Execution.objects.select_related("task__project")
    serializer_class = serializers.ExecutionSerializer
    list_serializer_class = serializers.ExecutionListSerializer
    filterset_class = ExecutionFilter

    @extend_schema(
        tags=["executions"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.DirectInput,
        responses=serializers.ExecutionSerializer,
    )
    @action(detail=True, methods=["post"])
    def direct(self, request: Request, pk: str) -> Response:
        """Tell a running attempt to go on, wrap up, stop or ask; its worker hears it with its next heartbeat."""
        execution: Execution = self.get_object()
        require(can_change_task(self.principal, execution.task), CONTRIBUTORS_ONLY)
        return self.shown(direct_execution(execution=execution, **self.valid(serializers.DirectInput)))

    @extend_schema(
        tags=["executions"],
        parameters=[IDEMPOTENCY_KEY],
        request=ReasonInput,
        responses=serializers.ExecutionSerializer,
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop a run. Its worker hears `stop` with its next heartbeat and gets no more time; the task is blocked."""
        execution: Execution = self.get_object()
        require(can_change_task(self.principal, execution.task), CONTRIBUTORS_ONLY)
        return self.shown(cancel_execution(execution=execution, **self.valid(ReasonInput)))
