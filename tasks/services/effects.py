"""What an answer does. Each option of a trigger that we offered ourselves has an effect of its own; what an agent
offered in its own words lets the task go on, or blocks it.
"""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from accounts.models import User
from agents.models import EmergencyStop, StopScope
from agents.services import trigger_stop
from common.models import ClockTimestamp
from projects.models import Project, ProjectStatus, Verdict
from projects.services import complete_phase, judge_phase, submit_review, update_project
from projects.services.shared import lock_project
from tasks import events
from tasks.models import (
    ApprovalKind,
    ApprovalRequest,
    ApprovalStatus,
    ApprovalTrigger,
    Execution,
    ExecutionStatus,
    Resolution,
    Risk,
    Task,
    TaskStatus,
)
from tasks.services.asking import About, Question, create_request
from tasks.services.attempts import advance
from tasks.services.base import lock_task
from tasks.services.delivery import answered
from tasks.services.work_items import block, close, offer_again

AMENDABLE = ("instructions", "description", "input")


def lock_what_changes(approval: ApprovalRequest) -> Task | None:
    """Lock what the answers to a request may change, and return its task: a project comes before its tasks."""
    if approval.kind == ApprovalKind.PHASE_GATE or approval.trigger == ApprovalTrigger.BUDGET_EXCEEDED:
        lock_project(approval.project_id)
    return lock_task(approval.task_id) if approval.task_id else None


def go_on(task: Task | None, approval: ApprovalRequest, decider: str) -> None:
    """Carry out the answer of a request that has just been decided; its task, if it has one, is locked."""
    if approval.kind == ApprovalKind.PHASE_GATE:
        judge_delivery(approval)
    of_project = OF_PROJECT.get(chosen(approval))
    if of_project:
        of_project(approval, f"{decider}: {approval.comment}")
    answered(approval)
    if task is not None and task.status != TaskStatus.CLOSED:
        effect_of(approval)(task, approval, decider)


def judge_delivery(approval: ApprovalRequest) -> None:
    """The answer to a question about a gate or a phase is its decider's review of it, under the rules of reviews."""
    decider = User.objects.get(id=approval.decided_by_id).principal()
    approved = approval.status == ApprovalStatus.APPROVED
    verdict = Verdict.APPROVED if approved else Verdict.CHANGES_REQUESTED
    if approval.gate:
        submit_review(gate=approval.gate, principal=decider, verdict=verdict, comments=approval.comment)
    elif approval.phase:
        judge_phase(phase=approval.phase, principal=decider, verdict=verdict, transition_document=approval.comment)
    if approved and approval.phase and not approval.gate:
        complete_phase(phase=approval.phase)


def chosen(approval: ApprovalRequest) -> tuple[str, str]:
    """Return trigger and key of the option that was chosen; of the only one there is, where none was named."""
    action = {"rejected": "reject", "amended": "amend"}.get(approval.status, "approve")
    ours = approval.options if approval.policy.get("effects") else []
    keys = [option["key"] for option in ours if option["action"] == action]
    only = keys[0] if len(keys) == 1 else ""
    return approval.trigger, (approval.selected_option or only) if ours else ""


def effect_of(approval: ApprovalRequest) -> "Effect":
    known = EFFECTS.get(chosen(approval))
    return known or (reject if approval.status == ApprovalStatus.REJECTED else resume)


def end_parked(approval: ApprovalRequest, reason: str) -> None:
    for parked in Execution.objects.filter(approvals=approval, status=ExecutionStatus.WAITING_FOR_HITL):
        advance(parked.id, ExecutionStatus.CANCELLED, error=reason)


def resume(task: Task, approval: ApprovalRequest, decider: str) -> None:
    """Let the task be claimed again: the new claim carries the grant."""
    if task.status == TaskStatus.BLOCKED:
        again(task, f"{decider}: {approval.comment}")
    else:
        Task.objects.filter(id=task.id, status=TaskStatus.IN_PROGRESS).update(claimable_from=ClockTimestamp())


