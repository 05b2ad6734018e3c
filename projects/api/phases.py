"""Phases over HTTP, with what belongs to one: criteria, groups, metrics, the final review."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.schema import IDEMPOTENCY_KEY, IF_MATCH
from common.api.serializers import NoInput, ReasonInput
from projects.api import filters
from projects.api import phase_serializers as serializers
from projects.api.base import PLANS, DeliveryViewSet, JudgingViewSet
from projects.models import Phase, PhaseApproval, SuccessCriterion, SuccessMetric, TaskGroup, TaskGroupDependency
from projects.queries import Progress, actual_values, order_of, progress_of
from projects.services import (
    add_criterion,
    add_group_dependency,
    add_metric,
    block_phase,
    cancel_phase,
    complete_phase,
    create_group,
    create_phase,
    decide_criterion,
    judge_phase,
    remove_group_dependency,
    resume_phase,
    start_phase,
    update_criterion,
    update_group,
    update_metric,
    update_phase,
)


@extend_schema_view(list=extend_schema(tags=PLANS), retrieve=extend_schema(tags=PLANS))
class PhaseViewSet(DeliveryViewSet):
    """Phases, with their progress."""

    queryset = Phase.objects.select_related("plan")
    serializer_class = serializers.PhaseSerializer
    list_serializer_class = serializers.PhaseListSerializer
    filterset_class = filters.PhaseFilter

    def paginate_queryset(self, queryset: Any) -> Any:
        page: Sequence[Phase] = super().paginate_queryset(queryset) or []
        self.known = progress_of(page)
        return page

    def progress_of(self, phase: Phase) -> Progress:
        """Return what was counted for the page, or count for one."""
        known: dict[UUID, Progress] = getattr(self, "known", {})
        return known.get(phase.id) or progress_of([phase])[phase.id]

    @extend_schema(
        tags=PLANS,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.PhaseInput,
        responses={201: serializers.PhaseSerializer},
    )
    def create(self, request: Request) -> Response:
        """Add a phase to a plan."""
        given = self.valid(serializers.PhaseInput)
        self.for_managers(given["plan"])
        return self.shown(create_phase(**given), status=201)

    @extend_schema(
        tags=PLANS, parameters=[IF_MATCH], request=serializers.PhaseChange, responses=serializers.PhaseSerializer
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what a phase says."""
        return self.shown(update_phase(phase=self.managed(), **self.valid(serializers.PhaseChange, partial=True)))

    @extend_schema(tags=PLANS, request=NoInput, responses=serializers.PhaseSerializer)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        """Begin a phase whose predecessor is completed; its tasks can be claimed from now on."""
        return self.do(start_phase, "phase")

    @extend_schema(tags=PLANS, request=ReasonInput, responses=serializers.PhaseSerializer)
    @action(detail=True, methods=["post"])
    def block(self, request: Request, pk: str) -> Response:
        """Hold a running phase."""
        return self.do_because(block_phase, "phase")

    @extend_schema(tags=PLANS, request=ReasonInput, responses=serializers.PhaseSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Let a blocked phase go on."""
        return self.do_because(resume_phase, "phase")

    @extend_schema(tags=PLANS, request=ReasonInput, responses=serializers.PhaseSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Give a phase up."""
        return self.do_because(cancel_phase, "phase")

    @extend_schema(tags=PLANS, request=NoInput, responses=serializers.PhaseSerializer)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: str) -> Response:
        """Complete a phase; 409 with `missing` where something is."""
        return self.do(complete_phase, "phase")


@extend_schema_view(list=extend_schema(tags=PLANS), retrieve=extend_schema(tags=PLANS))
class PhaseApprovalViewSet(JudgingViewSet):
    """Final reviews of phases."""

    queryset = PhaseApproval.objects.all()
    serializer_class = serializers.PhaseApprovalSerializer
    filterset_class = filters.PhaseApprovalFilter

    @extend_schema(
        tags=PLANS,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.PhaseApprovalInput,
        responses={201: serializers.PhaseApprovalSerializer},
    )
    def create(self, request: Request) -> Response:
        """Approve that a phase is complete, or ask for changes. Never by who did its work."""
        given = self.valid(serializers.PhaseApprovalInput)
        return self.shown(judge_phase(principal=self.principal, **given), status=201)


