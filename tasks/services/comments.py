"""What people and agents say about a task."""

from django.db import transaction
from django.db.models.functions import Now

from audit.services import Subject, record
from common.context import Principal
from common.errors import Conflict, Invalid
from tasks import events
from tasks.models import MAX_COMMENT, Comment, ContentType, Task
from tasks.services.actors import acted_by


def comment_subject(comment: Comment, task: Task) -> Subject:
    return Subject(
        type="comment",
        id=comment.id,
        label=f"{task.key} {task.title}",
        project_id=task.project_id,
        task_id=task.id,
    )


@transaction.atomic
def add_comment(
    *,
    task: Task,
    principal: Principal,
    content: str,
    content_type: str = ContentType.MARKDOWN,
    reply_to: Comment | None = None,
) -> Comment:
    """Say something about a task. Raises `Invalid` for no text or too much, or a reply to another task's comment."""
    check_content(content)
    if reply_to and (reply_to.task_id != task.id or reply_to.deleted_at):
        raise Invalid("Reply to a comment of this task.", errors={"reply_to": ["Not a comment of this task."]})
    comment: Comment = Comment.objects.create(
        task=task,
        content=content,
        content_type=content_type,
        reply_to=reply_to,
        is_ai_generated=principal.is_agent,
        **acted_by(principal, user="author"),
    )
    answered = str(reply_to.id) if reply_to else None
    record(events.COMMENT_ADDED, comment_subject(comment, task), content_type=str(content_type), reply_to=answered)
    return comment


def check_content(content: str) -> None:
    if not content.strip() or len(content) > MAX_COMMENT:
        raise Invalid(f"A comment has 1 to {MAX_COMMENT} characters.", errors={"content": [f"{len(content)} now."]})


@transaction.atomic
def edit_comment(*, comment: Comment, content: str) -> Comment:
    """Change what a comment says; it shows when. Raises `Invalid` for the text, `Conflict` for a deleted one."""
    check_content(content)
    if content != comment.content:
        if not Comment.objects.filter(id=comment.id).update(content=content, edited_at=Now()):
            raise Conflict("The comment was deleted.", code="comment_deleted")
        comment.refresh_from_db()
        record(events.COMMENT_EDITED, comment_subject(comment, comment.task))
    return comment


@transaction.atomic
def delete_comment(*, comment: Comment, reason: str = "") -> None:
    """Take a comment out of sight; the row and its replies stay. Deleting it again changes nothing."""
    if Comment.objects.filter(id=comment.id).update(deleted_at=Now()):
        record(events.COMMENT_DELETED, comment_subject(comment, comment.task), reason=reason)
