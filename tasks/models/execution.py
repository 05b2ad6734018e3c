"""One attempt at a task, under a lease."""

from django.db import models
from django.db.models import F, Func, Q, Value

from agents.models import Agent
from common.models import QueryIndex, TenantForeignKey, TenantModel, TenantRow, one_of
from evidence.models import Evidence
from projects.models import Project
from tasks.models.task import Task
from tasks.querysets import ExecutionLogQuerySet, ExecutionQuerySet, QuarantinedWriteQuerySet


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


RUN_STATE = {
    ExecutionStatus.PENDING: "pending",
    ExecutionStatus.RUNNING: "working",
    ExecutionStatus.WAITING_FOR_HITL: "working",
    ExecutionStatus.SUCCESS: "completed",
    ExecutionStatus.FAILURE: "failed",
    ExecutionStatus.TIMEOUT: "failed",
    ExecutionStatus.CANCELLED: "cancelled",
}


class Directive(models.TextChoices):
    CONTINUE = "continue", "Go on"
    WRAP_UP = "wrap_up", "Finish this step and hand in"
    STOP = "stop", "Stop"
    ASK = "ask", "Ask a person before going on"


class ErrorCategory(models.TextChoices):
    VALIDATION = "validation", "What was handed in is not valid"
    EXECUTION = "execution", "The work itself failed"
    TIMEOUT = "timeout", "It took too long"
    BUDGET = "budget", "The budget was used up"
    SAFETY = "safety", "A safety rule was broken"
    INFRASTRUCTURE = "infrastructure", "The platform or a provider failed"


class Execution(TenantModel):
    """One attempt. Its id is the fence: a write that names another attempt than the running one changes nothing."""

    project = TenantForeignKey(Project, editable=False, db_index=False, related_name="executions")
    task = TenantForeignKey(Task, db_index=False, related_name="executions")
    agent = TenantForeignKey(Agent, db_index=False, related_name="executions")
    parent = TenantForeignKey("self", null=True, related_name="children")
    attempt = models.PositiveIntegerField()
    status = models.CharField(max_length=20, choices=ExecutionStatus.choices, default=ExecutionStatus.PENDING)
    directive = models.CharField(max_length=10, choices=Directive.choices, default=Directive.CONTINUE)

    celery_task_id = models.CharField(max_length=255, default="")
    idempotency_key = models.CharField(max_length=255, default="")

    lease_seconds = models.PositiveIntegerField()
    lease_expires_at = models.DateTimeField(null=True)
    last_heartbeat_at = models.DateTimeField(null=True)
    # the task's limits as moments, set when the attempt starts; activity is more than a heartbeat
    soft_limit_at = models.DateTimeField(null=True)
    hard_limit_at = models.DateTimeField(null=True)
    last_activity_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    progress = models.PositiveSmallIntegerField(default=0)
    message = models.CharField(max_length=500, default="")
    input_tokens = models.PositiveBigIntegerField(null=True)
    output_tokens = models.PositiveBigIntegerField(null=True)
    # unknown where either is: unknown is never zero
    total_tokens = models.GeneratedField(
        expression=F("input_tokens") + F("output_tokens"), output_field=models.BigIntegerField(), db_persist=True
    )
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)

    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # when a review sent the accepted result back: it is kept, and stands no longer
    set_aside_at = models.DateTimeField(null=True)
    set_aside_reason = models.TextField(default="")
    result = models.JSONField(default=dict)
    summary = models.TextField(default="")
    error = models.TextField(default="")
    error_code = models.CharField(max_length=100, default="")
    error_category = models.CharField(max_length=20, choices=ErrorCategory.choices, null=True)  # noqa: DJ001
    retryable = models.BooleanField(null=True)
    evidence = TenantForeignKey(Evidence, null=True, related_name="executions")
    input_hash = models.CharField(max_length=64, default="")
    output_hash = models.CharField(max_length=64, default="")
    trace_id = models.CharField(max_length=32, default="")
    log_size = models.PositiveBigIntegerField(default=0)
    execution_time_ms = models.GeneratedField(
        expression=Func(
            Func(
                Value("epoch"),
                F("ended_at") - F("started_at"),
                function="date_part",
                output_field=models.FloatField(),
            ),
            template="(%(expressions)s * 1000)::bigint",
        ),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )

    objects = ExecutionQuerySet.as_manager()

    notes: tuple[str, ...] = ()
    """why the directive of a heartbeat's answer is what it is; not stored"""

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
            one_of("error_category", ErrorCategory, name="tasks_execution_error_category"),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="tasks_execution_not_own_parent"
            ),
            models.CheckConstraint(
                condition=Q(cost_usd__isnull=True) | Q(cost_usd__gte=0), name="tasks_execution_cost"
            ),
            # asked for twice is one attempt
            models.UniqueConstraint(
                fields=["tenant", "agent", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="tasks_execution_idempotent",
            ),
            # G1, held by the database: one attempt at a time, one accepted result
            models.UniqueConstraint(
                fields=["tenant", "task"], condition=Q(status__in=LIVE), name="tasks_execution_one_live"
            ),
            models.UniqueConstraint(
                fields=["tenant", "task"],
                condition=Q(status="success", set_aside_at__isnull=True),
                name="tasks_execution_one_success",
            ),
            models.CheckConstraint(
                condition=Q(set_aside_at__isnull=True) | Q(status="success"), name="tasks_execution_set_aside"
            ),
        )
        indexes = (
            QueryIndex(
                serves="the reaper: leases that have run out (a lease ends with the hard limit too)",
                fields=["lease_expires_at"],
                condition=Q(status="running"),
                name="tasks_execution_expired",
            ),
            QueryIndex(
                serves="the history of one agent, newest first",
                fields=["tenant", "agent", "-id"],
                name="tasks_execution_agent",
            ),
            QueryIndex(
                serves="the attempts of one project, newest first",
                fields=["tenant", "project", "-id"],
                name="tasks_execution_project",
            ),
            QueryIndex(
                serves="attempts in one state, newest first (what runs now, what failed)",
                fields=["tenant", "status", "-id"],
                name="tasks_execution_state",
            ),
            QueryIndex(
                serves="attempts that failed for one reason, newest first",
                fields=["tenant", "error_category", "-id"],
                condition=Q(error_category__isnull=False),
                name="tasks_execution_failed",
            ),
            QueryIndex(
                serves="attempts of a span of time (statistics)",
                fields=["tenant", "created_at"],
                name="tasks_execution_created",
            ),
            QueryIndex(
                serves="the attempts that belong to one trace",
                fields=["tenant", "trace_id"],
                condition=~Q(trace_id=""),
                name="tasks_execution_trace",
            ),
        )

    def __str__(self) -> str:
        return f"{self.task_id} attempt {self.attempt}"

    @property
    def run_state(self) -> str:
        """The state in the words of those who know runs only: pending, working, completed, failed or cancelled."""
        return RUN_STATE[ExecutionStatus(self.status)]


