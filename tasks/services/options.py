"""The answers that are offered. Each names the answer it stands for and what it does (`effects.py`)."""

from tasks.models import ApprovalKind, ApprovalTrigger

Option = dict[str, str]


def option(key: str, label: str, action: str, effect: str) -> Option:
    return {"key": key, "label": label, "action": action, "effect": effect}


DEFAULT = (
    option("approve", "Approve", "approve", "The step runs as shown, once."),
    option("reject", "Reject", "reject", "The task is blocked."),
    option("amend", "Amend", "amend", "The task runs again with your changes."),
)
OF_DELIVERY = (
    option("approve", "Approve", "approve", "The gate is passed, or the phase completed: it is your review of it."),
    option("reject", "Ask for changes", "reject", "Changes are requested: it is your review of it."),
)
BY_TRIGGER: dict[str, tuple[Option, ...]] = {
    ApprovalTrigger.CONFLICT_DETECTED: (
        option("approve_resolution", "Approve the resolution", "approve", "The proposed resolution is used."),
        option("reject_resolution", "Reject the resolution", "reject", "The task is blocked."),
        option("alternative", "Give another solution", "amend", "The task runs again with your solution."),
    ),
    ApprovalTrigger.AGENT_ERROR: (
        option("retry", "Retry the task", "approve", "The task is offered again."),
        option("skip", "Skip the task", "approve", "The task is closed without a result."),
        option("modify", "Modify the task", "amend", "Your changes are written into the task and it is offered again."),
        option("cancel", "Cancel the task", "reject", "The task is cancelled."),
    ),
    ApprovalTrigger.BUDGET_EXCEEDED: (
        option("continue", "Continue with caution", "approve", "The step runs as shown, once."),
        option("reduce", "Reduce the scope", "amend", "Your smaller scope is written into the task."),
        option("pause", "Pause the project", "reject", "Nothing of the project runs until somebody releases it."),
        option("cancel_project", "Cancel the project", "reject", "The project is cancelled; none of its tasks runs."),
    ),
    ApprovalTrigger.SAFETY_VIOLATION: (
        option("mitigate", "Approve with mitigation", "approve", "The step runs as shown, once, as you say."),
        option("fix", "Reject and fix", "reject", "The task is offered again, with your comment."),
        option("escalate", "Escalate to the security team", "reject", "The task is blocked, and two more are asked."),
    ),
}


def options_for(kind: str, trigger: str) -> list[Option]:
    offered = OF_DELIVERY if kind == ApprovalKind.PHASE_GATE else BY_TRIGGER.get(trigger, DEFAULT)
    return [dict(each) for each in offered]
