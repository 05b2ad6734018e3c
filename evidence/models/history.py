"""How credibility came to be what it is."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from agents.models import Agent
from common.models import QueryIndex, TenantForeignKey, TenantRow, one_of
from evidence.models.evidence import Evidence
from evidence.models.policies import CredibilityPolicy
from evidence.models.shared import between, fraction, not_both, together
from evidence.querysets import CredibilityChangeQuerySet


class ReasonCode(models.TextChoices):
    CREATED = "created", "Created"
    ATTESTED = "attested", "Attested"
    ATTESTATION_REVOKED = "attestation_revoked", "Attestation revoked"
    LINKED = "linked", "Linked"
    LINK_RETRACTED = "link_retracted", "Link retracted"
    DECAYED = "decayed", "Decayed"
    ATTESTER_RECORD_CHANGED = "attester_record_changed", "Attester's record changed"
    POLICY_CHANGED = "policy_changed", "Policy changed"
    INTEGRITY_FAILED = "integrity_failed", "Integrity failed"
    HUMAN_OVERRIDE = "human_override", "Overridden by a person"


class CredibilityChange(TenantRow):
    """One change of credibility, with everything needed to compute it again.

    `confirming` p, `refuting` n and `base_rate` a are the formula's; `inputs` lists what was counted and with which
    weight. Nobody as actor means the platform (decay, a new policy). `event_id` names the entry in the log.
    """

    evidence = TenantForeignKey(Evidence, related_name="credibility_changes", db_index=False)
    previous_credibility = fraction(null=True)
    previous_uncertainty = fraction(null=True)
    new_credibility = fraction()
    new_uncertainty = fraction()
    confirming = models.DecimalField(max_digits=12, decimal_places=4)
    refuting = models.DecimalField(max_digits=12, decimal_places=4)
    base_rate = fraction()
    as_of = models.DateTimeField()
    policy = TenantForeignKey(CredibilityPolicy, related_name="changes")
    inputs = models.JSONField(default=list)
    reason_code = models.CharField(max_length=30, choices=ReasonCode.choices)
    reason = models.TextField(default="", blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    user = TenantForeignKey(User, null=True, related_name="+")
    agent = TenantForeignKey(Agent, null=True, related_name="+")
    event_id = models.UUIDField(null=True, editable=False)

    objects = CredibilityChangeQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("reason_code", ReasonCode, name="evidence_credibilitychange_reason_code"),
            between("previous_credibility", "new_credibility", name="evidence_credibilitychange_credibility"),
            between("previous_uncertainty", "new_uncertainty", name="evidence_credibilitychange_uncertainty"),
            between("base_rate", name="evidence_credibilitychange_base_rate"),
            models.CheckConstraint(
                condition=Q(confirming__gte=0) & Q(refuting__gte=0), name="evidence_credibilitychange_amounts"
            ),
            together("previous_credibility", "previous_uncertainty", name="evidence_credibilitychange_previous"),
            not_both("user", "agent", name="evidence_credibilitychange_actor"),
            # what a person decides against the formula has that person's name and reason
            models.CheckConstraint(
                condition=~Q(reason_code=ReasonCode.HUMAN_OVERRIDE.value) | (Q(user__isnull=False) & ~Q(reason="")),
                name="evidence_credibilitychange_override",
            ),
        )
        indexes = (
            QueryIndex(
                serves="the credibility history of one piece of evidence",
                fields=["tenant", "evidence", "-id"],
                name="evidence_change_evidence",
            ),
            QueryIndex(
                serves="the changes of credibility in a span of time",
                fields=["tenant", "created_at"],
                name="evidence_change_created",
            ),
        )

    def __str__(self) -> str:
        return f"{self.previous_credibility} → {self.new_credibility}"
