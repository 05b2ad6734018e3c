"""Answers that a person has given in advance."""

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from agents.models import Agent
from common.models import QueryIndex, TenantForeignKey, TenantModel, TenantRow, one_of
from projects.models import Project
from tasks.models.approval import ApprovalKind, ApprovalRequest, ApprovalTrigger, Risk
from tasks.querysets import StandingRuleQuerySet, StandingRuleResponseQuerySet


class RuleAnswer(models.TextChoices):
    APPROVE = "approve", "Approve"
    REJECT = "reject", "Reject"


class StandingRule(TenantModel):
    """A person lets a class of requests be answered without asking again: narrowly, for a time, until it is revoked.

    What is left empty matches everything; a rule that names nothing at all is refused, and so is one that approves what
    is critical.
    """

    project = TenantForeignKey(Project, db_index=False, related_name="standing_rules")
    kind = models.CharField(max_length=20, choices=ApprovalKind.choices, null=True, blank=True)  # noqa: DJ001
    trigger = models.CharField(max_length=20, choices=ApprovalTrigger.choices, null=True, blank=True)  # noqa: DJ001
    agent = TenantForeignKey(Agent, null=True, blank=True, related_name="standing_rules")
    action_pattern = models.CharField(
        max_length=500, default="", blank=True, help_text="Of the action's type, with * for anything: shell.*"
    )
    highest_risk = models.CharField(max_length=10, choices=Risk.choices, default=Risk.LOW)
    answer = models.CharField(max_length=10, choices=RuleAnswer.choices)
    reason = models.TextField()
    expires_at = models.DateTimeField()
    max_uses = models.PositiveIntegerField(null=True, blank=True)
    uses = models.PositiveIntegerField(default=0, editable=False)
    created_by = TenantForeignKey(User, editable=False, related_name="standing_rules")
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_by = TenantForeignKey(User, null=True, editable=False, related_name="+")

    objects = StandingRuleQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("kind", ApprovalKind, name="tasks_standingrule_kind"),
            one_of("trigger", ApprovalTrigger, name="tasks_standingrule_trigger"),
            one_of("highest_risk", Risk, name="tasks_standingrule_highest_risk"),
            one_of("answer", RuleAnswer, name="tasks_standingrule_answer"),
            models.CheckConstraint(condition=~Q(reason=""), name="tasks_standingrule_reason"),
            models.CheckConstraint(
                condition=Q(kind__isnull=False)
                | Q(trigger__isnull=False)
                | Q(agent__isnull=False)
                | ~Q(action_pattern=""),
                name="tasks_standingrule_narrow",
            ),
            models.CheckConstraint(
                condition=Q(answer="reject") | ~Q(highest_risk="critical"), name="tasks_standingrule_not_critical"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="tasks_standingrule_expires"),
            models.CheckConstraint(
                condition=Q(max_uses__isnull=True) | Q(uses__lte=F("max_uses")), name="tasks_standingrule_uses_left"
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="tasks_standingrule_revoked",
            ),
        )
        indexes = (
            QueryIndex(
                serves="the rules that may answer a new request of the project",
                fields=["tenant", "project", "expires_at"],
                name="tasks_standingrule_project",
            ),
        )

    def __str__(self) -> str:
        return f"{self.answer}: {self.reason}"


class StandingRuleResponse(TenantRow):
    """A request that a rule answered, for ever; `created_at` is when."""

    rule = TenantForeignKey(StandingRule, related_name="responses")
    approval = TenantForeignKey(ApprovalRequest, models.CASCADE, db_index=False, related_name="rule_responses")

    objects = StandingRuleResponseQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=["tenant", "approval"], name="tasks_standingruleresponse_once"),)

    def __str__(self) -> str:
        return f"{self.approval_id} by {self.rule_id}"
