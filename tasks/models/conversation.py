"""What people and agents say about a task, and the files they add."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from accounts.models import User
from agents.models import Agent
from common.models import IN_USE, InUse, QueryIndex, SoftDeleteModel, TenantForeignKey, one_of
from evidence.models import Evidence
from tasks.models.checks import exactly_one
from tasks.models.task import Task
from tasks.querysets import AttachmentQuerySet, CommentQuerySet

MAX_COMMENT = 65_536
MAX_ATTACHMENT = 100 * 1024 * 1024


class ContentType(models.TextChoices):
    """HTML is not offered: what others wrote is never markup of ours."""

    MARKDOWN = "markdown", "Markdown"
    PLAIN = "plain", "Plain text"


class Comment(SoftDeleteModel):
    """Something said about a task, by a person or an agent."""

    task = TenantForeignKey(Task, models.CASCADE, db_index=False, related_name="comments")
    author = TenantForeignKey(User, null=True, editable=False, db_index=False, related_name="comments")
    agent = TenantForeignKey(Agent, null=True, editable=False, db_index=False, related_name="comments")
    content = models.TextField()
    content_type = models.CharField(max_length=10, choices=ContentType.choices, default=ContentType.MARKDOWN)
    github_comment_id = models.PositiveBigIntegerField(null=True, blank=True)
    is_ai_generated = models.BooleanField(default=False)
    ai_metadata = models.JSONField(default=dict, blank=True)
    reply_to = TenantForeignKey("self", null=True, blank=True, related_name="replies")
    edited_at = models.DateTimeField(null=True, editable=False)

    objects = InUse.from_queryset(CommentQuerySet)()
    all_objects = CommentQuerySet.as_manager()

    class Meta(SoftDeleteModel.Meta):
        ordering = ("id",)
        constraints = (
            one_of("content_type", ContentType, name="tasks_comment_content_type"),
            exactly_one("author", "agent", name="tasks_comment_author"),
            models.CheckConstraint(
                condition=~Q(content="") & Q(LessThanOrEqual(Length("content"), MAX_COMMENT)),
                name="tasks_comment_content",
            ),
            models.CheckConstraint(
                condition=Q(reply_to__isnull=True) | ~Q(reply_to=F("id")), name="tasks_comment_not_own_reply"
            ),
            models.UniqueConstraint(
                fields=["tenant", "github_comment_id"],
                condition=Q(github_comment_id__isnull=False) & IN_USE,
                name="tasks_comment_github",
            ),
        )
        indexes = (
            QueryIndex(
                serves="the conversation of one task, in order",
                fields=["tenant", "task", "id"],
                name="tasks_comment_task",
            ),
            QueryIndex(
                serves="what a person wrote, newest first",
                fields=["tenant", "author", "-id"],
                condition=Q(author__isnull=False),
                name="tasks_comment_author",
            ),
            QueryIndex(
                serves="what an agent wrote, newest first",
                fields=["tenant", "agent", "-id"],
                condition=Q(agent__isnull=False),
                name="tasks_comment_agent",
            ),
            QueryIndex(
                serves="comments of a span of time",
                fields=["tenant", "created_at"],
                name="tasks_comment_created",
            ),
        )

    def __str__(self) -> str:
        return self.content[:80]


class Attachment(SoftDeleteModel):
    """A file. The bytes are in storage, named by their digest, and only ever served as a download."""

    task = TenantForeignKey(Task, models.CASCADE, db_index=False, related_name="attachments")
    comment = TenantForeignKey(Comment, null=True, blank=True, related_name="attachments")
    file_name = models.CharField(max_length=500)
    media_type = models.CharField(max_length=100, default="application/octet-stream")
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    is_evidence = models.BooleanField(default=False)
    evidence = TenantForeignKey(Evidence, null=True, blank=True, related_name="attachments")
    uploaded_by = TenantForeignKey(User, null=True, editable=False, related_name="+")
    agent = TenantForeignKey(Agent, null=True, editable=False, related_name="+")
    metadata = models.JSONField(default=dict, blank=True)

    objects = InUse.from_queryset(AttachmentQuerySet)()
    all_objects = AttachmentQuerySet.as_manager()

    class Meta(SoftDeleteModel.Meta):
        ordering = ("id",)
        constraints = (
            exactly_one("uploaded_by", "agent", name="tasks_attachment_uploaded_by"),
            models.CheckConstraint(condition=Q(size__lte=MAX_ATTACHMENT), name="tasks_attachment_size_limit"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="tasks_attachment_sha256"),
            # a name, not a path
            models.CheckConstraint(
                condition=~Q(file_name="") & ~Q(file_name__contains="/"), name="tasks_attachment_file_name"
            ),
            models.CheckConstraint(
                condition=Q(is_evidence=True, evidence__isnull=False) | Q(is_evidence=False, evidence__isnull=True),
                name="tasks_attachment_evidence",
            ),
        )
        indexes = (
            QueryIndex(
                serves="the files of one task, in order", fields=["tenant", "task", "id"], name="tasks_attachment_task"
            ),
            QueryIndex(
                serves="the files that serve as evidence",
                fields=["tenant", "is_evidence", "-id"],
                name="tasks_attachment_is_evidence",
            ),
            QueryIndex(
                serves="whether stored bytes are still in use, before they go",
                fields=["tenant", "sha256"],
                name="tasks_attachment_stored",
            ),
        )

    def __str__(self) -> str:
        return self.file_name