@extend_schema_view(list=extend_schema(tags=PLANS), retrieve=extend_schema(tags=PLANS))
class CriterionViewSet(DeliveryViewSet):
    """What phases must reach."""

    queryset = SuccessCriterion.objects.select_related("phase__plan")
    serializer_class = serializers.SuccessCriterionSerializer
    filterset_class = filters.CriterionFilter

    @extend_schema(
        tags=PLANS,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.SuccessCriterionInput,
        responses={201: serializers.SuccessCriterionSerializer},
    )
    def create(self, request: Request) -> Response:
        """Add a criterion to a phase."""
        given = self.valid(serializers.SuccessCriterionInput)
        self.for_managers(given["phase"])
        return self.shown(add_criterion(**given), status=201)

    @extend_schema(
        tags=PLANS,
        parameters=[IF_MATCH],
        request=serializers.SuccessCriterionChange,
        responses=serializers.SuccessCriterionSerializer,
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change words or place."""
        changes = self.valid(serializers.SuccessCriterionChange, partial=True)
        return self.shown(update_criterion(criterion=self.managed(), **changes))

    @extend_schema(
        tags=PLANS, request=serializers.SuccessCriterionDecision, responses=serializers.SuccessCriterionSerializer
    )
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Say that it is met by evidence, failed, or waived with a reason."""
        criterion = self.managed()
        given = self.valid(serializers.SuccessCriterionDecision)
        return self.shown(decide_criterion(criterion=criterion, principal=self.principal, **given))


@extend_schema_view(list=extend_schema(tags=PLANS), retrieve=extend_schema(tags=PLANS))
class GroupViewSet(DeliveryViewSet):
    """Groups of tasks, in the order that their dependencies make."""

    queryset = TaskGroup.objects.select_related("phase__plan")
    serializer_class = serializers.GroupSerializer
    filterset_class = filters.OfPhaseFilter

    def paginate_queryset(self, queryset: Any) -> Any:
        page: Sequence[TaskGroup] = super().paginate_queryset(queryset) or []
        self.steps = order_of(list({group.phase_id for group in page}))
        return page

    def step_of(self, group: TaskGroup) -> int:
        """Return what was computed for the page, or compute for one."""
        known: dict[UUID, int] = getattr(self, "steps", {})
        return known.get(group.id) or order_of([group.phase_id])[group.id]

    @extend_schema(
        tags=PLANS,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.GroupInput,
        responses={201: serializers.GroupSerializer},
    )
    def create(self, request: Request) -> Response:
        """Add a group to a phase."""
        given = self.valid(serializers.GroupInput)
        self.for_managers(given["phase"])
        return self.shown(create_group(**given), status=201)

    @extend_schema(
        tags=PLANS, parameters=[IF_MATCH], request=serializers.GroupChange, responses=serializers.GroupSerializer
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what a group is called."""
        return self.shown(update_group(group=self.managed(), **self.valid(serializers.GroupChange, partial=True)))


@extend_schema_view(list=extend_schema(tags=PLANS), retrieve=extend_schema(tags=PLANS))
class GroupDependencyViewSet(DeliveryViewSet):
    """Which group waits for which."""

    queryset = TaskGroupDependency.objects.select_related("group__phase__plan")
    serializer_class = serializers.GroupDependencySerializer
    filterset_class = filters.GroupDependencyFilter

    @extend_schema(
        tags=PLANS,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.GroupDependencyInput,
        responses={201: serializers.GroupDependencySerializer},
    )
    def create(self, request: Request) -> Response:
        """Let a group wait for another of its phase; a circle is refused."""
        given = self.valid(serializers.GroupDependencyInput)
        self.for_managers(given["group"])
        return self.shown(add_group_dependency(**given), status=201)

    @extend_schema(tags=PLANS, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Let a group wait no longer for another."""
        remove_group_dependency(dependency=self.managed(), reason="Removed by API.")
        return Response(status=204)


@extend_schema_view(list=extend_schema(tags=PLANS), retrieve=extend_schema(tags=PLANS))
class MetricViewSet(DeliveryViewSet):
    """Targets of phases and what was reached."""

    queryset = SuccessMetric.objects.select_related("phase__plan")
    serializer_class = serializers.MetricSerializer
    filterset_class = filters.MetricFilter

    def paginate_queryset(self, queryset: Any) -> Any:
        page: Sequence[SuccessMetric] = super().paginate_queryset(queryset) or []
        self.values = actual_values(page)
        return page

    def actual_of(self, metric: SuccessMetric) -> Decimal | None:
        """Return what was derived, for the whole page or for one."""
        if metric.id not in getattr(self, "values", {}):
            self.values = actual_values([metric])
        return self.values[metric.id]

    @extend_schema(
        tags=PLANS,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.MetricInput,
        responses={201: serializers.MetricSerializer},
    )
    def create(self, request: Request) -> Response:
        """Set a target."""
        given = self.valid(serializers.MetricInput)
        self.for_managers(given["phase"])
        return self.shown(add_metric(**given), status=201)

    @extend_schema(
        tags=PLANS, parameters=[IF_MATCH], request=serializers.MetricChange, responses=serializers.MetricSerializer
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a target; what was reached is derived."""
        return self.shown(update_metric(metric=self.managed(), **self.valid(serializers.MetricChange, partial=True)))
