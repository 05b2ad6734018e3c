"""What happens to work: tasks, executions, approvals."""

from audit.events import Action, EventType, Severity

TASK_CREATED = EventType(
    "task.created", Action.CREATE, "task created", {"key": str, "type": str}, aliases=("task_created",)
)
TASK_UPDATED = EventType("task.updated", Action.UPDATE, "task changed", {"changed": list}, aliases=("task_updated",))
TASK_CLAIMED = EventType(
    "task.claimed",
    Action.UPDATE,
    "task claimed",
    {"execution_id": str, "attempt": int, "lease_seconds": int},
    aliases=("task_started", "execution.started"),
)
TASK_ASSIGNED = EventType(
    "task.assigned",
    Action.UPDATE,
    "task assigned",
    {"user_id": str, "agent_id": str},
    aliases=("task_assigned",),
)
TASK_WAITING = EventType("task.waiting", Action.UPDATE, "task waits for others", {"waiting_on": int})
TASK_UNBLOCKED = EventType("task.unblocked", Action.UPDATE, "task waits for nothing any more")
TASK_PREREQUISITE_LOST = EventType(
    "task.prerequisite_lost",
    Action.UPDATE,
    "what the task waits for was given up",
    {"prerequisite_id": str},
    severity=Severity.NOTICE,
)
TASK_HANDED_TO_BACKUP = EventType(
    "task.handed_to_backup",
    Action.UPDATE,
    "task handed to its backup",
    {"user_id": str, "agent_id": str},
    severity=Severity.NOTICE,
)
TASK_VERIFICATION_CHANGED = EventType(
    "task.verification_changed", Action.UPDATE, "verification of the task changed", {"verification": str}
)
TASK_DELETED = EventType(
    "task.deleted", Action.DELETE, "task deleted", severity=Severity.NOTICE, aliases=("task_deleted",)
)
TASK_RESTORED = EventType("task.restored", Action.UPDATE, "task restored")
DEPENDENCY_ADDED = EventType(
    "task.dependency_added", Action.UPDATE, "dependency added", {"depends_on_id": str, "kind": str}
)
DEPENDENCY_REMOVED = EventType(
    "task.dependency_removed", Action.UPDATE, "dependency removed", {"depends_on_id": str, "kind": str}
)
ASSIGNMENT_MADE = EventType(
    "assignment.made",
    Action.CREATE,
    "assigned",
    {"role": str, "user_id": str, "agent_id": str, "group_id": str},
)
ASSIGNMENT_ENDED = EventType(
    "assignment.ended",
    Action.UPDATE,
    "assignment ended",
    {"role": str, "user_id": str, "agent_id": str, "group_id": str},
)
TASK_RELEASED = EventType("task.released", Action.UPDATE, "task given back", {"execution_id": str, "attempt": int})
TASK_BLOCKED = EventType(
    "task.blocked", Action.UPDATE, "task blocked", severity=Severity.NOTICE, aliases=("task_failed",)
)
TASK_REOPENED = EventType("task.reopened", Action.UPDATE, "task reopened")
TASK_SUBMITTED = EventType("task.submitted", Action.UPDATE, "task waits for review", {"execution_id": str})
TASK_CLOSED = EventType(
    "task.closed", Action.UPDATE, "task closed", {"resolution": str}, aliases=("task_closed", "task_completed")
)
TASK_CANCELLED = EventType("task.cancelled", Action.UPDATE, "task cancelled", aliases=("task_cancelled",))
CONTRACT_SET = EventType("contract.set", Action.CREATE, "acceptance contract set", {"criteria": int})
CRITERION_EVALUATED = EventType(
    "criterion.evaluated",
    Action.EXECUTE,
    "criterion evaluated",
    {"criterion_id": str, "is_met": bool, "evidence_id": str},
)
EXECUTION_SUCCEEDED = EventType(
    "execution.succeeded", Action.EXECUTE, "run succeeded", {"attempt": int}, aliases=("agent_executed",)
)
EXECUTION_FAILED = EventType(
    "execution.failed",
    Action.EXECUTE,
    "run failed",
    {"attempt": int, "retryable": bool, "error_code": str, "error_category": str},
    severity=Severity.NOTICE,
    aliases=("agent_failed",),
)
EXECUTION_TIMED_OUT = EventType(
    "execution.timed_out", Action.EXECUTE, "run timed out", {"attempt": int}, severity=Severity.WARNING
)
EXECUTION_CANCEL_REQUESTED = EventType(
    "execution.cancel_requested", Action.UPDATE, "run told to stop", {"attempt": int}, severity=Severity.NOTICE
)
EXECUTION_CANCELLED = EventType("execution.cancelled", Action.EXECUTE, "run cancelled", {"attempt": int})
EXECUTION_DIRECTED = EventType(
    "execution.directed", Action.UPDATE, "run told what to do", {"directive": str, "attempt": int}
)
LATE_WRITE_REFUSED = EventType(
    "execution.late_write_refused",
    Action.EXECUTE,
    "late write refused and quarantined",
    {"kind": str, "attempt": int, "quarantine_id": str},
    severity=Severity.WARNING,
)
APPROVAL_REQUESTED = EventType(
    "approval.requested",
    Action.CREATE,
    "approval asked",
    {"kind": str, "digest": str},
    severity=Severity.NOTICE,
    aliases=("hitl_request_created",),
)
APPROVAL_APPROVED = EventType(
    "approval.approved",
    Action.UPDATE,
    "approved",
    {"digest": str},
    severity=Severity.NOTICE,
    aliases=("hitl_response",),
)
APPROVAL_REJECTED = EventType("approval.rejected", Action.UPDATE, "rejected", {"digest": str}, severity=Severity.NOTICE)
APPROVAL_AMENDED = EventType("approval.amended", Action.UPDATE, "amended", {"digest": str}, severity=Severity.NOTICE)
APPROVAL_EXPIRED = EventType(
    "approval.expired", Action.UPDATE, "approval expired", {"digest": str}, aliases=("hitl_timeout",)
)
APPROVAL_CANCELLED = EventType(
    "approval.cancelled", Action.UPDATE, "approval withdrawn", {"digest": str}, aliases=("hitl_cancelled",)
)
APPROVAL_REDEEMED = EventType(
    "approval.redeemed",
    Action.EXECUTE,
    "approval redeemed",
    {"digest": str, "execution_id": str},
    severity=Severity.NOTICE,
)
