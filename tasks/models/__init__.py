"""Work: tasks, runs under a lease, approvals, acceptance contracts."""

from tasks.models.approval import ApprovalAction, ApprovalKind, ApprovalRequest, ApprovalResponse, ApprovalStatus
from tasks.models.contract import AcceptanceContract, Criterion, CriterionKind, Evaluation
from tasks.models.execution import (
    ENDED,
    LIVE,
    Directive,
    Execution,
    ExecutionLog,
    ExecutionStatus,
    QuarantinedWrite,
    QuarantineKind,
)
from tasks.models.task import (
    Priority,
    Resolution,
    Task,
    TaskKind,
    TaskStatus,
    TaskType,
    Verification,
)

__all__ = [
    "ENDED",
    "LIVE",
    "AcceptanceContract",
    "ApprovalAction",
    "ApprovalKind",
    "ApprovalRequest",
    "ApprovalResponse",
    "ApprovalStatus",
    "Criterion",
    "CriterionKind",
    "Directive",
    "Evaluation",
    "Execution",
    "ExecutionLog",
    "ExecutionStatus",
    "Priority",
    "QuarantineKind",
    "QuarantinedWrite",
    "Resolution",
    "Task",
    "TaskKind",
    "TaskStatus",
    "TaskType",
    "Verification",
]
