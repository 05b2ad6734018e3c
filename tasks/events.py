"""What happens to work: tasks, executions, approvals."""

from audit.events import CONCERNED, PAGES, Action, EventType, Severity
from projects.events import MAINTAINERS

DECIDERS = ("deciders",)
"""whom an approval waits for (`notifies`)"""

PAGES["task"] = "/tasks/{id}/"
PAGES["approval"] = "/inbox/{id}/"

TASK_CREATED = EventType(
    "task.created", Action.CREATE, "task created", {"key": str, "type": str}, aliases=("task_created",)
)
TASK_UPDATED = EventType("task.updated", Action.UPDATE, "task changed", {"changed": list}, aliases=("task_updated",))
TASK_CLAIMED = EventType(
    "task.claimed",
    Action.UPDATE,
    "task claimed",
    {"execution_id": str, "attempt": int, "lease_seconds": int},
    aliases=("task_started", "task.started", "execution.started"),
)
TASK_ASSIGNED = EventType(
    "task.assigned",
    Action.UPDATE,
    "task assigned",
    {"user_id": str, "agent_id": str},
    notifies=CONCERNED,
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
    notifies=CONCERNED,
)
ASSIGNMENT_ENDED = EventType(
    "assignment.ended",
    Action.UPDATE,
    "assignment ended",
    {"role": str, "user_id": str, "agent_id": str, "group_id": str},
)
TASK_RELEASED = EventType("task.released", Action.UPDATE, "task given back", {"execution_id": str, "attempt": int})
TASK_BLOCKED = EventType(
    "task.blocked", Action.UPDATE, "task blocked", severity=Severity.NOTICE, aliases=("task_failed", "task.failed")
)
TASK_REOPENED = EventType("task.reopened", Action.UPDATE, "task reopened")
TASK_SUBMITTED = EventType(
    "task.submitted", Action.UPDATE, "task waits for review", {"execution_id": str}, notifies=MAINTAINERS
)
TASK_CLOSED = EventType(
    "task.closed",
    Action.UPDATE,
    "task closed",
    {"resolution": str},
    aliases=("task_closed", "task_completed", "task.completed"),
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
    "execution.succeeded",
    Action.EXECUTE,
    "run succeeded",
    {"attempt": int},
    aliases=("agent_executed", "execution.completed"),
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
    "execution.timed_out",
    Action.EXECUTE,
    "run timed out",
    {"attempt": int},
    severity=Severity.WARNING,
    aliases=("execution.timeout",),
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
    notifies=DECIDERS,
    aliases=("hitl_request_created", "hitl.requested"),
)
APPROVAL_APPROVED = EventType(
    "approval.approved",
    Action.UPDATE,
    "approved",
    {"digest": str},
    severity=Severity.NOTICE,
    aliases=("hitl_response", "hitl.responded"),
)
APPROVAL_REJECTED = EventType("approval.rejected", Action.UPDATE, "rejected", {"digest": str}, severity=Severity.NOTICE)
APPROVAL_AMENDED = EventType("approval.amended", Action.UPDATE, "amended", {"digest": str}, severity=Severity.NOTICE)
APPROVAL_ENDORSED = EventType(
    "approval.endorsed",
    Action.UPDATE,
    "approved by one of several",
    {"digest": str, "agreeing": int, "quorum": int},
    severity=Severity.NOTICE,
)
APPROVAL_ESCALATED = EventType(
    "approval.escalated",
    Action.UPDATE,
    "approval waits too long",
    {"digest": str, "level": int},
    severity=Severity.WARNING,
)
STANDING_RULE_CREATED = EventType(
    "standing_rule.created", Action.CREATE, "standing rule made", {"answer": str}, severity=Severity.NOTICE
)
STANDING_RULE_REVOKED = EventType(
    "standing_rule.revoked", Action.UPDATE, "standing rule revoked", severity=Severity.NOTICE
)
APPROVAL_EXPIRED = EventType(
    "approval.expired", Action.UPDATE, "approval expired", {"digest": str}, aliases=("hitl_timeout", "hitl.expired")
)
APPROVAL_CANCELLED = EventType(
    "approval.cancelled",
    Action.UPDATE,
    "approval withdrawn",
    {"digest": str},
    aliases=("hitl_cancelled", "hitl.cancelled"),
)
APPROVAL_REDEEMED = EventType(
    "approval.redeemed",
    Action.EXECUTE,
    "approval redeemed",
    {"digest": str, "execution_id": str},
    severity=Severity.NOTICE,
)
COMMENT_ADDED = EventType(
    "comment.added",
    Action.CREATE,
    "comment added",
    {"content_type": str, "reply_to": str},
    aliases=(
        "comment_added",
        "comment.created",
    ),
)
COMMENT_EDITED = EventType("comment.edited", Action.UPDATE, "comment edited")
COMMENT_DELETED = EventType("comment.deleted", Action.DELETE, "comment deleted")
ATTACHMENT_ADDED = EventType(
    "attachment.added",
    Action.CREATE,
    "file attached",
    {"sha256": str, "size": int, "media_type": str},
    aliases=(
        "attachment_added",
        "attachment.created",
    ),
)
ATTACHMENT_USED = EventType(
    "attachment.used_as_evidence", Action.UPDATE, "file registered as evidence", {"evidence_id": str}
)
ATTACHMENT_DELETED = EventType("attachment.deleted", Action.DELETE, "file taken away")
CHECKLIST_ITEM_ADDED = EventType("checklist_item.added", Action.CREATE, "checklist line added")
CHECKLIST_ITEM_CHANGED = EventType("checklist_item.changed", Action.UPDATE, "checklist line reworded")
CHECKLIST_ITEM_TICKED = EventType(
    "checklist_item.ticked", Action.UPDATE, "checklist line ticked", {"done": bool, "evidence_id": str}
)
CHECKLIST_ITEM_REMOVED = EventType("checklist_item.removed", Action.DELETE, "checklist line removed")
CHECKLIST_ORDERED = EventType("checklist.ordered", Action.UPDATE, "checklist put in order", {"lines": int})
HANDOFF_CREATED = EventType(
    "handoff.created", Action.CREATE, "handoff drafted", {"phase": str}, aliases=("handoff_created",)
)
HANDOFF_CHANGED = EventType("handoff.changed", Action.UPDATE, "handoff changed", {"changed": list})
HANDOFF_SUBMITTED = EventType(
    "handoff.submitted", Action.UPDATE, "handoff offered to its taker", severity=Severity.NOTICE
)
HANDOFF_ACCEPTED = EventType("handoff.accepted", Action.UPDATE, "handoff accepted", aliases=("handoff_accepted",))
HANDOFF_REJECTED = EventType("handoff.rejected", Action.UPDATE, "handoff rejected", severity=Severity.NOTICE)
HANDOFF_COMPLETED = EventType("handoff.completed", Action.UPDATE, "handoff completed")
BLOCKER_OPENED = EventType("blocker.opened", Action.CREATE, "blocker opened", severity=Severity.NOTICE)
BLOCKER_RESOLVED = EventType("blocker.resolved", Action.UPDATE, "blocker resolved")
WORK_LOGGED = EventType("work.logged", Action.CREATE, "work logged", {"kind": str})
COMMIT_RECORDED = EventType(
    "commit.recorded", Action.CREATE, "commit recorded", {"hash": str}, aliases=("code_pushed",)
)
FILE_CHANGED = EventType("file.changed", Action.UPDATE, "file change recorded", {"change": str, "status": str})
