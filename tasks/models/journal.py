"""What stood in the way, what was done, and what changed in the repository."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.models import User
from agents.models import Agent
from common.models import QueryIndex, TenantForeignKey, TenantModel, TenantRow, one_of
from projects.models import Phase, Project
from tasks.models.checks import at_most_one, exactly_one, none_of
from tasks.models.task import Task
from tasks.querysets import BlockerQuerySet, CommitRecordQuerySet, FileChangeQuerySet, WorkLogEntryQuerySet


class Blocker(TenantModel):
    """Why a task cannot go on, and how to get it going again."""

    task = TenantForeignKey(Task, models.CASCADE, db_index=False, related_name="blockers")
    reason = models.CharField(max_length=500)
    unblock_steps = models.TextField(default="", blank=True)
    commands = ArrayField(models.CharField(max_length=1000), default=list, blank=True)
    owner = TenantForeignKey(User, null=True, blank=True, related_name="blockers")
    owner_agent = TenantForeignKey(Agent, null=True, blank=True, related_name="blockers")
    opened_at = models.DateTimeField(db_default=TransactionNow(), editable=False)
    resolved_at = models.DateTimeField(null=True, editable=False)
    resolved_by = TenantForeignKey(User, null=True, editable=False, related_name="+")
    resolved_by_agent = TenantForeignKey(Agent, null=True, editable=False, related_name="+")
    resolution = models.TextField(default="", editable=False)

    objects = BlockerQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=~Q(reason=""), name="tasks_blocker_reason"),
            at_most_one("owner", "owner_agent", name="tasks_blocker_owner"),
            at_most_one("resolved_by", "resolved_by_agent", name="tasks_blocker_resolved_by"),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=False) & ~Q(resolution="")
                | Q(resolved_at__isnull=True, resolution="") & none_of("resolved_by", "resolved_by_agent"),
                name="tasks_blocker_resolved",
            ),
            models.UniqueConstraint(
                "tenant",
                "task",
                Lower("reason"),
                condition=Q(resolved_at__isnull=True),
                name="tasks_blocker_one_open",
            ),
        )
        indexes = (
            QueryIndex(
                serves="what stood, or stands, in the way of one task",
                fields=["tenant", "task", "-id"],
                name="tasks_blocker_task",
            ),
            QueryIndex(
                serves="everything that is blocked now, the longest first",
                fields=["tenant", "opened_at"],
                condition=Q(resolved_at__isnull=True),
                name="tasks_blocker_open",
            ),
        )

    def __str__(self) -> str:
        return self.reason


class WorkKind(models.TextChoices):
    DONE = "done", "Done"
    IN_PROGRESS = "in_progress", "In progress"
    NOTE = "note", "Note"


class WorkLogEntry(TenantRow):
    """A line of the work log. Never changed: what turns out wrong is put right by another line."""

    project = TenantForeignKey(Project, db_index=False, related_name="work_log")
    phase = TenantForeignKey(Phase, null=True, db_index=False, related_name="work_log")
    task = TenantForeignKey(Task, null=True, db_index=False, related_name="work_log")
    kind = models.CharField(max_length=20, choices=WorkKind.choices, default=WorkKind.NOTE)
    text = models.TextField()
    at = models.DateTimeField(db_default=TransactionNow())
    user = TenantForeignKey(User, null=True, related_name="+")
    agent = TenantForeignKey(Agent, null=True, related_name="+")

    objects = WorkLogEntryQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-id")
        verbose_name_plural = "work log entries"
        constraints = (
            one_of("kind", WorkKind, name="tasks_worklogentry_kind"),
            exactly_one("user", "agent", name="tasks_worklogentry_actor"),
            models.CheckConstraint(condition=~Q(text=""), name="tasks_worklogentry_text"),
        )
        indexes = (
            QueryIndex(
                serves="the work log of one project, newest first",
                fields=["tenant", "project", "-at", "-id"],
                name="tasks_worklogentry_project",
            ),
            QueryIndex(
                serves="the work log of one phase, newest first",
                fields=["tenant", "phase", "-at", "-id"],
                condition=Q(phase__isnull=False),
                name="tasks_worklogentry_phase",
            ),
            QueryIndex(
                serves="the work log of one task, newest first",
                fields=["tenant", "task", "-at", "-id"],
                condition=Q(task__isnull=False),
                name="tasks_worklogentry_task",
            ),
        )

    def __str__(self) -> str:
        return self.text[:80]


class CommitRecord(TenantModel):
    """A commit that is made or, without a hash, still to be made."""

    project = TenantForeignKey(Project, db_index=False, related_name="commits")
    task = TenantForeignKey(Task, null=True, blank=True, db_index=False, related_name="commits")
    further_task_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    hash = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001  # NULL: pending
    branch = models.CharField(max_length=255, default="", blank=True)
    message = models.TextField()
    committed_at = models.DateTimeField(null=True, blank=True)
    user = TenantForeignKey(User, null=True, editable=False, related_name="+")
    agent = TenantForeignKey(Agent, null=True, editable=False, related_name="commits")

    objects = CommitRecordQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            exactly_one("user", "agent", name="tasks_commitrecord_author"),
            models.CheckConstraint(
                condition=Q(hash__isnull=True) | Q(hash__regex=r"^[0-9a-f]{7,64}$"), name="tasks_commitrecord_hash_form"
            ),
            models.CheckConstraint(
                condition=Q(hash__isnull=True) | Q(committed_at__isnull=False), name="tasks_commitrecord_committed"
            ),
            models.UniqueConstraint(fields=["tenant", "project", "hash"], name="tasks_commitrecord_hash"),
        )
        indexes = (
            QueryIndex(
                serves="the commits of one project, newest first",
                fields=["tenant", "project", "-id"],
                name="tasks_commitrecord_project",
            ),
            QueryIndex(
                serves="the commits of one task, newest first",
                fields=["tenant", "task", "-id"],
                condition=Q(task__isnull=False),
                name="tasks_commitrecord_task",
            ),
        )

    def __str__(self) -> str:
        return f"{(self.hash or 'pending')[:12]} {self.message.splitlines()[0][:80] if self.message else ''}"


class Change(models.TextChoices):
    CREATED = "created", "Created"
    MODIFIED = "modified", "Modified"
    COPIED = "copied", "Copied"
    DELETED = "deleted", "Deleted"


class FileStatus(models.TextChoices):
    PLANNED = "planned", "Planned"
    DONE = "done", "Done"
    REVIEWED = "reviewed", "Reviewed"


class FileChange(TenantModel):
    """A file a task or commit changes, or is to change."""

    project = TenantForeignKey(Project, db_index=False, related_name="file_changes")
    commit = TenantForeignKey(CommitRecord, models.CASCADE, null=True, blank=True, db_index=False, related_name="files")
    task = TenantForeignKey(Task, null=True, blank=True, db_index=False, related_name="file_changes")
    path = models.CharField(max_length=600)  # an index entry holds no more
    copied_from = models.CharField(max_length=600, default="", blank=True)
    change = models.CharField(max_length=10, choices=Change.choices)
    status = models.CharField(max_length=10, choices=FileStatus.choices, default=FileStatus.DONE)
    lines_added = models.PositiveIntegerField(default=0)
    lines_deleted = models.PositiveIntegerField(default=0)
    user = TenantForeignKey(User, null=True, editable=False, related_name="+")
    agent = TenantForeignKey(Agent, null=True, editable=False, related_name="+")

    objects = FileChangeQuerySet.as_manager()

    class Meta:
        ordering = ("path",)
        constraints = (
            one_of("change", Change, name="tasks_filechange_change"),
            one_of("status", FileStatus, name="tasks_filechange_status"),
            exactly_one("user", "agent", name="tasks_filechange_author"),
            models.CheckConstraint(condition=~Q(path=""), name="tasks_filechange_path"),
            models.UniqueConstraint(
                fields=["tenant", "commit", "path"], condition=Q(commit__isnull=False), name="tasks_filechange_once"
            ),
        )
        indexes = (
            QueryIndex(
                serves="what happened to a file of the project",
                fields=["tenant", "project", "path", "-id"],
                name="tasks_filechange_path",
            ),
            QueryIndex(
                serves="the files one task changed",
                fields=["tenant", "task", "path"],
                condition=Q(task__isnull=False),
                name="tasks_filechange_task",
            ),
        )

    def __str__(self) -> str:
        return f"{self.change} {self.path}"
