"""Checklists of tasks and gates over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.schema import IDEMPOTENCY_KEY, IF_MATCH
from common.api.views import VisibleViewSet
from tasks.api import conversation_serializers as serializers
from tasks.api.parts import OF_GATE, OF_TASK, GatePartViewSet, TaskPartViewSet
from tasks.models import ChecklistItem
from tasks.services import (
    add_checklist_item,
    change_checklist_item,
    order_checklist,
    remove_checklist_item,
    tick_checklist_item,
)
from tasks.services.checklists import Target

TAGS = ["checklists"]
LINE = serializers.ChecklistItemSerializer


class ChecklistActions(VisibleViewSet):
    """What can be done with a list, whatever it belongs to."""

    orderings = ("ordinal", "id")

    def target(self) -> Target:
        """Return what the list belongs to, if the caller may write there."""
        raise NotImplementedError

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Add a line at the end."""
        target = self.target()
        item = add_checklist_item(target=target, **self.valid(serializers.ChecklistItemInput))
        return self.shown(item, status=201)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Reword a line that is not ticked off."""
        self.target()
        item = self.object_to_change()
        return self.shown(change_checklist_item(item=item, **self.valid(serializers.ChecklistItemInput)))

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Take a line away that is not ticked off."""
        self.target()
        remove_checklist_item(item=self.get_object())
        return Response(status=204)

    @action(detail=True, methods=["post"])
    def tick(self, request: Request, **kwargs: Any) -> Response:
        """Tick a line off, with the evidence that shows it, or untick it."""
        self.target()
        answer = self.valid(serializers.TickInput)
        return self.shown(tick_checklist_item(item=self.get_object(), principal=self.principal, **answer))

    @action(detail=False, methods=["put"])
    def order(self, request: Request, **kwargs: Any) -> Response:
        """Put the lines into an order."""
        items = order_checklist(target=self.target(), item_ids=self.valid(serializers.ChecklistOrder)["items"])
        return Response(self.get_serializer(items, many=True).data)


def described(prefix: str, place: list[Any]) -> Any:
    """Describe the routes of a list for the API's description."""
    line = serializers.ChecklistItemInput
    return extend_schema_view(
        list=extend_schema(tags=TAGS, parameters=place),
        create=extend_schema(tags=TAGS, parameters=[*place, IDEMPOTENCY_KEY], request=line, responses={201: LINE}),
        partial_update=extend_schema(tags=TAGS, parameters=[*place, IF_MATCH], request=line, responses=LINE),
        destroy=extend_schema(tags=TAGS, parameters=place, responses={204: None}),
        tick=extend_schema(
            tags=TAGS,
            operation_id=f"{prefix}_tick",
            parameters=[*place, IDEMPOTENCY_KEY],
            request=serializers.TickInput,
            responses=LINE,
        ),
        order=extend_schema(
            tags=TAGS,
            operation_id=f"{prefix}_order",
            parameters=place,
            request=serializers.ChecklistOrder,
            responses=LINE(many=True),
        ),
    )


@described("tasks_checklist", OF_TASK)
class TaskChecklistViewSet(ChecklistActions, TaskPartViewSet):
    """The checklist of a task."""

    queryset = ChecklistItem.objects.select_related("task__project")
    serializer_class = LINE

    def target(self) -> Target:
        return self.writable_task()


@described("gates_checklist", OF_GATE)
class GateChecklistViewSet(ChecklistActions, GatePartViewSet):
    """The checklist of a gate."""

    queryset = ChecklistItem.objects.all()
    serializer_class = LINE

    def target(self) -> Target:
        return self.writable_gate()
