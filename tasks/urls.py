"""Pages of work. `f/` serves the parts of them that replace themselves."""

from django.urls import include, path

from tasks import views

app_name = "tasks"
parts = [
    path("comments/", views.CommentView.as_view(), name="task-comment"),
    path("comments/<uuid:row_id>/delete/", views.CommentDeleteView.as_view(), name="task-comment-delete"),
    path("comments/<uuid:row_id>/edit/", views.CommentEditView.as_view(), name="task-comment-edit"),
    path("dependencies/", views.DependencyView.as_view(), name="task-dependency"),
    path("dependencies/<uuid:row_id>/remove/", views.DependencyRemoveView.as_view(), name="task-dependency-remove"),
    path("checklist/", views.LineView.as_view(), name="task-line"),
    path("checklist/<uuid:row_id>/tick/", views.LineTickView.as_view(), name="task-line-tick"),
    path("blockers/", views.BlockerView.as_view(), name="task-blocker"),
    path("blockers/<uuid:row_id>/resolve/", views.BlockerResolveView.as_view(), name="task-blocker-resolve"),
    path("files/", views.FileView.as_view(), name="task-file"),
    path("files/<uuid:row_id>/", views.FileContentView.as_view(), name="task-file-content"),
    path("files/<uuid:row_id>/delete/", views.FileDeleteView.as_view(), name="task-file-delete"),
    path("handoffs/", views.HandoffGiveView.as_view(), name="task-handoff"),
    path("handoffs/<uuid:row_id>/accept/", views.HandoffAcceptView.as_view(), name="task-handoff-accept"),
    path("handoffs/<uuid:row_id>/reject/", views.HandoffRejectView.as_view(), name="task-handoff-reject"),
    path("work/", views.WorkView.as_view(), name="task-work"),
]
of_plan = [
    path("records/", views.PlanRecordsView.as_view(), name="plan-records"),
    path("gates/<uuid:row_id>/review/", views.GateReviewView.as_view(), name="plan-review"),
    path("gates/<uuid:row_id>/waive/", views.GateWaiveView.as_view(), name="plan-waive"),
    path("checks/<uuid:row_id>/judge/", views.CheckJudgeView.as_view(), name="plan-judge"),
    path("checks/<uuid:row_id>/waive/", views.CheckWaiveView.as_view(), name="plan-waive-check"),
    path("criteria/<uuid:row_id>/decide/", views.GoalDecideView.as_view(), name="plan-goal"),
    path("phases/<uuid:row_id>/start/", views.PhaseStartView.as_view(), name="plan-start"),
    path("phases/<uuid:row_id>/final/", views.PhaseFinalView.as_view(), name="plan-final"),
    path("phases/<uuid:row_id>/complete/", views.PhaseCompleteView.as_view(), name="plan-complete"),
]
urlpatterns = [
    path("", views.HomeView.as_view(), name="home"),
    path("projects/<slug:slug>/board/", views.BoardView.as_view(), name="task-board"),
    path("projects/<slug:slug>/plans/", views.PlansView.as_view(), name="plans"),
    path("projects/<slug:slug>/plans/<uuid:plan_id>/", views.PlanView.as_view(), name="plan"),
    path("projects/<slug:slug>/plans/<uuid:plan_id>/", include(of_plan)),
    path("tasks/<uuid:task_id>/", views.TaskDetailView.as_view(), name="task"),
    path("tasks/<uuid:task_id>/", include(parts)),
    path("tasks/<uuid:task_id>/reopen/", views.ReopenView.as_view(), name="task-reopen"),
    path("tasks/<uuid:task_id>/sign-off/", views.SignOffView.as_view(), name="task-sign-off"),
    path("evidence/<uuid:evidence_id>/output/", views.EvidenceOutputView.as_view(), name="evidence-output"),
    path("executions/<uuid:execution_id>/log/", views.LogView.as_view(), name="run-log"),
    path("inbox/", views.InboxView.as_view(), name="inbox"),
    path("inbox/<uuid:approval_id>/", views.ApprovalView.as_view(), name="approval"),
    path("f/projects/<slug:slug>/board/", views.BoardRegionView.as_view(), name="board-region"),
    path("f/projects/<slug:slug>/plans/<uuid:plan_id>/", views.PlanRegionView.as_view(), name="plan-region"),
    path("f/tasks/<uuid:task_id>/", views.TaskRegionView.as_view(), name="task-region"),
    path("f/executions/<uuid:execution_id>/log/", views.LogTailView.as_view(), name="run-log-tail"),
    path("f/inbox/", views.InboxListView.as_view(), name="inbox-list"),
    path("f/inbox/link/", views.InboxLinkView.as_view(), name="inbox-link"),
    path("f/inbox/<uuid:approval_id>/", views.ApprovalRegionView.as_view(), name="approval-region"),
]
