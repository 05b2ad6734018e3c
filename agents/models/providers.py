"""Providers of models: what they charge and how much they let through."""

from django.db import models
from django.db.models.functions import Lower

from agents.models.checks import at_least, more_than
from agents.querysets import PriceQuerySet, PriceTableQuerySet, QuotaPoolQuerySet
from common.models import QueryIndex, TenantForeignKey, TenantModel, TenantRow, one_of


class ModelProvider(models.TextChoices):
    ANTHROPIC = "anthropic", "Anthropic"
    OPENAI = "openai", "OpenAI"
    GOOGLE = "google", "Google"
    IBM = "ibm", "IBM"
    QWEN = "qwen", "Qwen"
    LOCAL = "local", "Local"


class PriceTable(TenantRow):
    """One edition of a provider's price list. It never changes: a new price is a new version."""

    provider = models.CharField(max_length=20, choices=ModelProvider.choices)
    version = models.CharField(max_length=50)
    effective_from = models.DateTimeField()
    source = models.CharField(max_length=500, help_text="Where the prices were read.")
    sha256 = models.CharField(max_length=64, help_text="Digest of the list as it was read.")

    objects = PriceTableQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("provider", ModelProvider, name="agents_pricetable_provider"),
            models.CheckConstraint(condition=models.Q(sha256__regex="^[0-9a-f]{64}$"), name="agents_pricetable_sha256"),
            models.UniqueConstraint(fields=["tenant", "provider", "version"], name="agents_pricetable_version"),
        )
        indexes = (
            QueryIndex(
                serves="the price list in force at a time",
                fields=["tenant", "provider", "-effective_from"],
                name="agents_pricetable_in_force",
            ),
        )

    def __str__(self) -> str:
        return f"{self.provider} {self.version}"


class Price(TenantRow):
    """What one model costs, in US dollars per million tokens."""

    table = TenantForeignKey(PriceTable, related_name="prices", db_index=False)
    model = models.CharField(max_length=255)
    input_usd = models.DecimalField(max_digits=18, decimal_places=6)
    output_usd = models.DecimalField(max_digits=18, decimal_places=6)
    # NULL: the list has no price of its own for cached input, which then costs what input costs
    cache_usd = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)

    objects = PriceQuerySet.as_manager()

    class Meta:
        ordering = ("model",)
        constraints = (
            models.UniqueConstraint(fields=["tenant", "table", "model"], name="agents_price_model"),
            at_least("input_usd", 0, name="agents_price_input"),
            at_least("output_usd", 0, name="agents_price_output"),
            at_least("cache_usd", 0, name="agents_price_cache"),
        )

    def __str__(self) -> str:
        return self.model


class QuotaKind(models.TextChoices):
    REQUESTS_PER_MINUTE = "requests_per_minute", "Requests per minute"
    TOKENS_PER_MINUTE = "tokens_per_minute", "Tokens per minute"
    TOKENS_PER_DAY = "tokens_per_day", "Tokens per day"


class QuotaPool(TenantModel):
    """What one subscription lets through; its agents share it."""

    name = models.CharField(max_length=255)
    provider = models.CharField(max_length=20, choices=ModelProvider.choices)
    limit_kind = models.CharField(max_length=20, choices=QuotaKind.choices)
    limit_amount = models.PositiveBigIntegerField()
    closed_until = models.DateTimeField(
        null=True, editable=False, help_text="The provider refused; the pool is shut till then."
    )

    objects = QuotaPoolQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = (
            one_of("provider", ModelProvider, name="agents_quotapool_provider"),
            one_of("limit_kind", QuotaKind, name="agents_quotapool_limit_kind"),
            more_than("limit_amount", 0, name="agents_quotapool_limit"),
            models.UniqueConstraint("tenant", Lower("name"), name="agents_quotapool_name"),
        )
        indexes = (
            QueryIndex(
                serves="the quota pools of one provider",
                fields=["tenant", "provider", "-id"],
                name="agents_quotapool_provider_idx",
            ),
        )

    def __str__(self) -> str:
        return self.name
