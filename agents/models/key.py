"""The keys with which agents sign."""

from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import Exact
from django.utils import timezone

from agents.models.agent import Agent
from agents.models.checks import OctetLength, Sha256Hex, together
from agents.querysets import AgentKeyQuerySet
from common.models import QueryIndex, TenantForeignKey, TenantModel

ED25519_BYTES = 32


class AgentKey(TenantModel):
    """A public Ed25519 key of an agent. It stays after its end: old signatures are judged by it."""

    agent = TenantForeignKey(Agent, related_name="keys", db_index=False)
    public_key = models.BinaryField(max_length=ED25519_BYTES)
    fingerprint = models.CharField(max_length=64, editable=False, help_text="SHA-256 of the public key, in hex.")
    valid_from = models.DateTimeField(default=timezone.now)
    valid_until = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_reason = models.TextField(default="", blank=True, editable=False)

    objects = AgentKeyQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=Exact(OctetLength("public_key"), ED25519_BYTES), name="agents_agentkey_length"
            ),
            models.CheckConstraint(
                condition=Exact(F("fingerprint"), Sha256Hex("public_key")), name="agents_agentkey_fingerprint"
            ),
            models.UniqueConstraint(fields=["tenant", "fingerprint"], name="agents_agentkey_once"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="agents_agentkey_validity",
            ),
            together(Q(revoked_at__isnull=False), ~Q(revoked_reason=""), name="agents_agentkey_revoked_says_why"),
        )
        indexes = (
            QueryIndex(
                serves="one agent's keys, newest first", fields=["tenant", "agent", "-id"], name="agents_agentkey_agent"
            ),
        )

    def __str__(self) -> str:
        return self.fingerprint[:16]
