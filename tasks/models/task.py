"""A work item or plan step."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Q, Value, When

from accounts.models import User
from agents.models import Agent
from common.models import QueryIndex, TenantForeignKey, TenantModel, one_of
from projects.models import Plan, Project
from tasks.querysets import TaskQuerySet


class TaskType(models.TextChoices):
    BUG = "bug", "Bug"
    FEATURE = "feature", "Feature"
    REFACTOR = "refactor", "Refactoring"
    TEST = "test", "Test"
    DOCUMENTATION = "documentation", "Documentation"
    TASK = "task", "Task"
    CHORE = "chore", "Chore"


class TaskKind(models.TextChoices):
    TASK = "task", "Task"
    ISSUE = "issue", "Issue"
    PULL_REQUEST = "pull_request", "Pull request"
    EPIC = "epic", "Epic"


class TaskStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    OPEN = "open", "Open"
    IN_PROGRESS = "in_progress", "In progress"
    IN_REVIEW = "in_review", "In review"
    BLOCKED = "blocked", "Blocked"
    CLOSED = "closed", "Closed"


class Resolution(models.TextChoices):
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    DUPLICATE = "duplicate", "Duplicate"
    WONT_FIX = "wont_fix", "Won't fix"


class Verification(models.TextChoices):
    UNVERIFIED = "unverified", "Unverified"
    SCRIPTED = "scripted", "Scripted"
    VERIFIED = "verified", "Verified"
    FAILED = "failed", "Failed"


class Priority(models.TextChoices):
    CRITICAL = "critical", "Critical"
    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


class Task(TenantModel):
    """What is to be done, and how far it is.

    `claimable_from` is the whole of scheduling: the moment from which an agent may claim the task. For a leased task it
    is the end of its lease, so a dead worker needs no sweeper; NULL means it waits for somebody (draft, blocked, in
    review, closed, or an approval).
    """

    project = TenantForeignKey(Project, related_name="tasks")
    plan = TenantForeignKey(Plan, null=True, blank=True, related_name="tasks")
    parent = TenantForeignKey("self", null=True, blank=True, related_name="children")
    number = models.PositiveIntegerField(editable=False)
    kind = models.CharField(max_length=20, choices=TaskKind.choices, default=TaskKind.TASK)
    type = models.CharField(max_length=20, choices=TaskType.choices, default=TaskType.TASK)
    title = models.CharField(max_length=500)
    description = models.TextField(default="", blank=True)
    instructions = models.TextField(default="", blank=True)
    input = models.JSONField(default=dict, blank=True)
    priority = models.CharField(max_length=10, choices=Priority.choices, default=Priority.MEDIUM)
    complexity = models.PositiveSmallIntegerField(null=True, blank=True)
    labels = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    github_issue_number = models.PositiveIntegerField(null=True, blank=True)
    github_url = models.CharField(max_length=500, default="", blank=True)
    created_by = TenantForeignKey(User, null=True, editable=False, related_name="+")
    assigned_agent = TenantForeignKey(Agent, null=True, blank=True, related_name="assigned_tasks")
    required_capabilities = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    max_attempts = models.PositiveSmallIntegerField(default=3)

    status = models.CharField(max_length=20, choices=TaskStatus.choices, default=TaskStatus.OPEN)
    status_reason = models.TextField(default="", editable=False)
    resolution = models.CharField(max_length=20, choices=Resolution.choices, null=True, editable=False)  # noqa: DJ001
    verification = models.CharField(
        max_length=20, choices=Verification.choices, default=Verification.UNVERIFIED, editable=False
    )
    output = models.JSONField(default=dict, editable=False)
    claimable_from = models.DateTimeField(null=True, editable=False)
    attempt = models.PositiveIntegerField(default=0, editable=False)
    attempts_left = models.PositiveSmallIntegerField(default=3, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    priority_rank = models.GeneratedField(
        expression=Case(
            When(priority="critical", then=Value(0)),
            When(priority="high", then=Value(1)),
            When(priority="medium", then=Value(2)),
            default=Value(3),
        ),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("kind", TaskKind, name="tasks_task_kind"),
            one_of("type", TaskType, name="tasks_task_type"),
            one_of("status", TaskStatus, name="tasks_task_status"),
            one_of("resolution", Resolution, name="tasks_task_resolution"),
            one_of("verification", Verification, name="tasks_task_verification"),
            one_of("priority", Priority, name="tasks_task_priority"),
            models.CheckConstraint(
                condition=Q(complexity__isnull=True) | Q(complexity__gte=1, complexity__lte=13),
                name="tasks_task_complexity",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="tasks_task_not_own_parent"
            ),
            models.CheckConstraint(
                condition=Q(status=TaskStatus.CLOSED, resolution__isnull=False, closed_at__isnull=False)
                | (~Q(status=TaskStatus.CLOSED) & Q(resolution__isnull=True, closed_at__isnull=True)),
                name="tasks_task_closed_has_resolution",
            ),
            # only open and leased tasks can be claimed; an open one always can (nothing is stuck silently)
            models.CheckConstraint(
                condition=Q(status__in=[TaskStatus.OPEN], claimable_from__isnull=False)
                | Q(status=TaskStatus.IN_PROGRESS)
                | (~Q(status__in=[TaskStatus.OPEN, TaskStatus.IN_PROGRESS]) & Q(claimable_from__isnull=True)),
                name="tasks_task_claimable",
            ),
            models.CheckConstraint(
                condition=~Q(status=TaskStatus.BLOCKED) | ~Q(status_reason=""), name="tasks_task_blocked_has_reason"
            ),
            models.UniqueConstraint(fields=["tenant", "project", "number"], name="tasks_task_number"),
            models.UniqueConstraint(
                fields=["tenant", "project", "github_issue_number"],
                condition=Q(github_issue_number__isnull=False, deleted_at__isnull=True),
                name="tasks_task_github_issue",
            ),
        )
        indexes = (
            QueryIndex(
                serves="the claim: the most urgent task that may be claimed now",
                fields=["tenant", "priority_rank", "claimable_from", "id"],
                condition=Q(claimable_from__isnull=False, deleted_at__isnull=True),
                name="tasks_task_claim",
            ),
            QueryIndex(
                serves="one column of a project's board, newest first",
                fields=["tenant", "project", "status", "-id"],
                condition=Q(deleted_at__isnull=True),
                name="tasks_task_board",
            ),
        )

    def __str__(self) -> str:
        return f"{self.key} {self.title}"

    @property
    def key(self) -> str:
        """The short name people use: CM-12. Needs the project."""
        return f"{self.project.key}-{self.number}"

    @property
    def is_open(self) -> bool:
        return self.status not in {TaskStatus.CLOSED, TaskStatus.DRAFT}
