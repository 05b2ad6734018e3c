"""Making tasks and changing what they say. Their state changes elsewhere."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from audit.services import changes_of, record
from common.errors import Conflict, Invalid
from projects.models import Project
from tasks import events
from tasks.models import LONGEST_RUN, Task, TaskStatus, Verification
from tasks.permissions import may_work_on
from tasks.services.base import lock_in_use, subject_of
from tasks.services.graph import is_part_of, lock_graph
from tasks.services.waiting import recount

CHANGEABLE = frozenset(
    {
        "title",
        "description",
        "instructions",
        "notes",
        "target_path",
        "code",
        "input",
        "metadata",
        "type",
        "kind",
        "priority",
        "labels",
        "complexity",
        "estimated_minutes",
        "estimated_hours",
        "actual_hours",
        "due_date",
        "files_changed",
        "lines_added",
        "lines_deleted",
        "ai_analysis",
        "ai_suggestions",
        "github_issue_number",
        "github_pr_number",
        "github_node_id",
        "github_url",
        "plan",
        "phase",
        "group",
        "parent",
        "assigned_user",
        "assigned_agent",
        "required_capabilities",
        "max_attempts",
        "soft_timeout_seconds",
        "hard_timeout_seconds",
        "inactivity_seconds",
        "verification",
    }
)
ASSIGNED = ("assigned_user", "assigned_agent")
PLACE = ("plan", "phase", "group")
LIMITS = ("soft_timeout_seconds", "hard_timeout_seconds")
# What is still noted of a task that is done.
AFTERWARDS = frozenset(
    {"notes", "metadata", "actual_hours", "files_changed", "lines_added", "lines_deleted", "verification"}
)
# What a person may say of a task that nothing has run for: nothing, or that its check is written but cannot be run yet.
SAID_BY_PEOPLE = frozenset({Verification.UNVERIFIED, Verification.SCRIPTED})
TAKEN = {
    "tasks_task_code": ("code", "The plan has a step with this code."),
    "tasks_task_github_issue": ("github_issue_number", "Another task of the project is this issue."),
    "tasks_task_github_pr": ("github_pr_number", "Another task of the project is this pull request."),
    "tasks_task_github_node": ("github_node_id", "Another task has this node id."),
}


@transaction.atomic
def create_task(
    *,
    project: Project,
    title: str,
    status: str = TaskStatus.OPEN,
    created_by_id: UUID | None = None,
    **fields: Any,
) -> Task:
    """Create a task, open or as a draft. `fields` are further ones of `CHANGEABLE`.

    Raises `Invalid` for another first status, a place in another project or plan, an assignee who may not work there or
    limits that contradict each other, `Conflict` where its code or a number of GitHub is taken.
    """
    if status not in {TaskStatus.OPEN, TaskStatus.DRAFT}:
        raise Invalid("A new task is open or a draft.", errors={"status": ["Choose open or draft."]})
    task = Task(project=project, title=title, status=status, created_by_id=created_by_id)
    for name, value in judged(task, fields).items():
        setattr(task, name, value)
    task.attempts_left = task.max_attempts
    task.number = next_number(project)
    task.claimable_from = timezone.now() if status == TaskStatus.OPEN else None
    with naming_what_is_taken():
        task.save(force_insert=True)
    task.refresh_from_db(fields=["priority_rank", "created_at", "updated_at"])
    record(events.TASK_CREATED, subject_of(task), key=task.key, type=str(task.type))
    if task.assigned_user or task.assigned_agent:
        record_assigned(task, {})
    if task.phase_id:
        recount(task)
    return task


def next_number(project: Project) -> int:
    """Take the project's next task number; the row lock makes numbers dense and unique."""
    Project.objects.filter(id=project.id).update(last_task_number=F("last_task_number") + 1)
    number: int = Project.objects.values_list("last_task_number", flat=True).get(id=project.id)
    return number


@transaction.atomic
def update_task(*, task: Task, reason: str = "", **changes: Any) -> Task:
    """Change what differs. Raises what `create_task` raises, and `Conflict` for a closed task: it is final.

    Of a closed task only the bookkeeping may change (`AFTERWARDS`); to do it again, reopen it.
    """
    wanted = {name: value for name, value in changes.items() if name in CHANGEABLE}
    if "parent" in wanted:
        lock_graph(task.project_id)
    locked = lock_in_use(task)
    values = {name: value for name, value in judged(locked, wanted).items() if getattr(locked, name) != value}
    if values:
        refuse_if_final(locked, values)
        changes = changes_of(locked, values)
        with naming_what_is_taken():
            Task.objects.filter(id=task.id).update(**values, **attempts_for(locked, values))
        record_changes(locked, changes, reason)
    task.refresh_from_db()
    return task


def refuse_if_final(task: Task, values: Collection[str]) -> None:
    if task.status == TaskStatus.CLOSED and not set(values) <= AFTERWARDS:
        raise Conflict("The task is closed; reopen it to change it.", code="task_closed")


