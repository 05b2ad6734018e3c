"""What shows that something is so."""

from decimal import Decimal
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Q, Value, When

from accounts.models import User
from agents.models import Agent
from common.models import GinQueryIndex, QueryIndex, TenantForeignKey, TenantModel, one_of
from evidence.models.kinds import Grade, SourceType
from evidence.models.policies import CredibilityPolicy
from evidence.models.shared import between, fraction, together
from evidence.querysets import EvidenceQuerySet
from projects.models import Project


class EvidenceStatus(models.TextChoices):
    CURRENT = "current", "Current"
    SUPERSEDED = "superseded", "Superseded"
    EXPIRED = "expired", "Expired"
    INTEGRITY_FAILED = "integrity_failed", "Integrity failed"


class Confidence(models.TextChoices):
    """Credibility in a word, highest first."""

    VERY_HIGH = "very_high", "Very high"
    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"
    VERY_LOW = "very_low", "Very low"


# From which credibility on a word holds; below the last it is very low.
CONFIDENCE_FROM = {
    Confidence.VERY_HIGH: Decimal("0.9"),
    Confidence.HIGH: Decimal("0.75"),
    Confidence.MEDIUM: Decimal("0.5"),
    Confidence.LOW: Decimal("0.25"),
}


class Evidence(TenantModel):
    """One piece of evidence. Its content never changes; a person may verify or reject it later.

    `credibility` C and `uncertainty` u are the binomial opinion of reference/evidence_audit.md §4.2: with no
    attestation yet, C is the base rate of its source type and u is 1. `policy` and `as_of` say with which numbers and
    for which moment they were computed, `confidence` is C in a word.
    """

    project = TenantForeignKey(Project, related_name="evidence", db_index=False)
    task_id = models.UUIDField(null=True, editable=False)
    execution_id = models.UUIDField(null=True, editable=False)
    agent = TenantForeignKey(Agent, null=True, related_name="evidence")
    author = TenantForeignKey(User, null=True, related_name="evidence")

    source_type = models.CharField(max_length=30, choices=SourceType.choices)
    source_name = models.CharField(max_length=255, default="", blank=True)
    source_url = models.CharField(max_length=1000, default="", blank=True)
    grade = models.CharField(max_length=20, choices=Grade.choices)
    title = models.CharField(max_length=500)
    description = models.TextField(default="", blank=True)
    data = models.JSONField(default=dict)
    content = models.TextField(null=True)  # noqa: DJ001  # NULL means "not handed in", only its digest was
    content_sha256 = models.CharField(max_length=64)
    content_size = models.PositiveIntegerField(null=True)
    media_type = models.CharField(max_length=255, default="", blank=True)
    subject_uri = models.CharField(max_length=1000, default="", blank=True)
    subject_digest = models.CharField(max_length=200, default="", blank=True)
    # The thing spoken of may change under the evidence (a web page, a running system): its credibility decays.
    mutable = models.BooleanField(default=False)
    collected_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    tags = ArrayField(models.CharField(max_length=100), default=list, blank=True)

    status = models.CharField(
        max_length=20, choices=EvidenceStatus.choices, default=EvidenceStatus.CURRENT, editable=False
    )
    credibility = fraction()
    uncertainty = fraction(default=Decimal(1))
    confidence = models.GeneratedField(
        expression=Case(
            *(When(credibility__gte=least, then=Value(word.value)) for word, least in CONFIDENCE_FROM.items()),
            default=Value(Confidence.VERY_LOW.value),
        ),
        output_field=models.CharField(max_length=10),
        choices=Confidence.choices,
        db_persist=True,
    )
    disputed = models.BooleanField(default=False, editable=False)
    credibility_factors = models.JSONField(default=dict, editable=False)
    historical_accuracy = models.DecimalField(max_digits=5, decimal_places=2, null=True, editable=False)
    policy = TenantForeignKey(CredibilityPolicy, null=True, editable=False, related_name="+")
    as_of = models.DateTimeField(null=True, editable=False)

    verified_at = models.DateTimeField(null=True, editable=False)
    verified_by = TenantForeignKey(User, null=True, editable=False, related_name="+")
    rejected_at = models.DateTimeField(null=True, editable=False)
    rejected_by = TenantForeignKey(User, null=True, editable=False, related_name="+")
    review_note = models.TextField(default="", editable=False)
    is_verified = models.GeneratedField(
        expression=Case(When(verified_at__isnull=False, then=Value(True)), default=Value(False)),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "evidence"
        constraints = (
            one_of("source_type", SourceType, name="evidence_evidence_source_type"),
            one_of("grade", Grade, name="evidence_evidence_grade"),
            one_of("status", EvidenceStatus, name="evidence_evidence_status"),
            one_of("confidence", Confidence, name="evidence_evidence_confidence"),
            between("credibility", name="evidence_evidence_credibility"),
            between("uncertainty", name="evidence_evidence_uncertainty"),
            between("historical_accuracy", high=100, name="evidence_evidence_historical_accuracy"),
            models.CheckConstraint(
                condition=Q(agent__isnull=False) | Q(author__isnull=False), name="evidence_evidence_has_author"
            ),
            together("verified_at", "verified_by", name="evidence_evidence_verified"),
            together("rejected_at", "rejected_by", name="evidence_evidence_rejected"),
            models.CheckConstraint(
                condition=Q(verified_at__isnull=True) | Q(rejected_at__isnull=True),
                name="evidence_evidence_verified_or_rejected",
            ),
            # separation of duties: nobody verifies their own evidence
            models.CheckConstraint(
                condition=Q(author__isnull=True) | Q(verified_by__isnull=True) | ~Q(author=models.F("verified_by")),
                name="evidence_evidence_other_verifier",
            ),
            # a digest that does not hold leaves nothing to believe
            models.CheckConstraint(
                condition=~Q(status=EvidenceStatus.INTEGRITY_FAILED) | Q(credibility=0),
                name="evidence_evidence_broken_is_nothing",
            ),
        )
        indexes = (
            QueryIndex(
                serves="the evidence of one task, newest first (task page, contract evaluation)",
                fields=["tenant", "task_id", "-id"],
                name="evidence_evidence_task",
            ),
            QueryIndex(
                serves="the evidence list of one project",
                fields=["tenant", "project", "-id"],
                name="evidence_evidence_project",
            ),
            QueryIndex(
                serves="what one run handed in",
                fields=["tenant", "execution_id", "-id"],
                condition=Q(execution_id__isnull=False),
                name="evidence_evidence_execution",
            ),
            QueryIndex(
                serves="the evidence list by source type, and recomputing a type under a new policy",
                fields=["tenant", "source_type", "-id"],
                name="evidence_evidence_source",
            ),
            QueryIndex(
                serves="the evidence list by least credibility, or weakest first",
                fields=["tenant", "credibility", "id"],
                name="evidence_evidence_credible",
            ),
            QueryIndex(
                serves="what is verified, and the reviewers' queue of what is not",
                fields=["tenant", "is_verified", "-id"],
                name="evidence_evidence_is_verified",
            ),
            QueryIndex(
                serves="the evidence registered in a span of time (reports, export)",
                fields=["tenant", "created_at"],
                name="evidence_evidence_created",
            ),
            QueryIndex(
                serves="evidence that counts no more, by why, newest first",
                fields=["tenant", "status", "-id"],
                condition=~Q(status=EvidenceStatus.CURRENT),
                name="evidence_evidence_not_current",
            ),
            QueryIndex(
                serves="evidence that others contradict, newest first",
                fields=["tenant", "-id"],
                condition=Q(disputed=True),
                name="evidence_evidence_disputed",
            ),
            QueryIndex(
                serves="the sweep over all tenants for evidence that has expired",
                fields=["expires_at"],
                condition=Q(expires_at__isnull=False, status=EvidenceStatus.CURRENT),
                name="evidence_evidence_expiry",
            ),
            GinQueryIndex(
                serves="sec.search_evidence_tags: evidence with some or all of these tags",
                fields=["tags"],
                name="evidence_evidence_tags",
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def issuer_id(self) -> UUID | None:
        """The person who answers for it: its author, or the owner of the agent that handed it in."""
        return self.agent.owner_id if self.agent else self.author_id

    @property
    def exit_code(self) -> int | None:
        code = self.data.get("exit_code")
        return code if isinstance(code, int) and not isinstance(code, bool) else None
