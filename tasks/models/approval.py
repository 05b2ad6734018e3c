"""A question to a person that holds back a step until it is answered."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from accounts.models import User
from agents.models import Agent
from common.models import QueryIndex, TenantForeignKey, TenantModel, TenantRow, one_of
from projects.models import Gate, Phase, Project
from tasks.models.checks import none_of, only_one_of
from tasks.models.execution import Execution
from tasks.models.task import Task
from tasks.querysets import ApprovalQuerySet, ApprovalResponseQuerySet


class ApprovalKind(models.TextChoices):
    QUESTION = "question", "Question"
    PRE_EXECUTION = "pre_execution", "Before a risky step"
    RESPONSE_APPROVAL = "response_approval", "Check of an answer"
    NEXT_STEP = "next_step", "Next step"
    PHASE_GATE = "phase_gate", "Phase gate"
    BUDGET_OVERRIDE = "budget_override", "Budget override"
    ESCALATION = "escalation", "Escalation"


class ApprovalTrigger(models.TextChoices):
    PHASE_COMPLETION = "phase_completion", "A phase is complete"
    QUALITY_THRESHOLD = "quality_threshold", "Quality below the threshold"
    CONFLICT_DETECTED = "conflict_detected", "A conflict was found"
    AGENT_ERROR = "agent_error", "An agent's error"
    BUDGET_EXCEEDED = "budget_exceeded", "The budget is used up"
    SAFETY_VIOLATION = "safety_violation", "A safety rule was broken"
    MANUAL_REQUEST = "manual_request", "Asked for"


class Risk(models.TextChoices):
    LOW = "low", "Low"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"


class ApprovalStatus(models.TextChoices):
    PENDING = "pending", "Waits for a decision"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    AMENDED = "amended", "Amended"
    EXPIRED = "expired", "Expired"
    CANCELLED = "cancelled", "Withdrawn"


class ApprovalAction(models.TextChoices):
    APPROVE = "approve", "Approve"
    REJECT = "reject", "Reject"
    AMEND = "amend", "Amend"


GRANTING = (ApprovalStatus.APPROVED, ApprovalStatus.AMENDED)

# What an attempt asks it asks about its own step; the others may be about a phase, a gate or a whole project.
OF_AN_ATTEMPT = (
    ApprovalKind.QUESTION,
    ApprovalKind.PRE_EXECUTION,
    ApprovalKind.RESPONSE_APPROVAL,
    ApprovalKind.NEXT_STEP,
)


class ApprovalRequest(TenantModel):
    """What an agent wants to do, exactly. `digest` binds task, action, target commit and nonce (RFC 8785, SHA-256):
    what is redeemed is byte for byte what a person was shown.
    """

    project = TenantForeignKey(Project, editable=False, db_index=False, related_name="approvals")
    task = TenantForeignKey(Task, null=True, db_index=False, related_name="approvals")
    execution = TenantForeignKey(Execution, null=True, related_name="approvals")
    phase = TenantForeignKey(Phase, null=True, related_name="approval_requests")
    gate = TenantForeignKey(Gate, null=True, related_name="approval_requests")
    agent = TenantForeignKey(Agent, null=True, related_name="approvals")
    requested_by = TenantForeignKey(User, null=True, related_name="+")
    kind = models.CharField(max_length=20, choices=ApprovalKind.choices)
    trigger = models.CharField(max_length=20, choices=ApprovalTrigger.choices, default=ApprovalTrigger.MANUAL_REQUEST)
    risk = models.CharField(max_length=10, choices=Risk.choices, default=Risk.LOW)
    quorum = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    policy = models.JSONField(default=dict)
    escalation_level = models.PositiveSmallIntegerField(default=0)
    estimated_tokens = models.PositiveBigIntegerField(null=True)
    estimated_cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    confidence = models.DecimalField(max_digits=4, decimal_places=3, null=True)
    question = models.TextField()
    action = models.JSONField()
    target_commit = models.CharField(max_length=64, default="")
    nonce = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)
    options = models.JSONField(default=list)
    expires_at = models.DateTimeField()
    escalates_at = models.DateTimeField(null=True)

    status = models.CharField(max_length=10, choices=ApprovalStatus.choices, default=ApprovalStatus.PENDING)
    decided_at = models.DateTimeField(null=True)
    decided_by = TenantForeignKey(User, null=True, related_name="+")
    decided_by_rule = TenantForeignKey("tasks.StandingRule", null=True, related_name="decided")
    comment = models.TextField(default="")
    selected_option = models.CharField(max_length=100, default="")
    amended_content = models.JSONField(null=True)
    redeemed_at = models.DateTimeField(null=True)
    redeemed_by = TenantForeignKey(Execution, null=True, related_name="redeemed_approvals")

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("kind", ApprovalKind, name="tasks_approvalrequest_kind"),
            one_of("status", ApprovalStatus, name="tasks_approvalrequest_status"),
            models.CheckConstraint(
                condition=Q(status__in=["approved", "rejected", "amended"], decided_at__isnull=False)
                & only_one_of("decided_by", "decided_by_rule")
                & ~Q(comment="")
                | Q(status__in=["pending", "expired", "cancelled"]) & none_of("decided_by", "decided_by_rule"),
                name="tasks_approvalrequest_decided",
            ),
            models.CheckConstraint(
                condition=Q(redeemed_at__isnull=True, redeemed_by__isnull=True)
                | Q(redeemed_at__isnull=False, redeemed_by__isnull=False, status__in=GRANTING),
                name="tasks_approvalrequest_redeemed",
            ),
            models.CheckConstraint(
                condition=~Q(status="amended") | Q(amended_content__isnull=False), name="tasks_approvalrequest_amended"
            ),
            one_of("trigger", ApprovalTrigger, name="tasks_approvalrequest_trigger"),
            one_of("risk", Risk, name="tasks_approvalrequest_risk"),
            models.CheckConstraint(
                condition=~Q(kind__in=OF_AN_ATTEMPT) | Q(execution__isnull=False, agent__isnull=False),
                name="tasks_approvalrequest_of_an_attempt",
            ),
            models.CheckConstraint(
                condition=~Q(kind=ApprovalKind.PHASE_GATE) | Q(phase__isnull=False) | Q(gate__isnull=False),
                name="tasks_approvalrequest_of_a_phase",
            ),
            models.CheckConstraint(
                condition=Q(execution__isnull=True) | Q(task__isnull=False), name="tasks_approvalrequest_task"
            ),
            models.CheckConstraint(condition=Q(quorum__gte=1), name="tasks_approvalrequest_quorum_min"),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__gte=0, confidence__lte=1),
                name="tasks_approvalrequest_confidence",
            ),
            models.CheckConstraint(
                condition=Q(estimated_cost_usd__isnull=True) | Q(estimated_cost_usd__gte=0),
                name="tasks_approvalrequest_cost",
            ),
            models.UniqueConstraint(
                fields=["tenant", "execution", "trigger"],
                condition=Q(status="pending"),
                name="tasks_approvalrequest_one_open",
            ),
            # a task waits for one answer at a time
            models.UniqueConstraint(
                fields=["tenant", "task"], condition=Q(status="pending"), name="tasks_approvalrequest_one_pending"
            ),
        )
        indexes = (
            QueryIndex(
                serves="the inbox: what waits for a decision, the first to expire on top",
                fields=["tenant", "expires_at", "id"],
                condition=Q(status="pending"),
                name="tasks_approvalrequest_inbox",
            ),
            QueryIndex(
                serves="the sweep: requests that nobody answered in time, over all tenants",
                fields=["expires_at"],
                condition=Q(status="pending"),
                name="tasks_approvalrequest_overdue",
            ),
            QueryIndex(
                serves="the sweep: requests that wait too long, and others are to be told",
                fields=["escalates_at"],
                condition=Q(status="pending", escalates_at__isnull=False),
                name="tasks_approvalrequest_escalate",
            ),
            QueryIndex(
                serves="the approvals of one task, newest first (task page, what a new claim carries)",
                fields=["tenant", "task", "-id"],
                condition=Q(task__isnull=False),
                name="tasks_approvalrequest_task",
            ),
            QueryIndex(
                serves="the approvals of one project by state (history, statistics)",
                fields=["tenant", "project", "status", "-id"],
                name="tasks_approvalrequest_project",
            ),
        )

    def __str__(self) -> str:
        return self.question


class ApprovalResponse(TenantRow):
    """An answer as it was given. Kept for ever, also where it came too late to count."""

    approval = TenantForeignKey(ApprovalRequest, models.CASCADE, related_name="responses")
    user = TenantForeignKey(User, related_name="+")
    action = models.CharField(max_length=10, choices=ApprovalAction.choices)
    comment = models.TextField()
    selected_option = models.CharField(max_length=100, default="")
    amended_content = models.JSONField(null=True)
    counted = models.BooleanField()

    objects = ApprovalResponseQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("action", ApprovalAction, name="tasks_approvalresponse_action"),
            # towards the quorum a person counts once
            models.UniqueConstraint(
                fields=["tenant", "approval", "user"], condition=Q(counted=True), name="tasks_approvalresponse_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.action} by {self.user_id}"
