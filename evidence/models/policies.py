"""The numbers credibility is computed with."""

from django.db import models

from accounts.models import User
from common.models import QueryIndex, TenantForeignKey, TenantRow
from evidence.querysets import CredibilityPolicyQuerySet


class CredibilityPolicy(TenantRow):
    """One version of base rates, weights, half-lives and discounts. A score names the version it was computed with."""

    version = models.PositiveIntegerField()
    document = models.JSONField()
    sha256 = models.CharField(max_length=64)
    effective_from = models.DateTimeField()
    note = models.TextField(default="", blank=True)
    user = TenantForeignKey(User, null=True, related_name="+")

    objects = CredibilityPolicyQuerySet.as_manager()

    class Meta:
        ordering = ("-version",)
        verbose_name_plural = "credibility policies"
        constraints = (
            models.UniqueConstraint(fields=["tenant", "version"], name="evidence_credibilitypolicy_version"),
            models.CheckConstraint(
                condition=models.Q(sha256__regex="^[0-9a-f]{64}$"), name="evidence_credibilitypolicy_sha256"
            ),
        )
        indexes = (
            QueryIndex(
                serves="the policy in force at a moment",
                fields=["tenant", "-effective_from"],
                name="evidence_policy_effective",
            ),
        )

    def __str__(self) -> str:
        return f"version {self.version}"
