"""One attempt at a task, under a lease."""

from django.db import models
from django.db.models import Q

from agents.models import Agent
from common.models import QueryIndex, TenantForeignKey, TenantModel, TenantRow, one_of
from tasks.models.task import Task
from tasks.querysets import ExecutionQuerySet


class ExecutionStatus(models.TextChoices):
    PENDING = "pending", "Pending"
    RUNNING = "running", "Running"
    WAITING_FOR_HITL = "waiting_for_hitl", "Waits for a person"
    SUCCESS = "success", "Succeeded"
    FAILURE = "failure", "Failed"
    TIMEOUT = "timeout", "Timed out"
    CANCELLED = "cancelled", "Cancelled"


LIVE = (ExecutionStatus.PENDING, ExecutionStatus.RUNNING, ExecutionStatus.WAITING_FOR_HITL)
ENDED = (ExecutionStatus.SUCCESS, ExecutionStatus.FAILURE, ExecutionStatus.TIMEOUT, ExecutionStatus.CANCELLED)


class Directive(models.TextChoices):
    CONTINUE = "continue", "Go on"
    WRAP_UP = "wrap_up", "Finish this step and hand in"
    STOP = "stop", "Stop"
    ASK = "ask", "Ask a person before going on"


class Execution(TenantModel):
    """One attempt. Its id is the fence: a write that names another attempt than the running one changes nothing."""

    task = TenantForeignKey(Task, related_name="executions")
    agent = TenantForeignKey(Agent, related_name="executions")
    attempt = models.PositiveIntegerField()
    status = models.CharField(max_length=20, choices=ExecutionStatus.choices, default=ExecutionStatus.PENDING)
    directive = models.CharField(max_length=10, choices=Directive.choices, default=Directive.CONTINUE)

    lease_seconds = models.PositiveIntegerField()
    lease_expires_at = models.DateTimeField(null=True)
    last_heartbeat_at = models.DateTimeField(null=True)
    progress = models.PositiveSmallIntegerField(default=0)
    message = models.CharField(max_length=500, default="")
    input_tokens = models.PositiveBigIntegerField(null=True)
    output_tokens = models.PositiveBigIntegerField(null=True)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)

    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)
    summary = models.TextField(default="")
    error = models.TextField(default="")
    input_hash = models.CharField(max_length=64, default="")
    output_hash = models.CharField(max_length=64, default="")
    trace_id = models.CharField(max_length=32, default="")
    log_size = models.PositiveBigIntegerField(default=0)

    objects = ExecutionQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("status", ExecutionStatus, name="tasks_execution_status"),
            one_of("directive", Directive, name="tasks_execution_directive"),
            models.CheckConstraint(condition=Q(progress__lte=100), name="tasks_execution_progress"),
            models.CheckConstraint(
                condition=~Q(status=ExecutionStatus.RUNNING) | Q(lease_expires_at__isnull=False),
                name="tasks_execution_running_has_lease",
            ),
            models.CheckConstraint(
                condition=Q(status__in=LIVE, ended_at__isnull=True) | Q(status__in=ENDED, ended_at__isnull=False),
                name="tasks_execution_ended_at",
            ),
            models.UniqueConstraint(fields=["tenant", "task", "attempt"], name="tasks_execution_attempt"),
            # G1, held by the database: one attempt at a time, one accepted result for ever
            models.UniqueConstraint(
                fields=["tenant", "task"], condition=Q(status__in=LIVE), name="tasks_execution_one_live"
            ),
            models.UniqueConstraint(
                fields=["tenant", "task"], condition=Q(status="success"), name="tasks_execution_one_success"
            ),
        )
        indexes = (
            QueryIndex(
                serves="the reaper: leases that have run out",
                fields=["lease_expires_at"],
                condition=Q(status="running"),
                name="tasks_execution_expired",
            ),
        )

    def __str__(self) -> str:
        return f"{self.task_id} attempt {self.attempt}"


class ExecutionLog(TenantRow):
    """A chunk of a run's output. The bytes are in storage, named by their digest."""

    execution = TenantForeignKey(Execution, models.CASCADE, related_name="log_chunks")
    offset = models.PositiveBigIntegerField()
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ("offset",)
        constraints = (
            models.UniqueConstraint(fields=["tenant", "execution", "offset"], name="tasks_executionlog_offset"),
        )

    def __str__(self) -> str:
        return f"{self.execution_id} [{self.offset}, {self.offset + self.size})"


class QuarantineKind(models.TextChoices):
    EVIDENCE = "evidence", "Evidence"
    APPROVAL = "approval", "Approval request"
    COMPLETE = "complete", "Result"
    FAIL = "fail", "Failure report"
    RELEASE = "release", "Release"


class QuarantinedWrite(TenantRow):
    """A late write, kept for a person. It changed nothing."""

    execution = TenantForeignKey(Execution, models.CASCADE, related_name="quarantined")
    kind = models.CharField(max_length=10, choices=QuarantineKind.choices)
    payload = models.JSONField()
    reason = models.TextField()

    class Meta:
        ordering = ("-id",)
        constraints = (one_of("kind", QuarantineKind, name="tasks_quarantinedwrite_kind"),)

    def __str__(self) -> str:
        return f"{self.kind} of {self.execution_id}"
