"""A work item or plan step."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Q, Value, When

from accounts.models import User
from agents.models import Agent
from common.models import IN_USE, GinQueryIndex, InUse, QueryIndex, SoftDeleteModel, TenantForeignKey, one_of
from projects.models import Phase, Plan, Project, TaskGroup
from tasks.models.checks import at_most_one
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


RUN_STATE = {
    TaskStatus.DRAFT: "pending",
    TaskStatus.OPEN: "pending",
    TaskStatus.IN_PROGRESS: "working",
    TaskStatus.IN_REVIEW: "working",
    TaskStatus.BLOCKED: "failed",
}


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


LONGEST_RUN = 7 * 24 * 60 * 60  # seconds


class Task(SoftDeleteModel):
    """What is to be done, and how far it is.

    `claimable_from` is the whole of scheduling: the moment from which an agent may claim the task. For a leased task it
    is the end of its lease, so a dead worker needs no sweeper; NULL means it waits for somebody (draft, blocked, in
    review, closed, or an approval) or, open, for `waiting_on` others that must be done first.
    """

    project = TenantForeignKey(Project, db_index=False, related_name="tasks")
    plan = TenantForeignKey(Plan, null=True, blank=True, db_index=False, related_name="tasks")
    phase = TenantForeignKey(Phase, null=True, blank=True, db_index=False, related_name="tasks")
    group = TenantForeignKey(TaskGroup, null=True, blank=True, db_index=False, related_name="tasks")
    parent = TenantForeignKey("self", null=True, blank=True, db_index=False, related_name="children")
    number = models.PositiveIntegerField(editable=False)
    kind = models.CharField(max_length=20, choices=TaskKind.choices, default=TaskKind.TASK)
    type = models.CharField(max_length=20, choices=TaskType.choices, default=TaskType.TASK)
    code = models.CharField(max_length=20, default="", blank=True, help_text="The step's number in its plan: 1.2.")
    title = models.CharField(max_length=500)
    description = models.TextField(default="", blank=True)
    instructions = models.TextField(default="", blank=True)
    notes = models.TextField(default="", blank=True)
    target_path = models.CharField(max_length=1000, default="", blank=True)
    input = models.JSONField(default=dict, blank=True)
    priority = models.CharField(max_length=10, choices=Priority.choices, default=Priority.MEDIUM)
    complexity = models.PositiveSmallIntegerField(null=True, blank=True)
    labels = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    estimated_minutes = models.PositiveIntegerField(null=True, blank=True)
    estimated_hours = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    actual_hours = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    due_date = models.DateTimeField(null=True, blank=True)
    files_changed = models.PositiveIntegerField(default=0)
    lines_added = models.PositiveIntegerField(default=0)
    lines_deleted = models.PositiveIntegerField(default=0)
    ai_analysis = models.JSONField(default=dict, blank=True)
    ai_suggestions = models.JSONField(default=list, blank=True)
    github_issue_number = models.PositiveIntegerField(null=True, blank=True)
    github_pr_number = models.PositiveIntegerField(null=True, blank=True)
    github_node_id = models.CharField(max_length=255, default="", blank=True)
    github_url = models.CharField(max_length=500, default="", blank=True)
    created_by = TenantForeignKey(User, null=True, editable=False, related_name="+")
    assigned_user = TenantForeignKey(User, null=True, blank=True, db_index=False, related_name="assigned_tasks")
    assigned_agent = TenantForeignKey(Agent, null=True, blank=True, db_index=False, related_name="assigned_tasks")
    required_capabilities = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    soft_timeout_seconds = models.PositiveIntegerField(default=1500)
    hard_timeout_seconds = models.PositiveIntegerField(default=1800)
    inactivity_seconds = models.PositiveIntegerField(default=300)

    status = models.CharField(max_length=20, choices=TaskStatus.choices, default=TaskStatus.OPEN)
    status_reason = models.TextField(default="", editable=False)
    resolution = models.CharField(max_length=20, choices=Resolution.choices, null=True, editable=False)  # noqa: DJ001
    verification = models.CharField(
        max_length=20, choices=Verification.choices, default=Verification.UNVERIFIED, editable=False
    )
    output = models.JSONField(default=dict, editable=False)
    claimable_from = models.DateTimeField(null=True, editable=False)
    waiting_on = models.PositiveSmallIntegerField(default=0, editable=False)
    attempt = models.PositiveIntegerField(default=0, editable=False)
    attempts_left = models.PositiveSmallIntegerField(default=3, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)

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

    objects = InUse.from_queryset(TaskQuerySet)()
    all_objects = TaskQuerySet.as_manager()

    class Meta(SoftDeleteModel.Meta):
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
            # only open and leased tasks can be claimed; an open one always can unless it waits for others (nothing is
            # stuck silently)
            models.CheckConstraint(
                condition=Q(status=TaskStatus.OPEN, waiting_on=0, claimable_from__isnull=False)
                | Q(status=TaskStatus.OPEN, waiting_on__gt=0, claimable_from__isnull=True)
                | Q(status=TaskStatus.IN_PROGRESS)
                | (~Q(status__in=[TaskStatus.OPEN, TaskStatus.IN_PROGRESS]) & Q(claimable_from__isnull=True)),
                name="tasks_task_claimable",
            ),
            models.CheckConstraint(
                condition=~Q(status=TaskStatus.BLOCKED) | ~Q(status_reason=""), name="tasks_task_blocked_has_reason"
            ),
            at_most_one("assigned_user", "assigned_agent", name="tasks_task_one_primary"),
            models.CheckConstraint(
                condition=Q(estimated_hours__isnull=True) | Q(estimated_hours__gte=0),
                name="tasks_task_estimated_hours",
            ),
            models.CheckConstraint(
                condition=Q(actual_hours__isnull=True) | Q(actual_hours__gte=0), name="tasks_task_actual_hours"
            ),
            models.CheckConstraint(
                condition=Q(
                    soft_timeout_seconds__gte=1,
                    soft_timeout_seconds__lte=F("hard_timeout_seconds"),
                    hard_timeout_seconds__lte=LONGEST_RUN,
                    inactivity_seconds__gte=1,
                    inactivity_seconds__lte=LONGEST_RUN,
                ),
                name="tasks_task_limits",
            ),
            models.UniqueConstraint(fields=["tenant", "project", "number"], name="tasks_task_number"),
            models.UniqueConstraint(
                fields=["tenant", "plan", "code"],
                condition=~Q(code="") & IN_USE,
                name="tasks_task_code",
            ),
            models.UniqueConstraint(
                fields=["tenant", "project", "github_issue_number"],
                condition=Q(github_issue_number__isnull=False) & IN_USE,
                name="tasks_task_github_issue",
            ),
            models.UniqueConstraint(
                fields=["tenant", "project", "github_pr_number"],
                condition=Q(github_pr_number__isnull=False) & IN_USE,
                name="tasks_task_github_pr",
            ),
            models.UniqueConstraint(
                fields=["tenant", "github_node_id"],
                condition=~Q(github_node_id="") & IN_USE,
                name="tasks_task_github_node",
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
                condition=IN_USE,
                name="tasks_task_board",
            ),
            QueryIndex(
                serves="a project's tasks in one state, the most urgent first",
                fields=["tenant", "project", "status", "priority_rank", "id"],
                condition=IN_USE,
                name="tasks_task_urgency",
            ),
            QueryIndex(
                serves="tasks in one state over all projects, newest first",
                fields=["tenant", "status", "-id"],
                name="tasks_task_by_status",
            ),
            QueryIndex(
                serves="tasks of one priority, newest first",
                fields=["tenant", "priority", "-id"],
                name="tasks_task_by_priority",
            ),
            QueryIndex(
                serves="tasks of one type, newest first", fields=["tenant", "type", "-id"], name="tasks_task_by_type"
            ),
            QueryIndex(
                serves="tasks that a run has shown to hold or to fail, newest first",
                fields=["tenant", "verification", "-id"],
                condition=~Q(verification=Verification.UNVERIFIED),
                name="tasks_task_by_verification",
            ),
            QueryIndex(
                serves="what a person has to do, by state",
                fields=["tenant", "assigned_user", "status", "-id"],
                condition=Q(assigned_user__isnull=False),
                name="tasks_task_of_user",
            ),
            QueryIndex(
                serves="what an agent has to do, by state",
                fields=["tenant", "assigned_agent", "status", "-id"],
                condition=Q(assigned_agent__isnull=False),
                name="tasks_task_of_agent",
            ),
            QueryIndex(
                serves="the list of tasks ordered by creation",
                fields=["tenant", "created_at", "id"],
                name="tasks_task_created",
            ),
            QueryIndex(
                serves="the list of tasks ordered by change",
                fields=["tenant", "updated_at", "id"],
                name="tasks_task_updated",
            ),
            QueryIndex(
                serves="the tasks of one project, newest first",
                fields=["tenant", "project", "-id"],
                condition=IN_USE,
                name="tasks_task_of_project",
            ),
            QueryIndex(
                serves="the deleted tasks, newest first",
                fields=["tenant", "-id"],
                condition=Q(deleted_at__isnull=False),
                name="tasks_task_deleted",
            ),
            QueryIndex(
                serves="the parts of a task, in order",
                fields=["tenant", "parent", "id"],
                condition=Q(parent__isnull=False),
                name="tasks_task_children",
            ),
            QueryIndex(
                serves="the steps of a plan, in order",
                fields=["tenant", "plan", "id"],
                condition=Q(plan__isnull=False),
                name="tasks_task_of_plan",
            ),
            QueryIndex(
                serves="the steps of a phase by state (its progress)",
                fields=["tenant", "phase", "status"],
                condition=Q(phase__isnull=False),
                name="tasks_task_of_phase",
            ),
            QueryIndex(
                serves="the steps of a group by state (may its gate open?)",
                fields=["tenant", "group", "status"],
                condition=Q(group__isnull=False),
                name="tasks_task_of_group",
            ),
            QueryIndex(
                serves="what is due next, and what is overdue",
                fields=["tenant", "due_date"],
                condition=Q(due_date__isnull=False) & IN_USE,
                name="tasks_task_due",
            ),
            QueryIndex(
                serves="tasks whose title begins with what was typed",
                fields=["tenant", "title"],
                opclasses=["uuid_ops", "text_pattern_ops"],
                name="tasks_task_title",
            ),
            GinQueryIndex(serves="tasks with some labels", fields=["labels"], name="tasks_task_labels"),
        )

    def __str__(self) -> str:
        return f"{self.key} {self.title}"

    @property
    def key(self) -> str:
        """The short name people use: CM-12. Needs the project."""
        return f"{self.project.key}-{self.number}"

    @property
    def run_state(self) -> str:
        """The state in the words of those who know runs only: pending, working, completed, failed or cancelled."""
        if self.resolution:
            return {Resolution.COMPLETED: "completed", Resolution.FAILED: "failed"}.get(
                Resolution(self.resolution), "cancelled"
            )
        return RUN_STATE[TaskStatus(self.status)]

    @property
    def is_open(self) -> bool:
        return self.status not in {TaskStatus.CLOSED, TaskStatus.DRAFT}
