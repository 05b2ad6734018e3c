"""What plans, reviews and escalations ask of work: take it up again, stop it, ask a person."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from audit.services import record
from common.errors import Conflict, Invalid
from projects.models import Escalation, EscalationStep, Gate, GateCheck
from tasks import events
from tasks.models import (
    ApprovalKind,
    ApprovalRequest,
    ApprovalTrigger,
    Directive,
    Execution,
    ExecutionStatus,
    Task,
    TaskStatus,
    Verification,
)
from tasks.services.asking import About, Question, create_request
from tasks.services.base import approval_subject, lock_task, subject_of
from tasks.services.contracts import evaluate
from tasks.services.waiting import hold_dependents, holds_of, recount, recount_all
from tasks.services.work_items import offer_again

ANSWERS = (
    {"key": "approve", "label": "Go on", "action": "approve", "effect": "The escalation is resolved; work goes on."},
    {"key": "reject", "label": "Stop", "action": "reject", "effect": "It is resolved; nothing is let through by it."},
    {"key": "amend", "label": "Go on differently", "action": "amend", "effect": "It is resolved by your instructions."},
)


def reopen_reviewed(gate: Gate, task_ids: Collection[UUID], reason: str) -> None:
    """Reopen tasks that a review sends back: their results stand no longer and are kept as set aside.

    Raises `Invalid` for tasks that are not behind the gate, `Conflict` for one that is not done.
    """
    work = Q(group_id=gate.after_group_id) if gate.after_group_id else Q(phase_id=gate.phase_id)
    known = set(Task.objects.filter(work, id__in=task_ids).values_list("id", flat=True))
    if known != set(task_ids):
        raise Invalid("Not a task behind this gate.", errors={"reopen_tasks": ["Choose tasks of the gate's group."]})
    for task_id in sorted(known):
        reopen_one(lock_task(task_id), reason)


def reopen_one(task: Task, reason: str) -> None:
    if task.status not in (TaskStatus.CLOSED, TaskStatus.IN_REVIEW):
        raise Conflict(f"{task.key} is {task.get_status_display().lower()}.", code="not_reopenable")
    accepted = Execution.objects.accepted().filter(task_id=task.id).first()
    if accepted:
        # This process's clock, like the identifiers of evidence: what is older proves the old result only.
        Execution.objects.filter(id=accepted.id).update(set_aside_at=timezone.now(), set_aside_reason=reason)
        evaluate(task, accepted)
    recount(task)
    offer_again(
        task,
        events.TASK_REOPENED,
        at=timezone.now(),
        reason=reason,
        resolution=None,
        closed_at=None,
        attempts_left=task.max_attempts,
        verification=Verification.UNVERIFIED,
    )
    hold_dependents(task)


def count_again(plan_id: UUID) -> None:
    """The plan lets other work through than before: count anew what its open tasks wait for, where that differs."""
    waiting = dict(Task.objects.filter(phase__plan_id=plan_id, status=TaskStatus.OPEN).values_list("id", "waiting_on"))
    holds = holds_of(list(waiting))
    recount_all(task_id for task_id, count in waiting.items() if len(holds[task_id]) != count)


def stand_down(project_id: UUID, reason: str) -> None:
    """The project takes no more work: tell what runs to stop, and take open questions back."""
    running = Execution.objects.filter(project_id=project_id, status=ExecutionStatus.RUNNING)
    for execution in running.exclude(directive=Directive.STOP).order_by("task_id"):
        task = lock_task(execution.task_id)
        if running.filter(id=execution.id).update(directive=Directive.STOP):
            record(
                events.EXECUTION_DIRECTED,
                subject_of(task),
                reason=reason,
                directive=Directive.STOP.value,
                attempt=execution.attempt,
            )
    pending = ApprovalRequest.objects.pending().filter(project_id=project_id)
    for approval in pending.select_related("task__project").order_by("task_id", "id"):
        if pending.filter(id=approval.id).update(status="cancelled"):
            subject = approval_subject(approval, approval.task)
            record(events.APPROVAL_CANCELLED, subject, reason=reason, digest=approval.digest)


def ask_people(escalation: Escalation, check: GateCheck | None) -> None:
    """The last step of an escalation: a person decides. Their answer resolves it."""
    if escalation.step != EscalationStep.HITL:
        return
    rule = escalation.rule
    action = {
        "escalation": str(escalation.id),
        "area": rule.area,
        "subject_type": escalation.subject_type,
        "subject_id": str(escalation.subject_id),
        "command": check.command if check else "",
    }
    question = Question(
        kind=ApprovalKind.ESCALATION,
        text=f"{rule.area}: {escalation.reason}",
        action=action,
        trigger=ApprovalTrigger.QUALITY_THRESHOLD if check else ApprovalTrigger.AGENT_ERROR,
        options=[dict(answer) for answer in ANSWERS],
    )
    phase = check.gate.phase if check else rule.phase
    create_request(question, About(rule.project, phase=phase, gate=check.gate if check else None), timezone.now())
