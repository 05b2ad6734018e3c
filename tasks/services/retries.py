"""What becomes of a task whose attempt failed: once more after a pause, then its backup, then a person (EH-01..03)."""

import random
from datetime import datetime, timedelta

from django.utils import timezone

from common.errors import Invalid
from tasks import events
from tasks.models import (
    ApprovalKind,
    ApprovalRequest,
    ApprovalTrigger,
    Assignment,
    AssignmentRole,
    ErrorCategory,
    Execution,
    Task,
)
from tasks.services.asking import About, Question, create_request
from tasks.services.oversight import Circumstances, limits_of, must_ask
from tasks.services.work_items import block, offer_again

RETRY_BACKOFF_SECONDS = 5
LONGEST_BACKOFF = timedelta(minutes=10)

# Codes whose nature is known, whatever the worker thinks of them.
PASSING = frozenset({"timeout", "rate_limit", "network", "temporary_failure", "service_unavailable"})
PERMANENT = frozenset(
    {"authentication", "invalid_api_key", "permission_denied", "invalid_request", "permanent_failure"}
)
# Neither another try nor another agent mends these.
FOR_PEOPLE: dict[str, ApprovalTrigger] = {
    ErrorCategory.BUDGET: ApprovalTrigger.BUDGET_EXCEEDED,
    ErrorCategory.SAFETY: ApprovalTrigger.SAFETY_VIOLATION,
}


def is_retryable(retryable: bool | None, code: str, category: str | None) -> bool:
    """Whether another try makes sense. Raises `Invalid` where neither the worker nor the code says it."""
    if category in FOR_PEOPLE or code in PERMANENT:
        return False
    if retryable is None and code not in PASSING:
        words = f"Required unless error_code is one of: {', '.join(sorted(PASSING | PERMANENT))}."
        raise Invalid("Say whether another try makes sense.", errors={"retryable": [words]})
    return code in PASSING if retryable is None else retryable


def backoff(attempt: int) -> timedelta:
    """Return the longest pause after a failed attempt. Attempts have no upper bound (a release costs none), it has."""
    doublings = min(attempt - 1, 10)
    return min(timedelta(seconds=RETRY_BACKOFF_SECONDS * 2**doublings), LONGEST_BACKOFF)


def pause(attempt: int) -> timedelta:
    """Return a pause between half of the longest and the longest: what failed together does not come back together."""
    return backoff(attempt) * random.uniform(0.5, 1)  # noqa: S311  # spreads load, keeps no secret


def after_failure(task: Task, execution: Execution, words: str, *, retryable: bool, at: datetime) -> None:
    """Decide how a locked task goes on after `execution` failed, or was lost."""
    if execution.cancel_requested_at:
        block(task, execution.error)
    elif retryable and task.attempts_left > 0:
        data = {"execution_id": str(execution.id), "attempt": execution.attempt}
        offer_again(task, events.TASK_RELEASED, at=at, reason=words, data=data)
    elif execution.error_category in FOR_PEOPLE or not hand_to_backup(task, words, at):
        block(task, words)
        ask_what_next(task, execution)


def ask_what_next(task: Task, execution: Execution) -> None:
    """Ask people how a blocked task goes on, where the project's oversight wants that and they are not asked yet.

    The question is about the task, not about a step of the attempt: whoever manages the project answers it.
    """
    trigger = FOR_PEOPLE.get(execution.error_category or "", ApprovalTrigger.AGENT_ERROR)
    known = Circumstances(error=execution.error_category or None)
    project = task.project
    wanted = must_ask(trigger, project.oversight_level, limits_of(project.hitl_config), known)
    if not wanted or ApprovalRequest.objects.pending().filter(task_id=task.id).exists():
        return
    question = Question(
        kind=ApprovalKind.ESCALATION,
        text=f"How does {task.key} go on? {task.status_reason}",
        action={"attempt": execution.attempt, "execution": str(execution.id), "error": task.status_reason},
        trigger=trigger,
    )
    create_request(question, About(project=project, task=task), timezone.now())


def hand_to_backup(task: Task, why: str, at: datetime) -> bool:
    """Give a locked task to its next backup, with its attempts renewed; return whether there is one.

    Only a backup without a condition steps in by itself: whether a condition holds is for a person to say, who then
    assigns the task. Nobody steps in twice.
    """
    backup = next_backup(task)
    if backup is None:
        return False
    offer_again(
        task,
        events.TASK_HANDED_TO_BACKUP,
        at=at,
        reason=why,
        assigned_user=backup.user,
        assigned_agent=backup.agent,
        attempts_left=task.max_attempts,
        data={
            "user_id": str(backup.user_id) if backup.user_id else None,
            "agent_id": str(backup.agent_id) if backup.agent_id else None,
        },
    )
    return True


def next_backup(task: Task) -> Assignment | None:
    tried = Execution.objects.filter(task_id=task.id).values("agent_id")
    backups = Assignment.objects.covering(task).filter(role=AssignmentRole.BACKUP, condition="")
    return backups.exclude(agent__in=tried).exclude(agent__is_active=False).order_by("id").first()