class ExecutionLog(TenantRow):
    """A chunk of a run's output. The bytes are in storage, named by their digest."""

    execution = TenantForeignKey(Execution, models.CASCADE, db_index=False, related_name="log_chunks")
    offset = models.PositiveBigIntegerField()
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)

    objects = ExecutionLogQuerySet.as_manager()

    class Meta:
        ordering = ("offset",)
        constraints = (
            models.UniqueConstraint(fields=["tenant", "execution", "offset"], name="tasks_executionlog_offset"),
        )
        indexes = (
            QueryIndex(
                serves="is this digest a chunk of any log? (the sweep of orphans)",
                fields=["tenant", "sha256"],
                name="tasks_executionlog_sha256",
            ),
        )

    def __str__(self) -> str:
        return f"{self.execution_id} [{self.offset}, {self.offset + self.size})"


class QuarantineKind(models.TextChoices):
    EVIDENCE = "evidence", "Evidence"
    APPROVAL = "approval", "Approval request"
    COMPLETE = "complete", "Result"
    FAIL = "fail", "Failure report"
    RELEASE = "release", "Release"
    REPORT = "report", "Report"


class QuarantinedWrite(TenantRow):
    """A late write, kept for a person. It changed nothing."""

    execution = TenantForeignKey(Execution, models.CASCADE, related_name="quarantined")
    kind = models.CharField(max_length=10, choices=QuarantineKind.choices)
    payload = models.JSONField()
    reason = models.TextField()

    objects = QuarantinedWriteQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (one_of("kind", QuarantineKind, name="tasks_quarantinedwrite_kind"),)

    def __str__(self) -> str:
        return f"{self.kind} of {self.execution_id}"
