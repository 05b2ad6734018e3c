"""Work that changes hands."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.models import User
from agents.models import Agent
from common.models import QueryIndex, TenantForeignKey, TenantModel, one_of
from projects.models import Project, TaskGroup
from tasks.models.checks import exactly_one
from tasks.models.task import Priority, Task
from tasks.querysets import HandoffQuerySet


class HandoffPhase(models.TextChoices):
    """The kind of work that changes hands, or the step of the life cycle it belongs to."""

    ANALYSIS = "analysis", "Analysis"
    ARCHITECTURE = "architecture", "Architecture"
    CODING = "coding", "Coding"
    TESTING = "testing", "Testing"
    DEPLOYMENT = "deployment", "Deployment"
    REVIEW = "review", "Review"
    DISCOVERY = "discovery", "Discovery"
    PLAN = "plan", "Plan"
    DESIGN = "design", "Design"
    BUILD = "build", "Build"
    VALIDATE = "validate", "Validate"
    LAUNCH = "launch", "Launch"


class HandoffStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    PENDING = "pending", "Waits to be accepted"
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Rejected"
    COMPLETED = "completed", "Completed"


ACKNOWLEDGEMENTS = ("log_read_at", "commits_reviewed_at", "blockers_checked_at")
ACKNOWLEDGED = Q(**{f"{field}__isnull": False for field in ACKNOWLEDGEMENTS})


class Handoff(TenantModel):
    """From one worker to the next. It leaves with a summary and the gotchas; it is accepted once the log was read, the
    commits were reviewed and the blockers were checked.
    """

    project = TenantForeignKey(Project, editable=False, db_index=False, related_name="handoffs")
    task = TenantForeignKey(Task, models.CASCADE, null=True, db_index=False, related_name="handoffs")
    group = TenantForeignKey(TaskGroup, models.CASCADE, null=True, related_name="handoffs")
    from_user = TenantForeignKey(User, null=True, related_name="handoffs_given")
    from_agent = TenantForeignKey(Agent, null=True, related_name="handoffs_given")
    to_user = TenantForeignKey(User, null=True, db_index=False, related_name="handoffs_received")
    to_agent = TenantForeignKey(Agent, null=True, db_index=False, related_name="handoffs_received")
    phase = models.CharField(max_length=20, choices=HandoffPhase.choices)
    priority = models.CharField(max_length=10, choices=Priority.choices, default=Priority.MEDIUM)

    summary = models.TextField(default="", blank=True)
    gotchas = models.TextField(default="", blank=True)
    files_tagged = ArrayField(models.CharField(max_length=1000), default=list, blank=True)
    commits = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    expected_outputs = models.JSONField(default=list, blank=True)
    acceptance_criteria = models.JSONField(default=list, blank=True)
    # an artifact's row is one version of it
    artifact_ids = ArrayField(models.UUIDField(), default=list, blank=True)

    status = models.CharField(max_length=10, choices=HandoffStatus.choices, default=HandoffStatus.DRAFT, editable=False)
    offered_at = models.DateTimeField(null=True, editable=False)
    log_read_at = models.DateTimeField(null=True, editable=False)
    commits_reviewed_at = models.DateTimeField(null=True, editable=False)
    blockers_checked_at = models.DateTimeField(null=True, editable=False)
    answered_at = models.DateTimeField(null=True, editable=False)
    completed_at = models.DateTimeField(null=True, editable=False)
    rejected_reason = models.TextField(default="", editable=False)

    objects = HandoffQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("phase", HandoffPhase, name="tasks_handoff_phase"),
            one_of("priority", Priority, name="tasks_handoff_priority"),
            one_of("status", HandoffStatus, name="tasks_handoff_status"),
            exactly_one("task", "group", name="tasks_handoff_target"),
            exactly_one("from_user", "from_agent", name="tasks_handoff_from"),
            exactly_one("to_user", "to_agent", name="tasks_handoff_to"),
            # null where the two are not of one kind: that passes
            models.CheckConstraint(
                condition=~Q(from_user=F("to_user"), from_user__isnull=False)
                & ~Q(from_agent=F("to_agent"), from_agent__isnull=False),
                name="tasks_handoff_to_another",
            ),
            models.CheckConstraint(
                condition=Q(status="draft", offered_at__isnull=True)
                | Q(offered_at__isnull=False) & ~Q(status="draft") & ~Q(summary="") & ~Q(gotchas=""),
                name="tasks_handoff_offered",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["accepted", "completed"]) | ACKNOWLEDGED, name="tasks_handoff_acknowledged"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "pending"], answered_at__isnull=True)
                | Q(status__in=["accepted", "rejected", "completed"], answered_at__isnull=False),
                name="tasks_handoff_answered",
            ),
            models.CheckConstraint(
                condition=Q(status="rejected") & ~Q(rejected_reason="") | ~Q(status="rejected") & Q(rejected_reason=""),
                name="tasks_handoff_rejected_reason",
            ),
            models.CheckConstraint(
                condition=Q(status="completed", completed_at__isnull=False)
                | ~Q(status="completed") & Q(completed_at__isnull=True),
                name="tasks_handoff_completed",
            ),
        )
        indexes = (
            QueryIndex(
                serves="the handoffs of one task, the last first (may it start?)",
                fields=["tenant", "task", "-id"],
                condition=Q(task__isnull=False),
                name="tasks_handoff_task",
            ),
            QueryIndex(
                serves="what waits for a person to take it over",
                fields=["tenant", "to_user", "status"],
                condition=Q(to_user__isnull=False),
                name="tasks_handoff_to_user",
            ),
            QueryIndex(
                serves="what waits for an agent to take it over",
                fields=["tenant", "to_agent", "status"],
                condition=Q(to_agent__isnull=False),
                name="tasks_handoff_to_agent",
            ),
            QueryIndex(
                serves="the handoffs of one project, newest first",
                fields=["tenant", "project", "-id"],
                name="tasks_handoff_project",
            ),
        )

    def __str__(self) -> str:
        return f"{self.phase} ({self.status})"
