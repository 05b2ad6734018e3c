"""API routes of work."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from tasks.api import worker
from tasks.api.views import ApprovalViewSet, ExecutionViewSet, TaskViewSet

router = SimpleRouter(use_regex_path=False)
router.register("tasks", TaskViewSet)
router.register("executions", ExecutionViewSet)
router.register("approvals", ApprovalViewSet)

urlpatterns = [
    path("tasks/claim/", worker.ClaimView.as_view(), name="tasks-claim"),
    path("executions/<uuid:pk>/heartbeat/", worker.HeartbeatView.as_view(), name="executions-heartbeat"),
    path("executions/<uuid:pk>/evidence/", worker.EvidenceView.as_view(), name="executions-evidence"),
    path("executions/<uuid:pk>/approvals/", worker.AskView.as_view(), name="executions-approvals"),
    path(
        "executions/<uuid:pk>/approvals/<uuid:approval_id>/",
        worker.ApprovalStateView.as_view(),
        name="executions-approval",
    ),
    path(
        "executions/<uuid:pk>/approvals/<uuid:approval_id>/redeem/",
        worker.RedeemView.as_view(),
        name="executions-redeem",
    ),
    path("executions/<uuid:pk>/log/", worker.LogView.as_view(), name="executions-log"),
    path("executions/<uuid:pk>/complete/", worker.CompleteView.as_view(), name="executions-complete"),
    path("executions/<uuid:pk>/fail/", worker.FailView.as_view(), name="executions-fail"),
    path("executions/<uuid:pk>/release/", worker.ReleaseView.as_view(), name="executions-release"),
    *router.urls,
]
