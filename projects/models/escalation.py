"""Who is asked next when work fails: the rules, and each time one was used."""

from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models.functions import Lower

from accounts.models import User
from common.models import QueryIndex, TenantForeignKey, TenantModel, one_of
from projects.models.checks import equivalent, is_set, is_unset, not_both
from projects.models.plan import Phase, Plan
from projects.models.project import Project
from projects.querysets import EscalationQuerySet, EscalationRuleQuerySet


class EscalationRule(TenantModel):
    """For one area of a project (or of one plan or phase): the backup, and who is asked after it.

    Agents live above: their migration adds the composite foreign keys.
    """

    project = TenantForeignKey(Project, models.CASCADE, related_name="escalation_rules")
    plan = TenantForeignKey(Plan, models.CASCADE, null=True, blank=True, related_name="escalation_rules")
    phase = TenantForeignKey(Phase, models.CASCADE, null=True, blank=True, related_name="escalation_rules")
    area = models.CharField(max_length=100)
    trigger = models.TextField()
    backup_agent_id = models.UUIDField(null=True, blank=True)
    escalate_to_agent_id = models.UUIDField(null=True, blank=True)
    escalate_to_user = TenantForeignKey(User, null=True, blank=True, related_name="escalation_rules")
    ordinal = models.PositiveSmallIntegerField(default=1)
    is_active = models.BooleanField(default=True)

    objects = EscalationRuleQuerySet.as_manager()

    class Meta:
        ordering = ("project", "area", "ordinal")
        constraints = (
            not_both("escalate_to_user", "escalate_to_agent_id", name="projects_escalationrule_escalate_to"),
            models.CheckConstraint(condition=is_unset("phase") | is_set("plan"), name="projects_escalationrule_scope"),
            models.UniqueConstraint(
                "tenant",
                "project",
                "plan",
                "phase",
                Lower("area"),
                "ordinal",
                condition=models.Q(is_active=True),
                nulls_distinct=False,
                name="projects_escalationrule_order",
            ),
        )
        indexes = (
            QueryIndex(
                serves="the rules that name an agent as backup",
                fields=["tenant", "backup_agent_id"],
                condition=models.Q(backup_agent_id__isnull=False),
                name="projects_rule_backup",
            ),
            QueryIndex(
                serves="the rules that escalate to an agent",
                fields=["tenant", "escalate_to_agent_id"],
                condition=models.Q(escalate_to_agent_id__isnull=False),
                name="projects_rule_escalate_to",
            ),
        )

    def __str__(self) -> str:
        return f"{self.area}: {self.trigger}"


class EscalationStep(models.TextChoices):
    """In this order: again by whoever did it, by the backup, by who is escalated to, by a person's answer."""

    RETRY = "retry", "Retry"
    BACKUP = "backup", "Backup"
    ESCALATE_TO = "escalate_to", "Escalate"
    HITL = "hitl", "Ask a person"


class Escalation(TenantModel):
    """One step along a rule, about something named by type and id (a check, a task, an execution)."""

    rule = TenantForeignKey(EscalationRule, db_index=False, related_name="escalations")
    step = models.CharField(max_length=20, choices=EscalationStep.choices)
    subject_type = models.CharField(max_length=50)
    subject_id = models.UUIDField()
    reason = models.TextField()
    raised_at = models.DateTimeField(db_default=TransactionNow(), editable=False)
    # Neither: raised by the system itself, after a failed check.
    raised_by_user = TenantForeignKey(User, null=True, editable=False, related_name="raised_escalations")
    raised_by_agent_id = models.UUIDField(null=True, editable=False)
    resolved_at = models.DateTimeField(null=True, editable=False)
    resolved_by = TenantForeignKey(User, null=True, editable=False, related_name="resolved_escalations")
    resolution = models.TextField(default="", blank=True)

    objects = EscalationQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("step", EscalationStep, name="projects_escalation_step"),
            not_both("raised_by_user", "raised_by_agent_id", name="projects_escalation_raised_by"),
            models.CheckConstraint(
                condition=equivalent(is_set("resolved_at"), ~models.Q(resolution="")),
                name="projects_escalation_resolved",
            ),
            models.CheckConstraint(
                condition=is_unset("resolved_by") | is_set("resolved_at"), name="projects_escalation_resolved_by"
            ),
            # Two sweeps that see the same failure raise it once.
            models.UniqueConstraint(
                fields=["tenant", "rule", "subject_type", "subject_id", "step"],
                condition=models.Q(resolved_at__isnull=True),
                name="projects_escalation_once",
            ),
        )
        indexes = (
            QueryIndex(
                serves="the escalations of a rule, newest first",
                fields=["tenant", "rule", "-id"],
                name="projects_escalation_rule",
            ),
            QueryIndex(
                serves="the steps already taken about one subject",
                fields=["tenant", "subject_id", "-id"],
                name="projects_escalation_subject",
            ),
            QueryIndex(
                serves="escalations that nobody has resolved, newest first",
                fields=["tenant", "-id"],
                condition=models.Q(resolved_at__isnull=True),
                name="projects_escalation_open",
            ),
            QueryIndex(
                serves="what one agent escalated, newest first",
                fields=["tenant", "raised_by_agent_id", "-id"],
                condition=models.Q(raised_by_agent_id__isnull=False),
                name="projects_escalation_agent",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_step_display()}: {self.reason}"
