"""API routes of projects."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from projects.api.gates import CheckViewSet, GateViewSet, ReviewViewSet
from projects.api.phases import (
    CriterionViewSet,
    GroupDependencyViewSet,
    GroupViewSet,
    MetricViewSet,
    PhaseApprovalViewSet,
    PhaseViewSet,
)
from projects.api.records import DecisionRecordViewSet, EscalationRuleViewSet, EscalationViewSet
from projects.api.views import MemberViewSet, PlanViewSet, ProjectViewSet

router = SimpleRouter(use_regex_path=False)
router.register("projects", ProjectViewSet)
router.register("plans", PlanViewSet)
router.register("phases", PhaseViewSet)
router.register("phase-approvals", PhaseApprovalViewSet)
router.register("success-criteria", CriterionViewSet)
router.register("success-metrics", MetricViewSet)
router.register("task-groups", GroupViewSet)
router.register("task-group-dependencies", GroupDependencyViewSet)
router.register("gates", GateViewSet)
router.register("gates/<uuid:gate_id>/checks", CheckViewSet)
router.register("reviews", ReviewViewSet)
router.register("decision-records", DecisionRecordViewSet)
router.register("escalation-rules", EscalationRuleViewSet)
router.register("escalations", EscalationViewSet)

urlpatterns = [
    path(
        "projects/<uuid:project_id>/members/",
        MemberViewSet.as_view({"get": "list", "post": "create"}),
        name="project-members",
    ),
    path(
        "projects/<uuid:project_id>/members/<uuid:pk>/",
        MemberViewSet.as_view({"delete": "destroy"}),
        name="project-member",
    ),
    *router.urls,
]
