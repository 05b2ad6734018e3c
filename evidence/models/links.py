"""How pieces of evidence stand to each other."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from agents.models import Agent
from common.models import QueryIndex, TenantForeignKey, one_of
from evidence.models.evidence import Evidence
from evidence.models.shared import STANDING, Retractable, between, exactly_one, fraction, together
from evidence.querysets import EvidenceLinkQuerySet


class LinkKind(models.TextChoices):
    SUPPORTS = "supports", "Supports"
    CONTRADICTS = "contradicts", "Contradicts"
    CORROBORATES = "corroborates", "Corroborates"
    RELATED = "related", "Related"
    DERIVED_FROM = "derived_from", "Derived from"
    SUPERSEDES = "supersedes", "Supersedes"


class EvidenceLink(Retractable):
    """One edge. Only `supports` may point either way.

    Lineage (`derived_from`, `supersedes`) points from newer to older, so that it has no cycle by construction; what
    holds both ways (`contradicts`, `corroborates`, `related`) is stored once, in the same order.
    """

    from_evidence = TenantForeignKey(Evidence, related_name="links")
    to_evidence = TenantForeignKey(Evidence, related_name="linked_from", db_index=False)
    kind = models.CharField(max_length=20, choices=LinkKind.choices)
    strength = fraction(default=Decimal(1), help_text="λ of the credibility formula, from 0 to 1.")
    reason = models.TextField(default="", blank=True)
    user = TenantForeignKey(User, null=True, related_name="+")
    agent = TenantForeignKey(Agent, null=True, related_name="+")

    objects = EvidenceLinkQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("kind", LinkKind, name="evidence_evidencelink_kind"),
            between("strength", name="evidence_evidencelink_strength"),
            exactly_one("user", "agent", name="evidence_evidencelink_actor"),
            together("retracted_at", "retracted_by", name="evidence_evidencelink_retracted"),
            models.CheckConstraint(
                condition=~Q(from_evidence=F("to_evidence")), name="evidence_evidencelink_not_itself"
            ),
            models.CheckConstraint(
                condition=Q(kind=LinkKind.SUPPORTS.value) | Q(from_evidence__gt=F("to_evidence")),
                name="evidence_evidencelink_newer_to_older",
            ),
            models.UniqueConstraint(
                fields=["tenant", "from_evidence", "to_evidence", "kind"],
                condition=STANDING,
                name="evidence_evidencelink_once",
            ),
        )
        indexes = (
            QueryIndex(
                serves="what points at one piece of evidence (its page, recomputing its credibility)",
                fields=["tenant", "to_evidence", "kind"],
                name="evidence_link_to",
            ),
        )

    def __str__(self) -> str:
        return str(self.get_kind_display())
