"""A question to a person that holds back a step until it is answered."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from agents.models import Agent
from common.models import QueryIndex, TenantForeignKey, TenantModel, TenantRow, one_of
from tasks.models.execution import Execution
from tasks.models.task import Task
from tasks.querysets import ApprovalQuerySet


class ApprovalKind(models.TextChoices):
    QUESTION = "question", "Question"
    PRE_EXECUTION = "pre_execution", "Before a risky step"
    RESPONSE_APPROVAL = "response_approval", "Check of an answer"
    NEXT_STEP = "next_step", "Next step"
    PHASE_GATE = "phase_gate", "Phase gate"
    BUDGET_OVERRIDE = "budget_override", "Budget override"
    ESCALATION = "escalation", "Escalation"


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


class ApprovalRequest(TenantModel):
    """What an agent wants to do, exactly. `digest` binds task, action, target commit and nonce (RFC 8785, SHA-256):
    what is redeemed is byte for byte what a person was shown.
    """

    task = TenantForeignKey(Task, related_name="approvals")
    execution = TenantForeignKey(Execution, related_name="approvals")
    agent = TenantForeignKey(Agent, related_name="approvals")
    kind = models.CharField(max_length=20, choices=ApprovalKind.choices)
    question = models.TextField()
    action = models.JSONField()
    target_commit = models.CharField(max_length=64, default="")
    nonce = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)
    options = models.JSONField(default=list)
    expires_at = models.DateTimeField()

    status = models.CharField(max_length=10, choices=ApprovalStatus.choices, default=ApprovalStatus.PENDING)
    decided_at = models.DateTimeField(null=True)
    decided_by = TenantForeignKey(User, null=True, related_name="+")
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
                condition=Q(
                    status__in=["approved", "rejected", "amended"], decided_by__isnull=False, decided_at__isnull=False
                )
                & ~Q(comment="")
                | Q(status__in=["pending", "expired", "cancelled"], decided_by__isnull=True),
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
        )

    def __str__(self) -> str:
        return self.question


class ApprovalResponse(TenantRow):
    """An answer as it was given. Kept for ever, also where it came too late to count."""

    approval = TenantForeignKey(ApprovalRequest, models.CASCADE, related_name="responses")
    user = TenantForeignKey(User, related_name="+")
    action = models.CharField(max_length=10, choices=ApprovalAction.choices)
    comment = models.TextField()
    counted = models.BooleanField()

    class Meta:
        ordering = ("-id",)
        constraints = (one_of("action", ApprovalAction, name="tasks_approvalresponse_action"),)

    def __str__(self) -> str:
        return f"{self.action} by {self.user_id}"
