"""What was decided, by whom, and on what it stood at the time."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from agents.models import Agent
from common.models import QueryIndex, TenantForeignKey, TenantModel, TenantRow, one_of
from evidence.models.claims import Claim, Role
from evidence.models.evidence import Evidence
from evidence.models.shared import between, exactly_one, fraction, older
from evidence.querysets import DecisionBasisQuerySet, DecisionQuerySet
from projects.models import Project


class Authority(models.TextChoices):
    HUMAN = "human", "A person"
    AGENT = "agent", "An agent"
    POLICY = "policy", "A policy"


class DecisionStatus(models.TextChoices):
    STANDING = "standing", "Standing"
    SUPERSEDED = "superseded", "Superseded"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Combination(models.TextChoices):
    """How the load-bearing items of a basis carry: the weakest of all, or the strongest of any."""

    ALL = "all", "All of them"
    ANY = "any", "Any of them"


class Decision(TenantModel):
    """A question, its options and the outcome. It is never rewritten: when its support falls later, it is marked."""

    project = TenantForeignKey(Project, related_name="decisions", db_index=False)
    question = models.TextField()
    options = models.JSONField(default=list)
    outcome = models.TextField()
    rationale = models.TextField(default="", blank=True)
    authority = models.CharField(max_length=10, choices=Authority.choices)
    user = TenantForeignKey(User, null=True, related_name="+")
    agent = TenantForeignKey(Agent, null=True, related_name="+")
    policy_sha256 = models.CharField(max_length=64, default="", blank=True)
    combination = models.CharField(max_length=10, choices=Combination.choices, default=Combination.ALL)
    threshold = fraction(null=True, blank=True, help_text="The least credibility it had to stand on, if any.")
    made_at = models.DateTimeField()
    status = models.CharField(
        max_length=15, choices=DecisionStatus.choices, default=DecisionStatus.STANDING, editable=False
    )
    support_degraded_at = models.DateTimeField(null=True, editable=False)
    supersedes = TenantForeignKey("self", null=True, related_name="superseded_by")

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("authority", Authority, name="evidence_decision_authority"),
            one_of("combination", Combination, name="evidence_decision_combination"),
            one_of("status", DecisionStatus, name="evidence_decision_status"),
            between("threshold", name="evidence_decision_threshold"),
            models.CheckConstraint(
                condition=Q(authority=Authority.HUMAN.value, user__isnull=False, agent__isnull=True)
                | Q(authority=Authority.AGENT.value, user__isnull=True, agent__isnull=False)
                | (Q(authority=Authority.POLICY.value, user__isnull=True, agent__isnull=True) & ~Q(policy_sha256="")),
                name="evidence_decision_actor",
            ),
            models.CheckConstraint(condition=older("supersedes"), name="evidence_decision_supersedes_older"),
        )
        indexes = (
            QueryIndex(
                serves="the decisions of one project, newest first",
                fields=["tenant", "project", "-id"],
                name="evidence_decision_project",
            ),
        )

    def __str__(self) -> str:
        return self.question


class DecisionBasis(TenantRow):
    """One claim or one piece of evidence a decision rests on, with its credibility at that moment.

    `leaf_index` is the position of the tenant's log at which it was looked at.
    """

    decision = TenantForeignKey(Decision, related_name="basis", db_index=False)
    claim = TenantForeignKey(Claim, null=True, related_name="decisions")
    evidence = TenantForeignKey(Evidence, null=True, related_name="decisions")
    role = models.CharField(max_length=10, choices=Role.choices)
    load_bearing = models.BooleanField(default=True)
    credibility = fraction()
    uncertainty = fraction()
    leaf_index = models.PositiveBigIntegerField(null=True)

    objects = DecisionBasisQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "decision basis"
        constraints = (
            one_of("role", Role, name="evidence_decisionbasis_role"),
            exactly_one("claim", "evidence", name="evidence_decisionbasis_item"),
            between("credibility", name="evidence_decisionbasis_credibility"),
            between("uncertainty", name="evidence_decisionbasis_uncertainty"),
            models.UniqueConstraint(
                fields=["tenant", "decision", "claim"],
                condition=Q(claim__isnull=False),
                name="evidence_decisionbasis_claim_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "decision", "evidence"],
                condition=Q(evidence__isnull=False),
                name="evidence_decisionbasis_evidence_once",
            ),
        )
        indexes = (
            QueryIndex(
                serves="everything one decision rests on, in the order it was named",
                fields=["tenant", "decision", "id"],
                name="evidence_basis_decision",
            ),
        )

    def __str__(self) -> str:
        return str(self.get_role_display())