def attempts_for(task: Task, values: dict[str, Any]) -> dict[str, int]:
    """Return the attempts that are left under another maximum: what is used stays used, one is always left."""
    if "max_attempts" not in values:
        return {}
    return {"attempts_left": max(1, task.attempts_left + values["max_attempts"] - task.max_attempts)}


def record_changes(task: Task, changes: dict[str, list[Any]], reason: str) -> None:
    task.refresh_from_db()
    assigned = {name: change for name, change in changes.items() if name in ASSIGNED}
    edited = {name: change for name, change in changes.items() if name not in ASSIGNED}
    if edited:
        record(events.TASK_UPDATED, subject_of(task), reason=reason, changes=edited, changed=sorted(edited))
    if assigned:
        record_assigned(task, assigned, reason)
    if {"group", "phase"} & set(changes):
        recount(task)


def record_assigned(task: Task, changes: dict[str, list[Any]], reason: str = "") -> None:
    record(
        events.TASK_ASSIGNED,
        subject_of(task),
        reason=reason,
        changes=changes,
        concerns=[task.assigned_user_id],
        user_id=str(task.assigned_user_id) if task.assigned_user_id else None,
        agent_id=str(task.assigned_agent_id) if task.assigned_agent_id else None,
    )


def judged(task: Task, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with what follows from them; raises `Invalid` where they do not fit the task or each other."""
    unknown = sorted(set(fields) - CHANGEABLE)
    if unknown:
        raise TypeError(f"Not fields of a task: {', '.join(unknown)}.")
    values = with_one_assignee(with_place(task, fields))
    after = {name: values.get(name, getattr(task, name)) for name in (*PLACE, *LIMITS)}
    refuse_wrong_place(task, after)
    if values.get("parent"):
        refuse_wrong_parent(task, values["parent"])
    if not 1 <= after["soft_timeout_seconds"] <= after["hard_timeout_seconds"] <= LONGEST_RUN:
        words = f"The soft limit comes first, the hard limit at {LONGEST_RUN} s at the latest."
        raise Invalid("The limits contradict each other.", errors={"soft_timeout_seconds": [words]})
    if values.get("verification", Verification.UNVERIFIED) not in SAID_BY_PEOPLE:
        words = "Only the evidence of a run says so."
        raise Invalid("Nobody can say that a task is verified.", errors={"verification": [words]})
    refuse_wrong_assignee(task.project_id, values)
    return values


def with_place(task: Task, fields: dict[str, Any]) -> dict[str, Any]:
    """A group brings its phase with it and a phase its plan, where nothing else is said."""
    values = dict(fields)
    if values.get("group"):
        values.setdefault("phase", values["group"].phase)
    if values.get("phase"):
        values.setdefault("plan", values["phase"].plan)
    return values


def refuse_wrong_place(task: Task, after: dict[str, Any]) -> None:
    plan, phase, group = after["plan"], after["phase"], after["group"]
    if plan and plan.project_id != task.project_id:
        raise Invalid("The plan belongs to another project.", errors={"plan": ["Choose a plan of this project."]})
    if phase and phase.plan_id != (plan.id if plan else None):
        raise Invalid("The phase belongs to another plan.", errors={"phase": ["Choose a phase of the task's plan."]})
    if group and group.phase_id != (phase.id if phase else None):
        raise Invalid("The group belongs to another phase.", errors={"group": ["Choose a group of the task's phase."]})


def refuse_wrong_parent(task: Task, parent: Task) -> None:
    if parent.project_id != task.project_id:
        raise Invalid("The parent belongs to another project.", errors={"parent": ["Choose one of this project."]})
    if is_part_of(parent.id, task.id):
        raise Invalid(
            "A task cannot be a part of itself.", code="cycle", errors={"parent": [f"{parent.key} is a part of it."]}
        )


def with_one_assignee(values: dict[str, Any]) -> dict[str, Any]:
    """Whoever is named takes over from the other kind."""
    for name, other in (ASSIGNED, ASSIGNED[::-1]):
        if values.get(name):
            values.setdefault(other, None)
            if values[other]:
                raise Invalid("A task is one's own.", errors={name: ["Choose a person or an agent, not both."]})
    return values


def refuse_wrong_assignee(project_id: UUID, values: dict[str, Any]) -> None:
    for name in ASSIGNED:
        if values.get(name) and not may_work_on(values[name], project_id):
            raise Invalid("Not somebody who may work on this project.", errors={name: ["Add them to the project."]})


@contextmanager
def naming_what_is_taken() -> Iterator[None]:
    """Turn the refusal of a unique index into a `Conflict` that names the field."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        field, words = TAKEN.get(getattr(diagnosis, "constraint_name", None) or "", ("", ""))
        if not field:
            raise
        raise Conflict(words, code="taken", errors={field: [words]}) from error
