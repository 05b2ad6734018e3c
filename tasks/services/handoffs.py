"""Work that changes hands: offered with a summary and the gotchas, taken over by whoever read up on it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from agents.models import Agent
from audit.services import Subject, record
from common.context import Principal
from common.errors import Conflict, Invalid
from evidence.models import Artifact
from projects.models import Project, TaskGroup
from projects.permissions import can_contribute
from tasks import events
from tasks.models import ACKNOWLEDGEMENTS, Handoff, HandoffStatus, Priority, Task, TaskStatus
from tasks.services.actors import acted_by
from tasks.services.base import subject_of
from tasks.services.waiting import recount

CHANGEABLE = frozenset(
    {
        "phase",
        "priority",
        "summary",
        "gotchas",
        "files_tagged",
        "commits",
        "expected_outputs",
        "acceptance_criteria",
        "artifact_ids",
    }
)
MANDATORY = ("summary", "gotchas")


def handoff_subject(handoff: Handoff) -> Subject:
    return Subject(
        type="handoff",
        id=handoff.id,
        label=f"{handoff.get_phase_display()} handoff",
        project_id=handoff.project_id,
        task_id=handoff.task_id,
    )


@transaction.atomic
def create_handoff(
    *,
    principal: Principal,
    phase: str,
    task: Task | None = None,
    group: TaskGroup | None = None,
    to_user: User | None = None,
    to_agent: Agent | None = None,
    priority: str = Priority.MEDIUM,
    **content: Any,
) -> Handoff:
    """Draft a handoff of a task or a group, from the caller. It holds nothing back until it is submitted.

    Raises `Invalid` unless it names one task or group and one other taker who works on the project, and for artifacts
    that are not the project's.
    """
    project = project_of(task, group)
    check_taker(principal, project, to_user, to_agent)
    check_artifacts(project.id, content.get("artifact_ids", ()))
    handoff = Handoff.objects.create(
        project=project,
        task=task,
        group=group,
        to_user=to_user,
        to_agent=to_agent,
        phase=phase,
        priority=priority,
        **{name: value for name, value in content.items() if name in CHANGEABLE},
        **acted_by(principal, user="from_user", agent="from_agent"),
    )
    record(events.HANDOFF_CREATED, handoff_subject(handoff), phase=str(phase))
    return handoff


def project_of(task: Task | None, group: TaskGroup | None) -> Project:
    if task and not group:
        return task.project
    if group and not task:
        return group.phase.plan.project
    raise Invalid("Hand over one task, or one group.", errors={"task": ["Name a task or a group, not both."]})


def check_taker(principal: Principal, project: Project, user: User | None, agent: Agent | None) -> None:
    if (user is None) == (agent is None):
        raise Invalid("Name one taker.", errors={"to_user": ["Name a person or an agent, not both."]})
    field, taker = ("to_user", user) if user else ("to_agent", agent)
    if taker and taker.id == principal.id:
        raise Invalid("Hand it to somebody else.", errors={field: ["That is you."]})
    person = user or (agent.owner if agent else None)
    able = person is not None and person.is_active and can_contribute(person.principal(), project.id)
    if not able or (agent and not agent.is_active):
        raise Invalid("The taker does not work on this project.", errors={field: ["Does not work on the project."]})


def check_artifacts(project_id: UUID, artifact_ids: Sequence[UUID]) -> None:
    known = Artifact.objects.filter(id__in=artifact_ids, project_id=project_id).count()
    if known != len(set(artifact_ids)):
        raise Invalid("Name artifacts of this project.", errors={"artifact_ids": ["Not artifacts of this project."]})


@transaction.atomic
def change_handoff(*, handoff: Handoff, **changes: Any) -> Handoff:
    """Change a draft. Raises `Conflict` once it was submitted, `Invalid` for foreign artifacts."""
    check_artifacts(handoff.project_id, changes.get("artifact_ids", ()))
    changed = {name: value for name, value in changes.items() if name in CHANGEABLE and getattr(handoff, name) != value}
    if changed:
        drafts = Handoff.objects.filter(id=handoff.id, status=HandoffStatus.DRAFT)
        if not drafts.update(**changed):
            raise Conflict("Only a draft can be changed.", code="handoff_submitted")
        handoff.refresh_from_db()
        record(events.HANDOFF_CHANGED, handoff_subject(handoff), changed=sorted(changed))
    return handoff


@transaction.atomic
def submit_handoff(*, handoff: Handoff) -> Handoff:
    """Offer it to its taker. Until the answer nobody may begin the task, or a task of the group.

    Raises `Invalid` where a mandatory text is missing, `Conflict` where it is no draft or the task is closed.
    """
    tasks = lock_tasks(handoff)
    handoff.refresh_from_db()
    missing = {name: ["Required."] for name in MANDATORY if not getattr(handoff, name).strip()}
    if missing:
        raise Invalid("Say what was done and what to beware of.", errors=missing)
    if handoff.task_id and tasks[0].status == TaskStatus.CLOSED:
        raise Conflict("The task is closed: nothing is left to hand over.", code="task_closed")
    move(handoff, HandoffStatus.DRAFT, HandoffStatus.PENDING, offered_at=Now())
    concerns = [handoff.to_user_id or (handoff.to_agent.owner_id if handoff.to_agent else None)]
    record(events.HANDOFF_SUBMITTED, handoff_subject(handoff), concerns=concerns)
    for task in tasks:
        recount(task)
    return handoff


@transaction.atomic
def give_handoff(**given: Any) -> Handoff:
    """Draft a handoff and offer it at once. Raises what `create_handoff` and `submit_handoff` raise."""
    return submit_handoff(handoff=create_handoff(**given))


def lock_tasks(handoff: Handoff) -> list[Task]:
    """Lock the task, or the group's tasks, in the order of their ids; before the handoff itself."""
    tasks = Task.objects.filter(id=handoff.task_id) if handoff.task_id else Task.objects.filter(group=handoff.group)
    return list(tasks.select_related("project").select_for_update(of=("self",)).order_by("id"))