def again(task: Task, words: str) -> None:
    attempts = task.attempts_left or task.max_attempts
    offer_again(task, events.TASK_REOPENED, at=timezone.now(), reason=words, attempts_left=attempts)


def reject(task: Task, approval: ApprovalRequest, decider: str) -> None:
    end_parked(approval, f"{decider} rejected it: {approval.comment}")
    block(task, f"{decider} rejected “{approval.question}”: {approval.comment}")


def fix(task: Task, approval: ApprovalRequest, decider: str) -> None:
    """Nothing of it runs; the next attempt reads in the last one's end why."""
    words = f"{decider} rejected it, to be fixed: {approval.comment}"
    end_parked(approval, words)
    again(task, words)


def modify(task: Task, approval: ApprovalRequest, decider: str) -> None:
    """Write what was amended into the task, as far as the task has such fields."""
    given: dict[str, Any] = approval.amended_content or {}
    changes = {name: given[name] for name in AMENDABLE if isinstance(given.get(name), type(getattr(task, name)))}
    if changes:
        Task.objects.filter(id=task.id).update(**changes)
        task.refresh_from_db(fields=list(changes))
    resume(task, approval, decider)


def skip(task: Task, approval: ApprovalRequest, decider: str) -> None:
    finish(task, approval, Resolution.WONT_FIX, f"{decider} skipped it: {approval.comment}")


def cancel(task: Task, approval: ApprovalRequest, decider: str) -> None:
    finish(task, approval, Resolution.CANCELLED, f"{decider} cancelled it: {approval.comment}")


def finish(task: Task, approval: ApprovalRequest, resolution: str, words: str) -> None:
    end_parked(approval, words)
    close(task, resolution, reason=words)


def escalate(task: Task, approval: ApprovalRequest, decider: str) -> None:
    """Block the task, and ask again: two people, about the same step, as something critical."""
    reject(task, approval, decider)
    question = Question(
        kind=ApprovalKind.ESCALATION,
        text=f"Escalated by {decider}: {approval.question}",
        action=approval.action,
        trigger=ApprovalTrigger.SAFETY_VIOLATION,
        risk=Risk.CRITICAL,
        target_commit=approval.target_commit,
    )
    create_request(question, About(project=task.project, task=task), timezone.now())


def pause_project(approval: ApprovalRequest, words: str) -> None:
    """Stop the project until somebody releases it; one that is stopped already stays so."""
    if not EmergencyStop.objects.active().filter(scope=StopScope.PROJECT, project_id=approval.project_id).exists():
        decider = User.objects.filter(id=approval.decided_by_id).first()
        trigger_stop(scope=StopScope.PROJECT, reason=words, by=decider, project=approval.project)


def cancel_project(approval: ApprovalRequest, words: str) -> None:
    update_project(project=Project.objects.get(id=approval.project_id), reason=words, status=ProjectStatus.CANCELLED)


Effect = Callable[[Task, ApprovalRequest, str], None]
EFFECTS: dict[tuple[str, str], Effect] = {
    (ApprovalTrigger.AGENT_ERROR, "skip"): skip,
    (ApprovalTrigger.AGENT_ERROR, "modify"): modify,
    (ApprovalTrigger.AGENT_ERROR, "cancel"): cancel,
    (ApprovalTrigger.CONFLICT_DETECTED, "alternative"): modify,
    (ApprovalTrigger.BUDGET_EXCEEDED, "reduce"): modify,
    (ApprovalTrigger.SAFETY_VIOLATION, "fix"): fix,
    (ApprovalTrigger.SAFETY_VIOLATION, "escalate"): escalate,
}
OF_PROJECT: dict[tuple[str, str], Callable[[ApprovalRequest, str], None]] = {
    (ApprovalTrigger.BUDGET_EXCEEDED, "pause"): pause_project,
    (ApprovalTrigger.BUDGET_EXCEEDED, "cancel_project"): cancel_project,
}
