"""Many tasks in one request: all or nothing, and a problem names each item that was refused."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.schema import IDEMPOTENCY_KEY
from common.api.views import ApiView, require
from common.errors import Invalid
from projects.permissions import can_contribute
from tasks.api import relation_serializers as messages
from tasks.api.views import CONTRIBUTORS_ONLY
from tasks.models import Task
from tasks.services import bulk_assign, bulk_close, bulk_create, bulk_update

MAX_BODY = 2 * 1024 * 1024


class BulkView(ApiView):
    max_body = MAX_BODY

    def require_contributor(self, project_ids: Iterable[UUID]) -> None:
        allowed = not self.principal.is_agent and all(can_contribute(self.principal, one) for one in set(project_ids))
        require(allowed, CONTRIBUTORS_ONLY)

    def tasks(self, ids: Sequence[UUID], field: str = "") -> list[Task]:
        """Return the tasks in the order of `ids`; raises `Invalid` for one that is named twice or cannot be seen."""
        visible = Task.objects.visible_to(self.principal).select_related("project").in_bulk(ids)
        problems: dict[str, list[str]] = {}
        for at, one in enumerate(ids):
            if one not in visible:
                problems[f"items[{at}]{field}"] = ["There is none with this id."]
            elif one in ids[:at]:
                problems[f"items[{at}]{field}"] = ["Named twice."]
        if problems:
            raise Invalid("Some tasks are not to be found.", errors=problems)
        self.require_contributor(task.project_id for task in visible.values())
        return [visible[one] for one in ids]

    def answer(self, tasks: Sequence[Task], status: int = 200) -> Response:
        shown = Task.objects.with_progress().select_related("project").in_bulk([task.id for task in tasks])
        return Response(messages.BulkAnswer({"items": [shown[task.id] for task in tasks]}).data, status=status)


class BulkTasksView(BulkView):
    @extend_schema(
        tags=["tasks"],
        operation_id="tasks_bulk_create",
        parameters=[IDEMPOTENCY_KEY],
        request=messages.BulkCreateInput,
        responses={201: messages.BulkAnswer},
    )
    def post(self, request: Request) -> Response:
        """Create up to a hundred tasks."""
        items: list[Any] = self.valid(messages.BulkCreateInput)["items"]
        self.require_contributor(item["project"].id for item in items)
        return self.answer(bulk_create(items=items, created_by_id=self.principal.user_id), status=201)

    @extend_schema(
        tags=["tasks"],
        operation_id="tasks_bulk_update",
        request=messages.BulkChangeInput,
        responses=messages.BulkAnswer,
    )
    def patch(self, request: Request) -> Response:
        """Change up to a hundred tasks."""
        items: list[Any] = self.valid(messages.BulkChangeInput)["items"]
        tasks = self.tasks([item.pop("id") for item in items], field=".id")
        return self.answer(bulk_update(items=[item | {"task": task} for item, task in zip(items, tasks, strict=True)]))


class BulkAssignView(BulkView):
    @extend_schema(
        tags=["tasks"],
        operation_id="tasks_bulk_assign",
        parameters=[IDEMPOTENCY_KEY],
        request=messages.BulkAssignInput,
        responses=messages.BulkAnswer,
    )
    def post(self, request: Request) -> Response:
        """Give up to a hundred tasks to one person or agent, or to nobody in particular."""
        given = self.valid(messages.BulkAssignInput)
        user, agent = given.get("assigned_user"), given.get("assigned_agent")
        tasks = self.tasks(given["items"])
        return self.answer(bulk_assign(tasks=tasks, user=user, agent=agent, reason=given["reason"]))


class BulkCloseView(BulkView):
    @extend_schema(
        tags=["tasks"],
        operation_id="tasks_bulk_close",
        parameters=[IDEMPOTENCY_KEY],
        request=messages.BulkCloseInput,
        responses=messages.BulkAnswer,
    )
    def post(self, request: Request) -> Response:
        """Close up to a hundred tasks."""
        given = self.valid(messages.BulkCloseInput)
        tasks = self.tasks(given.pop("items"))
        return self.answer(bulk_close(tasks=tasks, **given))