def move(handoff: Handoff, before: HandoffStatus, after: HandoffStatus, **values: Any) -> None:
    """Change the status if it is still `before`; raises `Conflict` otherwise."""
    if not Handoff.objects.filter(id=handoff.id, status=before).update(status=after, **values):
        handoff.refresh_from_db()
        raise Conflict(f"The handoff is {handoff.get_status_display().lower()}.", code="handoff_state")
    handoff.refresh_from_db()


@transaction.atomic
def accept_handoff(
    *, handoff: Handoff, log_read: bool, commits_reviewed: bool, blockers_checked: bool, comment: str = ""
) -> Handoff:
    """Take it over: the taker has read the log, reviewed the commits and checked the blockers. What waited for it goes
    on, and a task is the taker's from now on.

    Raises `Invalid` for what was not acknowledged, `Conflict` unless it is pending.
    """
    given = dict(zip(ACKNOWLEDGEMENTS, (log_read, commits_reviewed, blockers_checked), strict=True))
    missing = {name.removesuffix("_at"): ["Do this first, then say so."] for name, done in given.items() if not done}
    if missing:
        raise Invalid("Read the log, review the commits and check the blockers first.", errors=missing)
    tasks = lock_tasks(handoff)
    acknowledged = dict.fromkeys(ACKNOWLEDGEMENTS, Now())
    move(handoff, HandoffStatus.PENDING, HandoffStatus.ACCEPTED, answered_at=Now(), **acknowledged)
    record(events.HANDOFF_ACCEPTED, handoff_subject(handoff), reason=comment)
    if handoff.task_id:
        assign(tasks[0], handoff)
    for task in tasks:
        recount(task)
    return handoff


def assign(task: Task, handoff: Handoff) -> None:
    """Give a locked task to the taker."""
    taker = {"assigned_user_id": handoff.to_user_id, "assigned_agent_id": handoff.to_agent_id}
    changed = [name for name, value in taker.items() if getattr(task, name) != value]
    if changed and task.status != TaskStatus.CLOSED:
        Task.objects.filter(id=task.id).update(**taker)
        task.refresh_from_db(fields=["assigned_user", "assigned_agent"])
        fields = sorted(name.removesuffix("_id") for name in changed)
        record(events.TASK_UPDATED, subject_of(task), reason="Taken over with a handoff.", changed=fields)


@transaction.atomic
def reject_handoff(*, handoff: Handoff, reason: str) -> Handoff:
    """Refuse it: the work stays with whoever offered it. Raises `Conflict` unless it is pending."""
    tasks = lock_tasks(handoff)
    move(handoff, HandoffStatus.PENDING, HandoffStatus.REJECTED, answered_at=Now(), rejected_reason=reason)
    concerns = [handoff.from_user_id or (handoff.from_agent.owner_id if handoff.from_agent else None)]
    record(events.HANDOFF_REJECTED, handoff_subject(handoff), reason=reason, concerns=concerns)
    for task in tasks:
        recount(task)
    return handoff


@transaction.atomic
def complete_handoff(*, handoff: Handoff, comment: str = "") -> Handoff:
    """Say that what was handed over is delivered. Raises `Conflict` unless it was accepted."""
    move(handoff, HandoffStatus.ACCEPTED, HandoffStatus.COMPLETED, completed_at=Now())
    record(events.HANDOFF_COMPLETED, handoff_subject(handoff), reason=comment)
    return handoff
