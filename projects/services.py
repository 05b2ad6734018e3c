"""Every write about projects and plans."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from accounts.models import User
from audit.services import Subject, changes_of, record
from common.errors import Conflict
from projects import events
from projects.models import Plan, Project, ProjectMember, ProjectRole, ProjectStatus

CHANGEABLE = frozenset({"name", "description", "repository_url", "default_branch", "status"})


def subject_of(project: Project) -> Subject:
    return Subject(type="project", id=project.id, label=project.name, project_id=project.id)


@transaction.atomic
def create_project(
    *,
    owner: User,
    name: str,
    key: str,
    slug: str,
    repository_url: str = "",
    default_branch: str = "main",
    description: str = "",
) -> Project:
    """Create a project with its owner as first member. Raises `Conflict` where slug or key is taken."""
    try:
        with transaction.atomic():
            project: Project = Project.objects.create(
                owner=owner,
                name=name,
                key=key,
                slug=slug,
                repository_url=repository_url,
                default_branch=default_branch,
                description=description,
            )
    except IntegrityError as error:
        raise Conflict(f"The slug {slug} or the key {key} is taken in this tenant.", code="project_taken") from error
    record(events.PROJECT_CREATED, subject_of(project))
    add_member(project=project, user=owner, role=ProjectRole.OWNER)
    return project


def status_times(status: str | None) -> dict[str, Any]:
    """Return the times that a change to `status` sets and takes back; none without one."""
    if status is None:
        return {}
    times: dict[str, Any] = {
        "archived_at": Now() if status == ProjectStatus.ARCHIVED else None,
        "deleted_at": Now() if status == ProjectStatus.DELETED else None,
    }
    # An archived or deleted project keeps the time of its completion.
    if status not in (ProjectStatus.ARCHIVED, ProjectStatus.DELETED):
        times["completed_at"] = Now() if status == ProjectStatus.COMPLETED else None
    return times


@transaction.atomic
def update_project(*, project: Project, reason: str = "", **changes: Any) -> Project:
    """Change what differs. A status brings its time with it."""
    changed = {name: value for name, value in changes.items() if name in CHANGEABLE and getattr(project, name) != value}
    if changed:
        changes = changes_of(project, changed)
        Project.all_objects.filter(id=project.id).update(**changed, **status_times(changed.get("status")))
        project.refresh_from_db()
        record(events.PROJECT_UPDATED, subject_of(project), reason=reason, changes=changes, changed=sorted(changed))
    return project


@transaction.atomic
def add_member(*, project: Project, user: User, role: str) -> ProjectMember:
    """Give a person a role, or change the one they have."""
    member, created = ProjectMember.objects.get_or_create(project=project, user=user, defaults={"role": role})
    if created or member.role != role:
        ProjectMember.objects.filter(id=member.id).update(role=role)
        member.role = role
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


@transaction.atomic
def create_plan(*, project: Project, name: str, goal: str = "") -> Plan:
    """Create a plan. Raises `Conflict` where the project has one of that name."""
    try:
        with transaction.atomic():
            plan = Plan.objects.create(project=project, name=name, goal=goal)
    except IntegrityError as error:
        raise Conflict(f"The project has a plan named {name} already.", code="plan_taken") from error
    record(events.PLAN_CREATED, Subject(type="plan", id=plan.id, label=name, project_id=project.id))
    return plan
