"""Files that are attached to tasks. The bytes live in the room for files, named by their digest."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from audit.services import Subject, record
from common.context import SYSTEM, Principal
from common.errors import Conflict
from common.files.kinds import EVERYDAY, Kind, Stored
from common.files.sweep import sweep_orphans
from common.tenancy import tenant_context
from evidence.models import SourceType
from evidence.services import About, submit_evidence
from tasks import events
from tasks.models import MAX_ATTACHMENT, Attachment, Task
from tasks.services.actors import acted_by
from tasks.services.base import lock_task
from tasks.services.run_log import ORPHAN_AGE

ATTACHMENTS = Kind("attachments", limit=MAX_ATTACHMENT, accepts=EVERYDAY)
UNNAMED = "file"


def attachment_subject(attachment: Attachment, task: Task) -> Subject:
    return Subject(
        type="attachment",
        id=attachment.id,
        label=f"{task.key}: {attachment.file_name}",
        project_id=task.project_id,
        task_id=task.id,
    )


@transaction.atomic
def attach_file(*, task: Task, principal: Principal, stored: Stored) -> Attachment:
    """Attach bytes that are in storage already."""
    attachment: Attachment = Attachment.objects.create(
        task=task,
        file_name=stored.file_name or UNNAMED,
        media_type=stored.media_type,
        size=stored.size,
        sha256=stored.sha256,
        **acted_by(principal, user="uploaded_by"),
    )
    subject = attachment_subject(attachment, task)
    record(events.ATTACHMENT_ADDED, subject, sha256=stored.sha256, size=stored.size, media_type=stored.media_type)
    return attachment


@transaction.atomic
def use_as_evidence(
    *, attachment: Attachment, principal: Principal, title: str = "", source_type: str = SourceType.CUSTOM
) -> Attachment:
    """Register a file as evidence of its task, by its digest. Raises `Conflict` where it is that already."""
    task = lock_task(attachment.task_id)
    current = Attachment.objects.select_for_update(of=("self",)).filter(id=attachment.id).first()
    if current is None or current.is_evidence:
        raise Conflict("The file is evidence already, or was deleted.", code="not_attached")
    evidence = submit_evidence(
        about=About(project_id=task.project_id, task_id=task.id),
        source_type=source_type,
        title=title or current.file_name,
        content_sha256=current.sha256,
        data={"attachment": str(current.id), "media_type": current.media_type, "size": current.size},
        agent_id=principal.agent_id,
        author_id=None if principal.is_agent else principal.user_id,
    )
    Attachment.objects.filter(id=current.id).update(is_evidence=True, evidence=evidence)
    attachment.refresh_from_db()
    record(events.ATTACHMENT_USED, attachment_subject(attachment, task), evidence_id=str(evidence.id))
    return attachment


@transaction.atomic
def delete_attachment(*, attachment: Attachment, reason: str = "") -> None:
    """Take a file away; its bytes go with the next sweep. Raises `Conflict` for one that is evidence."""
    deleted = Attachment.objects.filter(id=attachment.id, is_evidence=False).update(deleted_at=Now())
    if deleted:
        record(events.ATTACHMENT_DELETED, attachment_subject(attachment, attachment.task), reason=reason)
    elif Attachment.objects.filter(id=attachment.id).exists():
        raise Conflict("A file that is evidence stays.", code="is_evidence")


def stored_of(attachment: Attachment) -> Stored:
    """Return what storage knows of an attachment."""
    return ATTACHMENTS.stored(
        tenant_id=attachment.tenant_id,
        sha256=attachment.sha256,
        size=attachment.size,
        media_type=attachment.media_type,
        file_name=attachment.file_name,
    )


def attached(tenant_id: UUID, digests: Collection[str]) -> set[str]:
    """Return which of the digests an attachment in use has."""
    with tenant_context(tenant_id, actor=SYSTEM):
        return set(Attachment.objects.filter(sha256__in=digests).values_list("sha256", flat=True))


def sweep_attachments() -> int:
    """Remove bytes that no attachment names, or no longer; return how many."""
    return sweep_orphans(ATTACHMENTS, attached, ORPHAN_AGE)
