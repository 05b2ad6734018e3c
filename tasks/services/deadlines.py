"""Requests that nobody answers: half-way others are told, and at the end nothing runs unapproved."""

from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.models import Role, User
from audit.events import Outcome
from audit.services import record
from common.models import ClockTimestamp
from projects.models import ProjectMember, ProjectRole
from tasks import events
from tasks.models import ApprovalRequest, ApprovalStatus, TaskStatus
from tasks.querysets import StatementTimestamp
from tasks.services.base import approval_subject, lock_task
from tasks.services.effects import end_parked
from tasks.services.work_items import block


def expire_approvals(limit: int = 100) -> int:
    """Expire the running tenant's overdue requests: their tasks are blocked, nothing runs unapproved."""
    overdue = list(ApprovalRequest.objects.overdue().values_list("id", "task_id")[:limit])
    return sum(expire(approval_id, task_id) for approval_id, task_id in overdue)


@transaction.atomic
def expire(approval_id: UUID, task_id: UUID | None) -> bool:
    task = lock_task(task_id) if task_id else None
    if not ApprovalRequest.objects.overdue().filter(id=approval_id).update(status=ApprovalStatus.EXPIRED):
        return False
    approval = ApprovalRequest.objects.get(id=approval_id)
    record(events.APPROVAL_EXPIRED, approval_subject(approval, task), outcome=Outcome.DENIED, digest=approval.digest)
    end_parked(approval, "The approval expired without an answer.")
    if task and task.status not in {TaskStatus.BLOCKED, TaskStatus.CLOSED}:  # its reason stays
        block(task, f"Nobody answered “{approval.question}” in time.")
    return True


def escalate_approvals(limit: int = 100) -> int:
    """Tell others of the running tenant's requests that wait too long: the project's owners first, then managers."""
    waiting = ApprovalRequest.objects.pending().filter(escalates_at__lt=StatementTimestamp())
    return sum(escalate(approval_id) for approval_id in list(waiting.values_list("id", flat=True)[:limit]))


@transaction.atomic
def escalate(approval_id: UUID) -> bool:
    waiting = ApprovalRequest.objects.pending().filter(id=approval_id, escalates_at__lt=ClockTimestamp())
    approval = waiting.select_for_update(of=("self",)).select_related("task__project").first()
    if approval is None:
        return False
    level = approval.escalation_level + 1
    # owners at half of its time, managers at three quarters
    following = approval.expires_at - (approval.expires_at - approval.created_at) / 4 if level == 1 else None
    ApprovalRequest.objects.filter(id=approval.id).update(escalation_level=level, escalates_at=following)
    record(
        events.APPROVAL_ESCALATED,
        approval_subject(approval, approval.task),
        concerns=concerned(approval, level),
        digest=approval.digest,
        level=level,
    )
    return True


def concerned(approval: ApprovalRequest, level: int) -> list[UUID]:
    """Return whom an escalation names."""
    if level == 1:
        owners = ProjectMember.objects.filter(project_id=approval.project_id, role=ProjectRole.OWNER)
        return list(owners.values_list("user_id", flat=True))
    managers = User.objects.filter(Q(role=Role.MANAGER) | Q(role=Role.ADMIN), is_active=True)
    return list(managers.values_list("id", flat=True))
