"""Projects and their members."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from audit.events import EventType
from audit.services import record
from common.errors import Conflict
from projects import events
from projects.models import Project, ProjectMember, ProjectRole, ProjectStatus
from projects.services.shared import add, change, lock_project, require_reason, subject_of

DETAILS = frozenset(
    {
        "name",
        "description",
        "repository_url",
        "repository_provider",
        "repository_owner",
        "repository_name",
        "default_branch",
        "config",
        "technology_stack",
        "metadata",
        "is_public",
        "is_template",
        "oversight_level",
        "hitl_config",
    }
)
BECAME: dict[str, EventType] = {
    ProjectStatus.ACTIVE: events.PROJECT_REACTIVATED,
    ProjectStatus.COMPLETED: events.PROJECT_COMPLETED,
    ProjectStatus.FAILED: events.PROJECT_FAILED,
    ProjectStatus.CANCELLED: events.PROJECT_CANCELLED,
    ProjectStatus.ARCHIVED: events.PROJECT_ARCHIVED,
    ProjectStatus.DELETED: events.PROJECT_DELETED,
}


@transaction.atomic
def create_project(*, owner: User, name: str, key: str, slug: str, **details: Any) -> Project:
    """Create a project with its owner as first member. Raises `Conflict` where slug or key is taken."""
    given = {field: value for field, value in details.items() if field in DETAILS}
    project = add(
        Project(owner=owner, name=name, key=key, slug=slug, **given),
        code="project_taken",
        taken=f"The slug {slug} or the key {key} is taken in this tenant.",
    )
    record(events.PROJECT_CREATED, subject_of(project))
    add_member(project=project, user=owner, role=ProjectRole.OWNER)
    return project


@transaction.atomic
def update_project(*, project: Project, reason: str = "", **changes: Any) -> Project:
    """Change what differs. A status brings its time with it, and has an event of its own."""
    status = changes.get("status", project.status)
    details = {name: value for name, value in changes.items() if name != "status"}
    change(project, events.PROJECT_UPDATED, project.id, details, allowed=DETAILS, reason=reason)
    return move(project, status, reason) if status != project.status else project


def status_times(status: str) -> dict[str, Any]:
    """Return the times that a change to `status` sets and takes back."""
    times: dict[str, Any] = {
        "archived_at": Now() if status == ProjectStatus.ARCHIVED else None,
        "deleted_at": Now() if status == ProjectStatus.DELETED else None,
    }
    # An archived or deleted project keeps the time of its completion.
    if status not in (ProjectStatus.ARCHIVED, ProjectStatus.DELETED):
        times["completed_at"] = Now() if status == ProjectStatus.COMPLETED else None
    return times


def move(project: Project, status: str, reason: str) -> Project:
    """Change the status under the project's lock, and let what runs in it be stopped where it ends."""
    locked = lock_project(project.id)
    if locked.status == ProjectStatus.DELETED:
        raise Conflict("The project is deleted.", code="project_deleted")
    if locked.status != status:
        Project.all_objects.filter(id=project.id).update(status=status, **status_times(status))
        if locked.status == ProjectStatus.ACTIVE:
            words = reason or f"The project is {ProjectStatus(status).label.lower()}."
            events.project_closing.send(Project, project=locked, reason=words)
        record(BECAME[status], subject_of(locked), reason=reason)
    project.refresh_from_db()
    return project


def archive_project(*, project: Project, reason: str) -> Project:
    """Put a project away: nothing in it can be claimed, what runs is told to stop, open questions are withdrawn.

    Raises `Invalid` without a reason, `Conflict` where the project is archived or deleted.
    """
    return end(project, ProjectStatus.ARCHIVED, reason)


def delete_project(*, project: Project, reason: str) -> Project:
    """Take a project out of use. Its rows stay for the log and for old references; its slug and key are free again.

    Raises `Invalid` without a reason, `Conflict` where it is deleted already.
    """
    return end(project, ProjectStatus.DELETED, reason)


@transaction.atomic
def end(project: Project, status: ProjectStatus, reason: str) -> Project:
    words = require_reason(reason)
    if lock_project(project.id).status == status:
        raise Conflict(f"The project is {status.label.lower()} already.", code="project_not_active")
    return move(project, status, words)


@transaction.atomic
def add_member(*, project: Project, user: User, role: str) -> ProjectMember:
    """Give a person a role, or change the one they have."""
    member, created = ProjectMember.objects.get_or_create(project=project, user=user, defaults={"role": role})
    if created or member.role != role:
        ProjectMember.objects.filter(id=member.id).update(role=role)
        member.refresh_from_db()
        record(
            events.PROJECT_MEMBER_ADDED, subject_of(project), concerns=[user.id], user_id=str(user.id), role=str(role)
        )
    return member


@transaction.atomic
def remove_member(*, member: ProjectMember, reason: str = "") -> None:
    """Take a person's role away. Open sockets lose the project with their next batch."""
    if ProjectMember.objects.filter(id=member.id).delete()[0]:
        record(
            events.PROJECT_MEMBER_REMOVED,
            subject_of(member.project),
            reason=reason,
            concerns=[member.user_id],
            user_id=str(member.user_id),
        )
