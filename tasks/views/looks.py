"""How states look on the pages: a status is always a shape, a word and a tone (static/css/variables.css).

Violet (`you`) means "needs you" and nothing else: it is used only where the viewer may act.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from common.context import Principal
from evidence.models import Evidence, Grade
from projects.models import CheckState, CriterionState, DecisionStatus, GateStatus, PhaseStatus, PlanStatus
from tasks.models import (
    ApprovalKind,
    ApprovalRequest,
    ApprovalStatus,
    Execution,
    ExecutionStatus,
    HandoffStatus,
    Resolution,
    Task,
    TaskStatus,
)


@dataclass(frozen=True, slots=True)
class Look:
    icon: str
    word: str
    tone: str


TASK = {
    TaskStatus.DRAFT: Look("circle-dashed", "Draft", "neutral"),
    TaskStatus.OPEN: Look("circle", "Queued", "neutral"),
    TaskStatus.IN_PROGRESS: Look("circle-dot", "Running", "active"),
    TaskStatus.IN_REVIEW: Look("eye", "In review", "neutral"),
    TaskStatus.BLOCKED: Look("triangle-alert", "Blocked", "warn"),
    TaskStatus.CLOSED: Look("circle-check", "Done", "ok"),
}
CLOSED = {
    Resolution.COMPLETED: Look("circle-check", "Done", "ok"),
    Resolution.FAILED: Look("circle-x", "Failed", "bad"),
    Resolution.CANCELLED: Look("circle-slash", "Cancelled", "neutral"),
    Resolution.DUPLICATE: Look("circle-slash", "Duplicate", "neutral"),
    Resolution.WONT_FIX: Look("circle-slash", "Won't fix", "neutral"),
}
RUN = {
    ExecutionStatus.PENDING: Look("circle", "Pending", "neutral"),
    ExecutionStatus.RUNNING: Look("circle-dot", "Running", "active"),
    ExecutionStatus.WAITING_FOR_HITL: Look("hourglass", "Waits for a person", "warn"),
    ExecutionStatus.SUCCESS: Look("circle-check", "Succeeded", "ok"),
    ExecutionStatus.FAILURE: Look("circle-x", "Failed", "bad"),
    ExecutionStatus.TIMEOUT: Look("timer", "Lease expired", "warn"),
    ExecutionStatus.CANCELLED: Look("circle-slash", "Cancelled", "neutral"),
}
APPROVAL = {
    ApprovalStatus.PENDING: Look("hourglass", "Waits for a decision", "warn"),
    ApprovalStatus.APPROVED: Look("circle-check", "Approved", "ok"),
    ApprovalStatus.AMENDED: Look("pencil", "Amended and approved", "ok"),
    ApprovalStatus.REJECTED: Look("circle-x", "Rejected", "bad"),
    ApprovalStatus.EXPIRED: Look("timer", "Expired", "neutral"),
    ApprovalStatus.CANCELLED: Look("circle-slash", "Withdrawn", "neutral"),
}
HANDOFF = {
    HandoffStatus.DRAFT: Look("circle-dashed", "Draft", "neutral"),
    HandoffStatus.PENDING: Look("hourglass", "Waits to be taken over", "warn"),
    HandoffStatus.ACCEPTED: Look("circle-check", "Taken over", "ok"),
    HandoffStatus.REJECTED: Look("circle-x", "Refused", "bad"),
    HandoffStatus.COMPLETED: Look("circle-check", "Delivered", "ok"),
}
NEEDS_APPROVAL = Look("hand", "Approve", "you")
NEEDS_ANSWER = Look("message-square", "Answer", "you")
NEEDS_REVIEW = Look("eye", "Review", "you")
NEEDS_HANDOFF = Look("hand", "Take over", "you")
WAITS = Look("hourglass", "Waits for a person", "warn")
STALLED = Look("hourglass", "Stalled", "warn")
DECIDED = Look("rotate-ccw", "Decided, waits for an agent", "neutral")

MET = Look("circle-check", "Met", "ok")
NOT_MET = Look("circle-x", "Not met", "bad")
OPEN = Look("circle-dashed", "No evidence yet", "neutral")

VERIFIED = Look("shield-check", "Verified", "ok")
REJECTED = Look("shield-x", "Rejected", "bad")
RECORDED = Look("circle", "Recorded", "neutral")

PLAN = {
    PlanStatus.DRAFT: Look("circle-dashed", "Draft", "neutral"),
    PlanStatus.ACTIVE: Look("circle-dot", "Active", "active"),
    PlanStatus.COMPLETED: Look("circle-check", "Completed", "ok"),
    PlanStatus.CANCELLED: Look("circle-slash", "Cancelled", "neutral"),
}
PHASE = {
    PhaseStatus.PENDING: Look("circle", "Not begun", "neutral"),
    PhaseStatus.IN_PROGRESS: Look("circle-dot", "In progress", "active"),
    PhaseStatus.BLOCKED: Look("triangle-alert", "Blocked", "warn"),
    PhaseStatus.COMPLETED: Look("circle-check", "Completed", "ok"),
    PhaseStatus.CANCELLED: Look("circle-slash", "Cancelled", "neutral"),
}
GATE = {
    GateStatus.PENDING: Look("lock", "Closed", "neutral"),
    GateStatus.OPEN: Look("circle-dot", "Open for review", "active"),
    GateStatus.PASSED: Look("circle-check", "Passed", "ok"),
    GateStatus.FAILED: Look("circle-x", "Failed", "bad"),
    GateStatus.CHANGES_REQUESTED: Look("rotate-ccw", "Changes asked for", "warn"),
    GateStatus.WAIVED: Look("circle-slash", "Waived", "warn"),
}
CHECK = {
    CheckState.PENDING: Look("circle-dashed", "Not looked at yet", "neutral"),
    CheckState.PASS: Look("circle-check", "Passed", "ok"),
    CheckState.FAIL: Look("circle-x", "Failed", "bad"),
    CheckState.SKIPPED: Look("circle-slash", "Skipped", "neutral"),
}
GOAL = {
    CriterionState.PENDING: Look("circle-dashed", "Not decided yet", "neutral"),
    CriterionState.MET: MET,
    CriterionState.FAILED: Look("circle-x", "Failed", "bad"),
    CriterionState.WAIVED: Look("circle-slash", "Waived", "warn"),
}

DECISION = {
    DecisionStatus.PROPOSED: Look("circle-dashed", "Proposed", "neutral"),
    DecisionStatus.ACCEPTED: Look("circle-check", "Accepted", "ok"),
    DecisionStatus.SUPERSEDED: Look("circle-slash", "Superseded", "neutral"),
}
UNMEASURED = Look("circle-dashed", "Not measured yet", "neutral")

# The first beginning that fits an event's name says how it looks in the stream of a task.
EVENT_ICONS = (
    ("task.claimed", "arrow-right"),
    ("task.closed", "circle-check"),
    ("task.blocked", "triangle-alert"),
    ("task", "square-kanban"),
    ("approval", "hand"),
    ("evidence", "file-check"),
    ("criterion", "list-checks"),
    ("contract", "list-checks"),
    ("execution.late", "shield-alert"),
    ("execution.timed", "timer"),
    ("execution", "terminal"),
    ("comment", "message-square"),
    ("attachment", "file-text"),
    ("check", "list-checks"),
    ("blocker", "triangle-alert"),
    ("handoff", "arrow-right"),
    ("work", "scroll-text"),
    ("commit", "git-commit-horizontal"),
    ("file", "file-code"),
)


def needs_me(kind: str) -> Look:
    """What a pending approval asks of somebody who may decide it."""
    return NEEDS_ANSWER if kind == ApprovalKind.QUESTION else NEEDS_APPROVAL


def task_look(task: Task, *, live_status: str | None, mine: str | None) -> Look:
    """How a task looks to one viewer. `mine` is the kind of the approval that this viewer may decide, if any."""
    if mine:
        return needs_me(mine)
    if task.status == TaskStatus.CLOSED and task.resolution:
        return CLOSED[Resolution(task.resolution)]
    if live_status == ExecutionStatus.WAITING_FOR_HITL:
        return DECIDED if task.claimable_from else WAITS
    return TASK[TaskStatus(task.status)]


def signs_off(principal: Principal, run: Execution | None, is_manager: bool) -> bool:
    """Whether this viewer may sign reviewed work off: maintainers who do not own the agent that did it."""
    return is_manager and run is not None and run.agent.owner_id != principal.user_id


def run_look(execution: Execution) -> Look:
    return RUN[ExecutionStatus(execution.status)]


def approval_look(approval: ApprovalRequest, *, mine: bool) -> Look:
    if mine and approval.status == ApprovalStatus.PENDING:
        return needs_me(approval.kind)
    return APPROVAL[ApprovalStatus(approval.status)]


def evidence_look(evidence: Evidence) -> Look:
    if evidence.rejected_at:
        return REJECTED
    return VERIFIED if evidence.verified_at else RECORDED


@dataclass(frozen=True, slots=True)
class Strength:
    """How strong the weakest piece of evidence is: never an average."""

    count: int = 0
    steps: int = 0
    word: str = "no evidence"


def strength(grades: Mapping[str, int]) -> Strength:
    """`grades` says how many pieces there are of each grade."""
    if not grades:
        return Strength()
    weakest = min((Grade(grade) for grade in grades), key=lambda grade: grade.rank)
    return Strength(count=sum(grades.values()), steps=weakest.rank + 1, word=weakest.label)
