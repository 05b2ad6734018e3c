"""API routes of work."""

from typing import Any

from django.urls import URLPattern, path
from rest_framework.routers import SimpleRouter

from tasks.api import bulk, reports, worker
from tasks.api.approvals import ApprovalViewSet, StandingRuleViewSet
from tasks.api.checklists import GateChecklistViewSet, TaskChecklistViewSet
from tasks.api.conversation import AttachmentEvidenceViewSet, AttachmentViewSet, CommentViewSet
from tasks.api.handoffs import HandoffViewSet
from tasks.api.journal import BlockerViewSet, CommitViewSet, FileChangeViewSet, WorkLogViewSet
from tasks.api.relations import AssignmentViewSet, ChildrenViewSet, DependencyViewSet, TaskAssignmentViewSet
from tasks.api.views import ExecutionViewSet, TaskViewSet

router = SimpleRouter(use_regex_path=False)
router.register("tasks", TaskViewSet)
router.register("executions", ExecutionViewSet)
router.register("approvals", ApprovalViewSet)
router.register("standing-rules", StandingRuleViewSet)
router.register("assignments", AssignmentViewSet)
router.register("handoffs", HandoffViewSet)
router.register("blockers", BlockerViewSet)
router.register("work-log", WorkLogViewSet)
router.register("commits", CommitViewSet)
router.register("file-changes", FileChangeViewSet)

LIST: Any = {"get": "list", "post": "create"}
ROW: Any = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
LINE: Any = {"patch": "partial_update", "delete": "destroy"}


def checklist(prefix: str, name: str, view: Any) -> list[URLPattern]:
    """Return the routes of a checklist below its task or gate."""
    return [
        path(prefix, view.as_view(LIST), name=f"{name}-list"),
        path(f"{prefix}order/", view.as_view({"put": "order"}, pagination_class=None), name=f"{name}-order"),
        path(f"{prefix}<uuid:pk>/", view.as_view(LINE), name=f"{name}-detail"),
        path(f"{prefix}<uuid:pk>/tick/", view.as_view({"post": "tick"}), name=f"{name}-tick"),
    ]


of_tasks = [
    path("tasks/<uuid:task_id>/comments/", CommentViewSet.as_view(LIST), name="comments-list"),
    path("tasks/<uuid:task_id>/comments/<uuid:pk>/", CommentViewSet.as_view(ROW), name="comments-detail"),
    path("tasks/<uuid:task_id>/attachments/", AttachmentViewSet.as_view(LIST), name="attachments-list"),
    path(
        "tasks/<uuid:task_id>/attachments/<uuid:pk>/",
        AttachmentViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
        name="attachments-detail",
    ),
    path(
        "tasks/<uuid:task_id>/attachments/<uuid:pk>/content/",
        AttachmentViewSet.as_view({"get": "content"}, **AttachmentViewSet.content.kwargs),
        name="attachments-content",
    ),
    path(
        "tasks/<uuid:task_id>/attachments/<uuid:pk>/evidence/",
        AttachmentEvidenceViewSet.as_view({"post": "create"}),
        name="attachments-evidence",
    ),
    *checklist("tasks/<uuid:task_id>/checklist/", "tasks-checklist", TaskChecklistViewSet),
    *checklist("gates/<uuid:gate_id>/checklist/", "gates-checklist", GateChecklistViewSet),
]
told = {
    "comments": reports.CommentReportView,
    "worklog": reports.WorkLogReportView,
    "commits": reports.CommitReportView,
    "file-changes": reports.FileChangeReportView,
    "checklist": reports.ChecklistReportView,
    "handoffs": reports.HandoffReportView,
    "blockers": reports.BlockerReportView,
    "attachments": reports.AttachmentReportView,
}

urlpatterns = [
    path("tasks/bulk/", bulk.BulkTasksView.as_view(), name="tasks-bulk"),
    path("tasks/bulk/assign/", bulk.BulkAssignView.as_view(), name="tasks-bulk-assign"),
    path("tasks/bulk/close/", bulk.BulkCloseView.as_view(), name="tasks-bulk-close"),
    path("tasks/<uuid:task_id>/children/", ChildrenViewSet.as_view({"get": "list"}), name="tasks-children"),
    path("tasks/<uuid:task_id>/dependencies/", DependencyViewSet.as_view(LIST), name="tasks-dependencies"),
    path(
        "tasks/<uuid:task_id>/dependencies/<uuid:pk>/",
        DependencyViewSet.as_view({"delete": "destroy"}),
        name="tasks-dependency",
    ),
    path("tasks/<uuid:task_id>/assignments/", TaskAssignmentViewSet.as_view(LIST), name="tasks-assignments"),
    path("tasks/claim/", worker.ClaimView.as_view(), name="tasks-claim"),
    path("executions/<uuid:pk>/heartbeat/", worker.HeartbeatView.as_view(), name="executions-heartbeat"),
    path("executions/<uuid:pk>/evidence/", worker.EvidenceView.as_view(), name="executions-evidence"),
    path("executions/<uuid:pk>/artifacts/", worker.ArtifactView.as_view(), name="executions-artifacts"),
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
    *(path(f"executions/<uuid:pk>/{name}/", view.as_view(), name=f"executions-{name}") for name, view in told.items()),
    *of_tasks,
    *router.urls,
]
