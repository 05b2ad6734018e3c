"""The pages of work: board, task, inbox, run log. They read through querysets and write through services."""

from tasks.views.actions import ReopenView, SignOffView
from tasks.views.board import BoardRegionView, BoardView, HomeView
from tasks.views.inbox import ApprovalRegionView, ApprovalView, InboxLinkView, InboxListView, InboxView
from tasks.views.runs import EvidenceOutputView, LogTailView, LogView
from tasks.views.task import TaskDetailView, TaskRegionView

__all__ = [
    "ApprovalRegionView",
    "ApprovalView",
    "BoardRegionView",
    "BoardView",
    "EvidenceOutputView",
    "HomeView",
    "InboxLinkView",
    "InboxListView",
    "InboxView",
    "LogTailView",
    "LogView",
    "ReopenView",
    "SignOffView",
    "TaskDetailView",
    "TaskRegionView",
]
