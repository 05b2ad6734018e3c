"""The pages of work: board, plan, task, inbox, run log. They read through querysets and write through services."""

from tasks.views.actions import ReopenView, SignOffView
from tasks.views.board import BoardRegionView, BoardView, HomeView
from tasks.views.deciding import (
    CheckJudgeView,
    CheckWaiveView,
    GateReviewView,
    GateWaiveView,
    GoalDecideView,
    PhaseCompleteView,
    PhaseFinalView,
    PhaseStartView,
)
from tasks.views.files import FileContentView, FileView
from tasks.views.inbox import ApprovalRegionView, ApprovalView, InboxLinkView, InboxListView, InboxView
from tasks.views.plan import PlanRegionView, PlansView, PlanView
from tasks.views.records import PlanRecordsView
from tasks.views.runs import EvidenceOutputView, LogTailView, LogView
from tasks.views.task import TaskDetailView, TaskRegionView
from tasks.views.writing import (
    BlockerResolveView,
    BlockerView,
    CommentDeleteView,
    CommentEditView,
    CommentView,
    DependencyRemoveView,
    DependencyView,
    FileDeleteView,
    HandoffAcceptView,
    HandoffGiveView,
    HandoffRejectView,
    LineTickView,
    LineView,
    WorkView,
)

__all__ = [
    "ApprovalRegionView",
    "ApprovalView",
    "BlockerResolveView",
    "BlockerView",
    "BoardRegionView",
    "BoardView",
    "CheckJudgeView",
    "CheckWaiveView",
    "CommentDeleteView",
    "CommentEditView",
    "CommentView",
    "DependencyRemoveView",
    "DependencyView",
    "EvidenceOutputView",
    "FileContentView",
    "FileDeleteView",
    "FileView",
    "GateReviewView",
    "GateWaiveView",
    "GoalDecideView",
    "HandoffAcceptView",
    "HandoffGiveView",
    "HandoffRejectView",
    "HomeView",
    "InboxLinkView",
    "InboxListView",
    "InboxView",
    "LineTickView",
    "LineView",
    "LogTailView",
    "LogView",
    "PhaseCompleteView",
    "PhaseFinalView",
    "PhaseStartView",
    "PlanRecordsView",
    "PlanRegionView",
    "PlanView",
    "PlansView",
    "ReopenView",
    "SignOffView",
    "TaskDetailView",
    "TaskRegionView",
    "WorkView",
]
