"""Tasks: making, changing, cancelling, reopening. The few state changes that others share live here too."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from agents.models import Agent
from audit.events import EventType
from audit.services import Subject, changes_of, record
from common.errors import Conflict, Invalid
from projects.models import Plan, Project
from tasks import events
from tasks.models import Execution, ExecutionStatus, Priority, Resolution, Task, TaskKind, TaskStatus, TaskType

CHANGEABLE = frozenset(
    {
        "title",
        "description",
        "instructions",
        "input",
        "type",
        "priority",
        "labels",
        "complexity",
        "plan",
        "assigned_agent",
        "required_capabilities",
    }
)


def subject_of(task: Task) -> Subject:
    return Subject(
        type="task", id=task.id, label=f"{task.key} {task.title}", project_id=task.project_id, task_id=task.id
    )


@transaction.atomic
def create_task(
    *,
    project: Project,
    title: str,
    description: str = "",
    instructions: str = "",
    input: dict[str, Any] | None = None,  # the field's name in the API
    type: str = TaskType.TASK,  # the field's name in the API
    kind: str = TaskKind.TASK,
    status: str = TaskStatus.OPEN,
    priority: str = Priority.MEDIUM,
    plan: Plan | None = None,
    assigned_agent: Agent | None = None,
    required_capabilities: list[str] | None = None,
    labels: list[str] | None = None,
    complexity: int | None = None,
    max_attempts: int = 3,
    created_by_id: UUID | None = None,
    github_issue_number: int | None = None,
    github_url: str = "",
) -> Task:
    """Create a task, open or as a draft. Raises `Invalid` for a plan of another project or another first status."""
    if status not in {TaskStatus.OPEN, TaskStatus.DRAFT}:
        raise Invalid("A new task is open or a draft.", errors={"status": ["Choose open or draft."]})
    check_plan(plan, project.id)
    task: Task = Task.objects.create(
        project=project,
        number=next_number(project),
        title=title,
        description=description,
        instructions=instructions,
        input=input or {},
        type=type,
        kind=kind,
        status=status,
        priority=priority,
        plan=plan,
        assigned_agent=assigned_agent,
        required_capabilities=required_capabilities or [],
        labels=labels or [],
        complexity=complexity,
        max_attempts=max_attempts,
        attempts_left=max_attempts,
        created_by_id=created_by_id,
        github_issue_number=github_issue_number,
        github_url=github_url,
        claimable_from=timezone.now() if status == TaskStatus.OPEN else None,
    )
    record(events.TASK_CREATED, subject_of(task), key=task.key, type=str(type))
    return task


def check_plan(plan: Plan | None, project_id: UUID) -> None:
    if plan and plan.project_id != project_id:
        raise Invalid("The plan belongs to another project.", errors={"plan": ["Choose a plan of this project."]})


def next_number(project: Project) -> int:
    """Take the project's next task number; the row lock makes numbers dense and unique."""
    Project.objects.filter(id=project.id).update(last_task_number=F("last_task_number") + 1)
    number: int = Project.objects.values_list("last_task_number", flat=True).get(id=project.id)
    return number


@transaction.atomic
def update_task(*, task: Task, reason: str = "", **changes: Any) -> Task:
    """Change what differs. A closed task is final: reopen it first (`Conflict`). `Invalid` for a foreign plan."""
    check_plan(changes.get("plan"), task.project_id)
    changed = {name: value for name, value in changes.items() if name in CHANGEABLE and getattr(task, name) != value}
    if changed:
        changes = changes_of(task, changed)
        if not Task.objects.filter(id=task.id).exclude(status=TaskStatus.CLOSED).update(**changed):
            raise Conflict("The task is closed; reopen it to change it.", code="task_closed")
        task.refresh_from_db()
        record(events.TASK_UPDATED, subject_of(task), reason=reason, changes=changes, changed=sorted(changed))
    return task


