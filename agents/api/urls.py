"""API routes of agents, and of what they cost and may use up."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from agents.api.spending import (
    BudgetViewSet,
    CostViewSet,
    EmergencyStopViewSet,
    PriceTableViewSet,
    QuotaPoolViewSet,
)
from agents.api.views import AgentViewSet, KeyViewSet, StatusHistoryViewSet

router = SimpleRouter(use_regex_path=False)
router.register("agents", AgentViewSet)
router.register("budgets", BudgetViewSet)
router.register("emergency-stops", EmergencyStopViewSet)
router.register("price-tables", PriceTableViewSet)
router.register("quota-pools", QuotaPoolViewSet)
router.register("costs", CostViewSet)

urlpatterns = [
    path(
        "agents/<uuid:agent_id>/status/history/",
        StatusHistoryViewSet.as_view({"get": "list"}),
        name="agent-status-history",
    ),
    path("agents/<uuid:agent_id>/keys/", KeyViewSet.as_view({"get": "list", "post": "create"}), name="agent-keys"),
    path(
        "agents/<uuid:agent_id>/keys/<uuid:pk>/revoke/", KeyViewSet.as_view({"post": "revoke"}), name="agent-key-revoke"
    ),
    *router.urls,
]
