"""Verdicts: of reviews at a gate, and of the final review on a whole phase. Never changed afterwards."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models.functions import Lower

from accounts.models import User
from common.models import QueryIndex, TenantForeignKey, TenantRow, one_of
from projects.models.checks import exactly_one, implies
from projects.models.gate import Gate
from projects.models.plan import Phase
from projects.querysets import PatternCheckQuerySet, PhaseApprovalQuerySet, ReviewQuerySet


class Verdict(models.TextChoices):
    APPROVED = "approved", "Approved"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"


class Review(TenantRow):
    """What one reviewer said in one cycle of a gate. Agents and tasks live above: plain ids here."""

    gate = TenantForeignKey(Gate, db_index=False, related_name="reviews")
    cycle = models.PositiveSmallIntegerField()
    reviewer_user = TenantForeignKey(User, null=True, blank=True, related_name="reviews")
    reviewer_agent_id = models.UUIDField(null=True, blank=True)
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    comments = models.TextField(default="", blank=True)
    reopened_task_ids = ArrayField(models.UUIDField(), default=list, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("verdict", Verdict, name="projects_review_verdict"),
            exactly_one("reviewer_user", "reviewer_agent_id", name="projects_review_reviewer"),
            models.CheckConstraint(
                condition=implies(models.Q(verdict=Verdict.APPROVED), models.Q(reopened_task_ids=[])),
                name="projects_review_reopened",
            ),
            models.UniqueConstraint(
                fields=["tenant", "gate", "cycle", "reviewer_user", "reviewer_agent_id"],
                nulls_distinct=False,
                name="projects_review_once",
            ),
        )
        indexes = (
            QueryIndex(
                serves="what one agent reviewed, newest first",
                fields=["tenant", "reviewer_agent_id", "-id"],
                condition=models.Q(reviewer_agent_id__isnull=False),
                name="projects_review_agent",
            ),
        )

    def __str__(self) -> str:
        return f"{self.gate}: {self.get_verdict_display()}"


class PatternCheck(TenantRow):
    """Whether a review found one pattern of the house (row security, tracing, …) preserved."""

    review = TenantForeignKey(Review, db_index=False, related_name="patterns")
    name = models.CharField(max_length=100)
    preserved = models.BooleanField()
    note = models.TextField(default="", blank=True)

    objects = PatternCheckQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint("tenant", "review", Lower("name"), name="projects_patterncheck_name"),)
        indexes = (
            QueryIndex(
                serves="patterns that were lost, newest first",
                fields=["tenant", "-id"],
                condition=models.Q(preserved=False),
                name="projects_patterncheck_lost",
            ),
        )

    def __str__(self) -> str:
        return self.name


class PhaseApproval(TenantRow):
    """The final review's answer to "is this phase complete?", with the criteria as they stood. The newest counts."""

    phase = TenantForeignKey(Phase, db_index=False, related_name="approvals")
    approver_user = TenantForeignKey(User, null=True, blank=True, related_name="phase_approvals")
    approver_agent_id = models.UUIDField(null=True, blank=True)
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    criteria = models.JSONField(default=dict, blank=True)
    knowledge_updates = models.TextField(default="", blank=True)
    transition_document = models.TextField(default="", blank=True)
    decided_at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    objects = PhaseApprovalQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("verdict", Verdict, name="projects_phaseapproval_verdict"),
            exactly_one("approver_user", "approver_agent_id", name="projects_phaseapproval_approver"),
        )
        indexes = (
            QueryIndex(
                serves="the final reviews of a phase, newest first",
                fields=["tenant", "phase", "-id"],
                name="projects_phaseapproval_phase",
            ),
            QueryIndex(
                serves="the phases one agent judged, newest first",
                fields=["tenant", "approver_agent_id", "-id"],
                condition=models.Q(approver_agent_id__isnull=False),
                name="projects_phaseapproval_agent",
            ),
        )

    def __str__(self) -> str:
        return f"{self.phase}: {self.get_verdict_display()}"
