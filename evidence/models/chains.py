"""Evidence put in order for a reader."""

from decimal import Decimal

from django.db import models

from common.models import QueryIndex, TenantForeignKey, TenantModel, one_of
from evidence.models.decisions import Decision
from evidence.models.evidence import Evidence
from evidence.models.shared import between, fraction
from evidence.querysets import EvidenceChainItemQuerySet, EvidenceChainQuerySet
from projects.models import Project


class ChainRole(models.TextChoices):
    PRIMARY = "primary", "Primary"
    SUPPORTING = "supporting", "Supporting"
    CONTRADICTING = "contradicting", "Contradicting"


class EvidenceChain(TenantModel):
    """A line of evidence that leads to a decision. Its confidence is computed from its members."""

    project = TenantForeignKey(Project, related_name="evidence_chains", db_index=False)
    primary_evidence = TenantForeignKey(Evidence, related_name="chains", db_index=False)
    decision = TenantForeignKey(Decision, null=True, blank=True, related_name="chains")
    description = models.TextField(default="", blank=True)
    confidence = fraction(default=Decimal(0), editable=False)

    objects = EvidenceChainQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (between("confidence", name="evidence_evidencechain_confidence"),)
        indexes = (
            QueryIndex(
                serves="the chains of one project, newest first",
                fields=["tenant", "project", "-id"],
                name="evidence_chain_project",
            ),
            QueryIndex(
                serves="the chains that start from one piece of evidence",
                fields=["tenant", "primary_evidence", "-id"],
                name="evidence_chain_primary",
            ),
            QueryIndex(
                serves="the chains made in a span of time",
                fields=["tenant", "created_at"],
                name="evidence_chain_created",
            ),
        )

    def __str__(self) -> str:
        return self.description or str(self.id)


class EvidenceChainItem(TenantModel):
    """One member of a chain at its place."""

    chain = TenantForeignKey(EvidenceChain, models.CASCADE, related_name="items", db_index=False)
    evidence = TenantForeignKey(Evidence, related_name="chain_items", db_index=False)
    ordinal = models.PositiveIntegerField()
    role = models.CharField(max_length=20, choices=ChainRole.choices, default=ChainRole.SUPPORTING)

    objects = EvidenceChainItemQuerySet.as_manager()

    class Meta:
        ordering = ("ordinal", "id")
        constraints = (
            one_of("role", ChainRole, name="evidence_evidencechainitem_role"),
            # the other way round than a chain is read, so that it also finds the chains of one piece of evidence
            models.UniqueConstraint(fields=["tenant", "evidence", "chain"], name="evidence_evidencechainitem_once"),
            # deferred: items change places within one transaction
            models.UniqueConstraint(
                fields=["tenant", "chain", "ordinal"],
                deferrable=models.Deferrable.DEFERRED,
                name="evidence_evidencechainitem_ordinal",
            ),
            models.UniqueConstraint(
                fields=["tenant", "chain"],
                condition=models.Q(role=ChainRole.PRIMARY.value),
                name="evidence_evidencechainitem_one_primary",
            ),
        )

    def __str__(self) -> str:
        return f"{self.ordinal}. {self.get_role_display()}"