def lock_task(task_id: UUID) -> Task:
    """Lock a task's row: every change of its state and of its attempts goes through this lock."""
    # A deleted one too: its attempts still have to end.
    return Task.all_objects.select_related("project").select_for_update(of=("self",)).get(id=task_id)


def move(task: Task, status: str, event: EventType, *, reason: str = "", **values: Any) -> None:
    """Change the status of a locked task and record it. `values` are further columns and, in `data`, the payload."""
    data = values.pop("data", {})
    Task.objects.filter(id=task.id).update(status=status, status_reason=reason, **values)
    task.refresh_from_db(fields=["status", "status_reason", *values])
    record(event, subject_of(task), reason=reason, **data)


def block(task: Task, reason: str) -> None:
    """Stop a locked task until a person reopens it; the reason says what went wrong."""
    words = reason.strip()[:2000] or "No reason was given."
    move(task, TaskStatus.BLOCKED, events.TASK_BLOCKED, reason=words, claimable_from=None)


def offer_again(task: Task, event: EventType, *, at: datetime, reason: str = "", **values: Any) -> None:
    """Make a locked task claimable from `at` on, or once what it waits for is done."""
    move(task, TaskStatus.OPEN, event, reason=reason, claimable_from=None if task.waiting_on else at, **values)


def close(task: Task, resolution: str, *, reason: str = "", **values: Any) -> None:
    """Close a locked task. The database refuses `completed` while a criterion is not met."""
    event = events.TASK_CANCELLED if resolution == Resolution.CANCELLED else events.TASK_CLOSED
    data = {} if resolution == Resolution.CANCELLED else {"resolution": str(resolution)}
    move(
        task,
        TaskStatus.CLOSED,
        event,
        reason=reason,
        resolution=resolution,
        closed_at=timezone.now(),
        claimable_from=None,
        data=data,
        **values,
    )


@transaction.atomic
def cancel_task(*, task: Task, reason: str) -> Task:
    """Close a task without a result. Its running attempt loses the lease at once. `Conflict` where it is closed."""
    locked = lock_task(task.id)
    if locked.status == TaskStatus.CLOSED:
        raise Conflict("The task is closed already.", code="task_closed")
    Execution.objects.filter(task_id=task.id).live().update(
        status=ExecutionStatus.CANCELLED, ended_at=timezone.now(), error=f"The task was cancelled: {reason}"
    )
    withdraw_approvals(locked)
    close(locked, Resolution.CANCELLED, reason=reason)
    return locked


def withdraw_approvals(task: Task) -> None:
    """Nobody needs to answer for a task that does not go on."""
    for approval in task.approvals.pending():
        type(approval).objects.filter(id=approval.id).update(status="cancelled")
        record(events.APPROVAL_CANCELLED, approval_subject(approval, task), digest=approval.digest)


def approval_subject(approval: Any, task: Task | None) -> Subject:
    return Subject(
        type="approval",
        id=approval.id,
        label=f"{task.key}: {approval.question}" if task else approval.question,
        project_id=approval.project_id,
        task_id=task.id if task else None,
    )


@transaction.atomic
def reopen_task(*, task: Task, reason: str) -> Task:
    """Offer a blocked or draft task again, or a closed one without an accepted result, with its attempts renewed.

    Raises `Conflict` otherwise: an accepted result is final.
    """
    locked = lock_task(task.id)
    accepted = Execution.objects.filter(task_id=task.id, status=ExecutionStatus.SUCCESS).exists()
    if locked.status not in {TaskStatus.BLOCKED, TaskStatus.DRAFT, TaskStatus.CLOSED} or accepted:
        raise Conflict(
            f"A task that is {locked.get_status_display().lower()} cannot be reopened.", code="not_reopenable"
        )
    offer_again(
        locked,
        events.TASK_REOPENED,
        at=timezone.now(),
        reason=reason,
        resolution=None,
        closed_at=None,
        attempts_left=locked.max_attempts,
    )
    return locked
