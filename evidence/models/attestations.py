"""Checks of evidence by others than its author. Append-only, refutations included."""

from uuid import UUID

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from agents.models import Agent
from common.models import QueryIndex, TenantForeignKey, TenantRow, one_of
from evidence.models.evidence import Evidence
from evidence.models.shared import exactly_one, not_both
from evidence.querysets import AttestationQuerySet, AttestationRevocationQuerySet


class Method(models.TextChoices):
    PLATFORM_RERUN = "platform_rerun", "Run again by the platform"
    REPRODUCED_BUILD = "reproduced_build", "Build reproduced"
    PROOF_CHECKED = "proof_checked", "Proof checked"
    HUMAN_REVIEW = "human_review", "Reviewed by a person"
    SOURCE_LOOKUP = "source_lookup", "Source looked up"
    STATIC_CHECK = "static_check", "Static check"
    SIGNATURE_VALID = "signature_valid", "Signature valid"
    SCHEMA_CHECK = "schema_check", "Schema check"
    LLM_REVIEW = "llm_review", "Reviewed by a model"
    HUMAN_OVERRIDE = "human_override", "Overridden by a person"


# What only a person, or only a person or an agent, can do. The rest the platform does as well, as nobody's.
BY_PERSON = (Method.HUMAN_REVIEW, Method.HUMAN_OVERRIDE)
BY_SOMEBODY = (*BY_PERSON, Method.LLM_REVIEW, Method.SOURCE_LOOKUP)


class Verdict(models.TextChoices):
    CONFIRM = "confirm", "Confirms"
    REFUTE = "refute", "Refutes"
    INCONCLUSIVE = "inconclusive", "Inconclusive"


class Attestation(TenantRow):
    """A signed statement that evidence holds or does not: a DSSE envelope around an in-toto Statement.

    The columns repeat what the signed payload says, for the formula and for lists; the envelope is what counts.
    Attestations of one `independence_group` (same principal, model family, toolchain or upstream) count for little more
    than one.
    """

    evidence = TenantForeignKey(Evidence, related_name="attestations", db_index=False)
    method = models.CharField(max_length=20, choices=Method.choices)
    verdict = models.CharField(max_length=15, choices=Verdict.choices)
    user = TenantForeignKey(User, null=True, related_name="attestations")
    agent = TenantForeignKey(Agent, null=True, related_name="attestations")

    envelope = models.JSONField()
    envelope_sha256 = models.CharField(max_length=64)
    key_fingerprint = models.CharField(max_length=100)
    predicate_type = models.CharField(max_length=200)

    independence_group = models.CharField(max_length=200)
    principal = models.CharField(max_length=200, default="", blank=True)
    organisation = models.CharField(max_length=200, default="", blank=True)
    model_family = models.CharField(max_length=100, default="", blank=True)
    toolchain = models.CharField(max_length=200, default="", blank=True)
    upstream_digest = models.CharField(max_length=200, default="", blank=True)

    started_on = models.DateTimeField(null=True)
    finished_on = models.DateTimeField()
    note = models.TextField(default="", blank=True)

    objects = AttestationQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("method", Method, name="evidence_attestation_method"),
            one_of("verdict", Verdict, name="evidence_attestation_verdict"),
            not_both("user", "agent", name="evidence_attestation_attester"),
            models.CheckConstraint(
                condition=~Q(method__in=[str(method) for method in BY_SOMEBODY])
                | Q(user__isnull=False)
                | Q(agent__isnull=False),
                name="evidence_attestation_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(method__in=[str(method) for method in BY_PERSON]) | Q(user__isnull=False),
                name="evidence_attestation_by_person",
            ),
            models.CheckConstraint(
                condition=Q(started_on__isnull=True) | Q(started_on__lte=F("finished_on")),
                name="evidence_attestation_times",
            ),
            models.CheckConstraint(
                condition=Q(envelope_sha256__regex="^[0-9a-f]{64}$"), name="evidence_attestation_sha256"
            ),
            models.UniqueConstraint(
                fields=["tenant", "evidence", "envelope_sha256"], name="evidence_attestation_envelope"
            ),
        )
        indexes = (
            QueryIndex(
                serves="what one key signed (its record, and what falls with it when it is compromised)",
                fields=["tenant", "key_fingerprint", "-id"],
                name="evidence_attestation_key",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_method_display()}: {self.get_verdict_display()}"

    @property
    def owner_id(self) -> UUID | None:
        """The person behind it: the attester, or the owner of the agent that attested; nobody for the platform."""
        return self.agent.owner_id if self.agent else self.user_id


class AttestationRevocation(TenantRow):
    """An attestation taken back. It counts for nothing from then on, and stays to be seen."""

    attestation = TenantForeignKey(Attestation, related_name="revocations", db_index=False)
    user = TenantForeignKey(User, null=True, related_name="+")
    agent = TenantForeignKey(Agent, null=True, related_name="+")
    reason = models.TextField()

    objects = AttestationRevocationQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            exactly_one("user", "agent", name="evidence_attestationrevocation_actor"),
            models.UniqueConstraint(fields=["tenant", "attestation"], name="evidence_attestationrevocation_once"),
        )

    def __str__(self) -> str:
        return self.reason
