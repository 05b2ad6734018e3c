"""Budgets, emergency stops, prices, quota pools and costs over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.queries import person
from agents.api import spending_serializers as shapes
from agents.api.filters import BudgetFilter, CostFilter, CostSummaryFilter, EmergencyStopFilter, ProviderFilter
from agents.models import Budget, CostEntry, EmergencyStop, PriceTable, QuotaPool
from agents.permissions import can_release, can_run_tenant, can_set_budget, can_stop
from agents.queries import cost_summary
from agents.services import (
    PriceInput,
    add_price_table,
    create_budget,
    create_quota_pool,
    open_quota_pool,
    release_stop,
    trigger_stop,
    update_budget,
    update_quota_pool,
)
from common.api.schema import IDEMPOTENCY_KEY, IF_MATCH
from common.api.serializers import ReasonInput
from common.api.views import VisibleViewSet, require

BUDGETS = ["budgets"]
STOPS = ["emergency stops"]
COSTS = ["costs"]
MANAGERS_ONLY = "Administrators and managers do this."
NOT_YOURS = "Those who answer for the project or the agent set its budgets."


def listed(tag: list[str]) -> Any:
    return extend_schema_view(list=extend_schema(tags=tag), retrieve=extend_schema(tags=tag))


@listed(BUDGETS)
class BudgetViewSet(VisibleViewSet):
    """Limits of visible projects and agents; the tenant's own are for administrators and managers."""

    queryset = Budget.objects.select_related("agent", "project")
    serializer_class = shapes.BudgetSerializer
    filterset_class = BudgetFilter

    @extend_schema(
        tags=BUDGETS,
        parameters=[IDEMPOTENCY_KEY],
        request=shapes.BudgetInput,
        responses={201: shapes.BudgetSerializer},
    )
    def create(self, request: Request) -> Response:
        """Set a limit. It holds for attempts that are claimed from now on."""
        given = self.valid(shapes.BudgetInput)
        own = can_set_budget(self.principal, given["scope"], given.get("project"), given.get("agent"))
        require(own, NOT_YOURS)
        return self.shown(create_budget(**given), status=201)

    @extend_schema(tags=BUDGETS, parameters=[IF_MATCH], request=shapes.BudgetChange, responses=shapes.BudgetSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a limit, or end it with `is_active`."""
        budget = self.object_to_change()
        require(can_set_budget(self.principal, budget.scope, budget.project, budget.agent), NOT_YOURS)
        return self.shown(update_budget(budget=budget, **self.valid(shapes.BudgetChange, partial=True)))


@listed(STOPS)
class EmergencyStopViewSet(VisibleViewSet):
    """Stops of visible projects and agents, and those that stop everybody's."""

    queryset = EmergencyStop.objects.select_related("agent", "project")
    serializer_class = shapes.EmergencyStopSerializer
    filterset_class = EmergencyStopFilter

    @extend_schema(
        tags=STOPS,
        parameters=[IDEMPOTENCY_KEY],
        request=shapes.EmergencyStopInput,
        responses={201: shapes.EmergencyStopSerializer},
    )
    def create(self, request: Request) -> Response:
        """Stop everything in the scope: nothing is claimed, and running attempts are told to stop."""
        given = self.valid(shapes.EmergencyStopInput)
        own = can_stop(self.principal, given["scope"], given.get("project"), given.get("agent"))
        require(own, "Those who work on the project or own the agent stop it.")
        return self.shown(trigger_stop(by=person(self.principal.user_id), **given), status=201)

    @extend_schema(
        tags=STOPS,
        operation_id="emergency_stops_release",
        parameters=[IDEMPOTENCY_KEY],
        request=ReasonInput,
        responses=shapes.EmergencyStopSerializer,
    )
    @action(detail=True, methods=["post"])
    def release(self, request: Request, pk: str) -> Response:
        """Let what was stopped go on."""
        stop = self.get_object()
        own = can_release(self.principal, stop.scope, stop.project, stop.agent)
        require(own, "Those who answer for the project or the agent let it go on.")
        by = person(self.principal.user_id)
        return self.shown(release_stop(stop=stop, by=by, reason=self.valid(ReasonInput)["reason"]))


@listed(COSTS)
class PriceTableViewSet(VisibleViewSet):
    """Editions of providers' price lists. They never change; a new price is a new version."""

    queryset = PriceTable.objects.prefetch_related("prices")
    serializer_class = shapes.PriceTableSerializer
    filterset_class = ProviderFilter

    @extend_schema(
        tags=COSTS,
        parameters=[IDEMPOTENCY_KEY],
        request=shapes.PriceTableInput,
        responses={201: shapes.PriceTableSerializer},
    )
    def create(self, request: Request) -> Response:
        """Add an edition."""
        require(can_run_tenant(self.principal), MANAGERS_ONLY)
        given = self.valid(shapes.PriceTableInput)
        prices = [PriceInput(**line) for line in given.pop("prices")]
        return self.shown(add_price_table(prices=prices, **given), status=201)


@listed(COSTS)
class QuotaPoolViewSet(VisibleViewSet):
    """Subscriptions that agents share. Everybody may know why work waits."""

    queryset = QuotaPool.objects.all()
    serializer_class = shapes.QuotaPoolSerializer
    filterset_class = ProviderFilter

    @extend_schema(
        tags=COSTS,
        parameters=[IDEMPOTENCY_KEY],
        request=shapes.QuotaPoolInput,
        responses={201: shapes.QuotaPoolSerializer},
    )
    def create(self, request: Request) -> Response:
        """Describe a subscription."""
        require(can_run_tenant(self.principal), MANAGERS_ONLY)
        return self.shown(create_quota_pool(**self.valid(shapes.QuotaPoolInput)), status=201)

    @extend_schema(
        tags=COSTS, parameters=[IF_MATCH], request=shapes.QuotaPoolChange, responses=shapes.QuotaPoolSerializer
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a pool."""
        pool = self.object_to_change()
        require(can_run_tenant(self.principal), MANAGERS_ONLY)
        return self.shown(update_quota_pool(pool=pool, **self.valid(shapes.QuotaPoolChange, partial=True)))

    @extend_schema(
        tags=COSTS,
        operation_id="quota_pools_open",
        parameters=[IDEMPOTENCY_KEY],
        request=ReasonInput,
        responses=shapes.QuotaPoolSerializer,
    )
    @action(detail=True, methods=["post"])
    def open(self, request: Request, pk: str) -> Response:
        """Open a pool that was shut after a refusal of its provider."""
        pool = self.get_object()
        require(can_run_tenant(self.principal), MANAGERS_ONLY)
        return self.shown(open_quota_pool(pool=pool, reason=self.valid(ReasonInput)["reason"]))


@listed(COSTS)
class CostViewSet(VisibleViewSet):
    """What attempts of visible projects cost."""

    queryset = CostEntry.objects.all()
    serializer_class = shapes.CostSerializer
    filterset_class = CostFilter

    @extend_schema(
        tags=COSTS, operation_id="costs_summary", responses=shapes.CostSummarySerializer(many=True), filters=True
    )
    @action(detail=False, methods=["get"], filterset_class=CostSummaryFilter, pagination_class=None)
    def summary(self, request: Request) -> Response:
        """What the visible costs add up to, by agent, project or day; the filters of the list hold."""
        rows = self.filter_queryset(self.get_queryset())
        summary = cost_summary(rows, request.query_params.get("group", "day"))
        return Response(shapes.CostSummarySerializer(summary, many=True).data)
