"""Who does, backs up, reviews, validates and approves: for a task, or for a group or some of its tasks.

Whoever stands in the task itself (`assigned_user`, `assigned_agent`) does it. Where nobody does, its active primaries
may claim it, and without those any able agent. A backup steps in when the attempts are used up (`retries`).
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from agents.models import Agent
from audit.services import Subject, record
from common.errors import Conflict, Invalid
from common.models import ClockTimestamp
from projects.models import TaskGroup
from tasks import events
from tasks.models import Assignment, AssignmentRole, Task
from tasks.permissions import may_work_on
from tasks.services.base import lock_in_use, subject_of

# Who looks at the work is not who does it.
CHECKING = (AssignmentRole.REVIEWER, AssignmentRole.VALIDATOR, AssignmentRole.APPROVER)
DOING = (AssignmentRole.PRIMARY, AssignmentRole.BACKUP)


@transaction.atomic
def assign(
    *,
    role: str,
    task: Task | None = None,
    group: TaskGroup | None = None,
    user: User | None = None,
    agent: Agent | None = None,
    scope: Sequence[str] = (),
    condition: str = "",
    rationale: str = "",
) -> Assignment:
    """Give somebody a role in a task or a group. `scope` narrows a group to the tasks with these codes.

    A backup with a `condition` steps in only when a person says that it holds, by assigning the task. Raises `Invalid`
    for a wrong target or assignee, `Conflict` for the same twice or for one who would check their own work.
    """
    refuse_shape(task, group, user, agent, scope)
    target: dict[str, Any] = {"task": task} if task else {"group": group}
    project_id = project_of(task, group)
    worker = user or agent
    if worker and not may_work_on(worker, project_id):
        name = "user" if user else "agent"
        raise Invalid("Not somebody who may work on this project.", errors={name: ["Add them to the project."]})
    if task:
        lock_in_use(task)
    standing = Assignment.objects.active().filter(**target, user=user, agent=agent)
    roles = set(standing.values_list("role", flat=True))
    if role in roles:
        raise Conflict("They have this role already.", code="already_assigned")
    if (role in CHECKING and roles & set(DOING)) or (role in DOING and roles & set(CHECKING)):
        raise Conflict("Nobody checks their own work.", code="separation_of_duties")
    assignment = Assignment.objects.create(
        project_id=project_id,
        **target,
        user=user,
        agent=agent,
        role=role,
        scope=list(scope),
        condition=condition,
        rationale=rationale,
    )
    record(events.ASSIGNMENT_MADE, subject_of_assignment(assignment), **facts_of(assignment))
    return assignment


def refuse_shape(
    task: Task | None, group: TaskGroup | None, user: User | None, agent: Agent | None, scope: Sequence[str]
) -> None:
    if (task is None) is (group is None):
        raise Invalid("Assign a task or a group.", errors={"task": ["Choose one of the two."]})
    if (user is None) is (agent is None):
        raise Invalid("Assign a person or an agent.", errors={"user": ["Choose one of the two."]})
    if scope and task:
        raise Invalid("Only a group has a scope.", errors={"scope": ["Leave it out."]})


def project_of(task: Task | None, group: TaskGroup | None) -> UUID:
    found: UUID = task.project_id if task else group.phase.plan.project_id  # type: ignore[union-attr]  # one of the two
    return found


def subject_of_assignment(assignment: Assignment) -> Subject:
    if assignment.task:
        return subject_of(assignment.task)
    label = assignment.group.name if assignment.group else ""
    return Subject(type="task_group", id=assignment.group_id, label=label, project_id=assignment.project_id)


def facts_of(assignment: Assignment) -> dict[str, Any]:
    ids = {"user_id": assignment.user_id, "agent_id": assignment.agent_id, "group_id": assignment.group_id}
    words = {name: str(value) if value else None for name, value in ids.items()}
    return {"concerns": [assignment.user_id], "role": str(assignment.role), **words}


@transaction.atomic
def end_assignment(*, assignment: Assignment, reason: str = "") -> Assignment:
    """End an assignment; it stays as history. Ended already: nothing happens."""
    if Assignment.objects.active().filter(id=assignment.id).update(ended_at=ClockTimestamp()):
        assignment.refresh_from_db()
        record(events.ASSIGNMENT_ENDED, subject_of_assignment(assignment), reason=reason, **facts_of(assignment))
    return assignment
