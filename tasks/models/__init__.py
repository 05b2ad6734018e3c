"""Work: tasks and what is said and done about them, runs under a lease, approvals, acceptance contracts."""

from tasks.models.approval import (
    ApprovalAction,
    ApprovalKind,
    ApprovalRequest,
    ApprovalResponse,
    ApprovalStatus,
    ApprovalTrigger,
    Risk,
)
from tasks.models.checklist import ChecklistItem
from tasks.models.contract import AcceptanceContract, Criterion, CriterionKind, Evaluation
from tasks.models.conversation import MAX_ATTACHMENT, MAX_COMMENT, Attachment, Comment, ContentType
from tasks.models.execution import (
    ENDED,
    LIVE,
    Directive,
    ErrorCategory,
    Execution,
    ExecutionLog,
    ExecutionStatus,
    QuarantinedWrite,
    QuarantineKind,
)
from tasks.models.handoff import ACKNOWLEDGEMENTS, Handoff, HandoffPhase, HandoffStatus
from tasks.models.journal import Blocker, Change, CommitRecord, FileChange, FileStatus, WorkKind, WorkLogEntry
from tasks.models.relations import Assignment, AssignmentRole, DependencyKind, TaskDependency
from tasks.models.standing_rule import RuleAnswer, StandingRule, StandingRuleResponse
from tasks.models.task import LONGEST_RUN, Priority, Resolution, Task, TaskKind, TaskStatus, TaskType, Verification

__all__ = [
    "ACKNOWLEDGEMENTS",
    "ENDED",
    "LIVE",
    "LONGEST_RUN",
    "MAX_ATTACHMENT",
    "MAX_COMMENT",
    "AcceptanceContract",
    "ApprovalAction",
    "ApprovalKind",
    "ApprovalRequest",
    "ApprovalResponse",
    "ApprovalStatus",
    "ApprovalTrigger",
    "Assignment",
    "AssignmentRole",
    "Attachment",
    "Blocker",
    "Change",
    "ChecklistItem",
    "Comment",
    "CommitRecord",
    "ContentType",
    "Criterion",
    "CriterionKind",
    "DependencyKind",
    "Directive",
    "ErrorCategory",
    "Evaluation",
    "Execution",
    "ExecutionLog",
    "ExecutionStatus",
    "FileChange",
    "FileStatus",
    "Handoff",
    "HandoffPhase",
    "HandoffStatus",
    "Priority",
    "QuarantineKind",
    "QuarantinedWrite",
    "Resolution",
    "Risk",
    "RuleAnswer",
    "StandingRule",
    "StandingRuleResponse",
    "Task",
    "TaskDependency",
    "TaskKind",
    "TaskStatus",
    "TaskType",
    "Verification",
    "WorkKind",
    "WorkLogEntry",
]
