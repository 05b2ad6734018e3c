"""What is held to be so, and the evidence for and against it."""

from decimal import Decimal

from django.db import models

from accounts.models import User
from agents.models import Agent
from common.models import QueryIndex, TenantForeignKey, TenantModel, one_of
from evidence.models.evidence import Evidence
from evidence.models.shared import STANDING, Retractable, between, exactly_one, fraction, together
from evidence.querysets import ClaimEvidenceQuerySet, ClaimQuerySet
from projects.models import Project


class ClaimStatus(models.TextChoices):
    OPEN = "open", "Open"
    SUPPORTED = "supported", "Supported"
    DISPUTED = "disputed", "Disputed"
    REFUTED = "refuted", "Refuted"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Role(models.TextChoices):
    """What a piece of evidence is to a claim, or a claim to a decision."""

    SUPPORTS = "supports", "Supports"
    OPPOSES = "opposes", "Opposes"
    CONTEXT = "context", "Context"


class Claim(TenantModel):
    """A statement: of `subject`, `predicate` is `value`, within `scope`. What it says never changes."""

    project = TenantForeignKey(Project, related_name="claims", db_index=False)
    subject = models.CharField(max_length=500)
    predicate = models.CharField(max_length=200)
    value = models.JSONField()
    scope = models.CharField(max_length=500, default="", blank=True)
    status = models.CharField(max_length=20, choices=ClaimStatus.choices, default=ClaimStatus.OPEN)
    user = TenantForeignKey(User, null=True, related_name="+")
    agent = TenantForeignKey(Agent, null=True, related_name="+")

    objects = ClaimQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("status", ClaimStatus, name="evidence_claim_status"),
            exactly_one("user", "agent", name="evidence_claim_actor"),
        )
        indexes = (
            QueryIndex(
                serves="the claims of one project, by status or all",
                fields=["tenant", "project", "status", "-id"],
                name="evidence_claim_project",
            ),
            QueryIndex(
                serves="what is claimed of one subject",
                fields=["tenant", "subject", "predicate"],
                name="evidence_claim_subject",
            ),
        )

    def __str__(self) -> str:
        return f"{self.subject} {self.predicate}"


class ClaimEvidence(Retractable):
    """What one piece of evidence says about one claim, and how directly."""

    claim = TenantForeignKey(Claim, related_name="evidence")
    evidence = TenantForeignKey(Evidence, related_name="claims", db_index=False)
    role = models.CharField(max_length=10, choices=Role.choices)
    strength = fraction(default=Decimal(1), help_text="λ, how direct it is, from 0 to 1.")
    reason = models.TextField(default="", blank=True)
    user = TenantForeignKey(User, null=True, related_name="+")
    agent = TenantForeignKey(Agent, null=True, related_name="+")

    objects = ClaimEvidenceQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "claim evidence"
        constraints = (
            one_of("role", Role, name="evidence_claimevidence_role"),
            between("strength", name="evidence_claimevidence_strength"),
            exactly_one("user", "agent", name="evidence_claimevidence_actor"),
            together("retracted_at", "retracted_by", name="evidence_claimevidence_retracted"),
            models.UniqueConstraint(
                fields=["tenant", "claim", "evidence"], condition=STANDING, name="evidence_claimevidence_once"
            ),
        )
        indexes = (
            QueryIndex(
                serves="the claims one piece of evidence bears on",
                fields=["tenant", "evidence"],
                name="evidence_claimevidence_by",
            ),
        )

    def __str__(self) -> str:
        return str(self.get_role_display())
