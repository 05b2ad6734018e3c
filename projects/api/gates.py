"""Gates, their checks and reviews over HTTP."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.schema import IDEMPOTENCY_KEY, IF_MATCH
from common.api.serializers import NoInput, ReasonInput
from common.errors import NotFound
from projects.api import filters
from projects.api import gate_serializers as serializers
from projects.api.base import GATES, DeliveryViewSet, JudgingViewSet
from projects.models import Gate, GateCheck, Review
from projects.services import (
    add_check,
    create_gate,
    judge_check,
    open_gate,
    record_check_run,
    submit_review,
    update_gate,
    waive_check,
    waive_gate,
)

OF_GATE = [OpenApiParameter("gate_id", OpenApiTypes.UUID, OpenApiParameter.PATH)]


@extend_schema_view(list=extend_schema(tags=GATES), retrieve=extend_schema(tags=GATES))
class GateViewSet(DeliveryViewSet):
    """Gates. They open with the last task before them; reviews decide them."""

    queryset = Gate.objects.select_related("phase__plan")
    serializer_class = serializers.GateSerializer
    filterset_class = filters.GateFilter

    @extend_schema(
        tags=GATES,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.GateInput,
        responses={201: serializers.GateSerializer},
    )
    def create(self, request: Request) -> Response:
        """Add a gate after a group, or after a whole phase. Its owner does none of that work."""
        given = self.valid(serializers.GateInput)
        self.for_managers(given["phase"])
        return self.shown(create_gate(**given), status=201)

    @extend_schema(
        tags=GATES, parameters=[IF_MATCH], request=serializers.GateChange, responses=serializers.GateSerializer
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a gate that is not passed."""
        return self.shown(update_gate(gate=self.managed(), **self.valid(serializers.GateChange, partial=True)))

    @extend_schema(tags=GATES, request=NoInput, responses=serializers.GateSerializer)
    @action(detail=True, methods=["post"])
    def open(self, request: Request, pk: str) -> Response:
        """Open a gate whose work is done."""
        return self.do(open_gate, "gate")

    @extend_schema(tags=GATES, request=ReasonInput, responses=serializers.GateSerializer)
    @action(detail=True, methods=["post"])
    def waive(self, request: Request, pk: str) -> Response:
        """Let the work go on without the gate."""
        return self.do_because(waive_gate, "gate", principal=self.principal)


@extend_schema_view(
    list=extend_schema(tags=GATES, parameters=OF_GATE), retrieve=extend_schema(tags=GATES, parameters=OF_GATE)
)
class CheckViewSet(JudgingViewSet):
    """What one gate looks at."""

    queryset = GateCheck.objects.select_related("gate__phase__plan")
    serializer_class = serializers.CheckSerializer
    list_serializer_class = serializers.CheckListSerializer
    filterset_class = filters.CheckFilter

    def gate(self) -> Gate:
        """Return the gate of the URL; raises `NotFound`."""
        gates = Gate.objects.visible_to(self.principal).select_related("phase__plan")
        gate = gates.filter(id=self.kwargs["gate_id"]).first()
        if gate is None:
            raise NotFound("It does not exist, or you may not see it.")
        return gate

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        return super().narrowed(queryset).filter(gate_id=self.gate().id)

    @extend_schema(
        tags=GATES,
        parameters=[*OF_GATE, IDEMPOTENCY_KEY],
        request=serializers.CheckInput,
        responses={201: serializers.CheckSerializer},
    )
    def create(self, request: Request, gate_id: str) -> Response:
        """Add a check to a gate."""
        gate = self.gate()
        self.for_managers(gate)
        return self.shown(add_check(gate=gate, **self.valid(serializers.CheckInput)), status=201)

    @extend_schema(
        tags=GATES, parameters=OF_GATE, request=serializers.CheckVerdict, responses=serializers.CheckSerializer
    )
    @action(detail=True, methods=["post"])
    def verdict(self, request: Request, gate_id: str, pk: str) -> Response:
        """A verdict on a manual check: of a person, or of the agent that owns the gate. Never of who did the work."""
        check = self.get_object()
        self.for_judges(check.gate)
        given = self.valid(serializers.CheckVerdict)
        return self.shown(judge_check(check=check, principal=self.principal, **given))

    @extend_schema(tags=GATES, parameters=OF_GATE, request=serializers.CheckRun, responses=serializers.CheckSerializer)
    @action(detail=True, methods=["post"])
    def run(self, request: Request, gate_id: str, pk: str) -> Response:
        """Record a run: exit code 0 passes, any other fails and climbs the escalation rule."""
        check = self.get_object()
        self.for_judges(check.gate)
        given = self.valid(serializers.CheckRun)
        return self.shown(record_check_run(check=check, principal=self.principal, **given))

    @extend_schema(tags=GATES, parameters=OF_GATE, request=ReasonInput, responses=serializers.CheckSerializer)
    @action(detail=True, methods=["post"])
    def waive(self, request: Request, gate_id: str, pk: str) -> Response:
        """Let a check through that did not pass."""
        check = self.get_object()
        self.for_managers(check)
        given = self.valid(ReasonInput)
        return self.shown(waive_check(check=check, principal=self.principal, **given))


@extend_schema_view(list=extend_schema(tags=GATES), retrieve=extend_schema(tags=GATES))
class ReviewViewSet(JudgingViewSet):
    """What reviewers said at gates."""

    queryset = Review.objects.prefetch_related("patterns")
    serializer_class = serializers.ReviewSerializer
    filterset_class = filters.ReviewFilter

    @extend_schema(
        tags=GATES,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.ReviewInput,
        responses={201: serializers.ReviewSerializer},
    )
    def create(self, request: Request) -> Response:
        """Pass an open gate, or ask for changes and send tasks back. Of two at the same time the first decides."""
        given = self.valid(serializers.ReviewInput)
        return self.shown(submit_review(principal=self.principal, **given), status=201)
