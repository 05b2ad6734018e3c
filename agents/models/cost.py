"""What work cost, entry by entry."""

from django.db import models
from django.db.models import Q

from agents.models.agent import Agent
from agents.models.checks import at_least, implies, together
from agents.models.providers import ModelProvider, Price
from agents.querysets import CostEntryQuerySet
from common.models import QueryIndex, TenantForeignKey, TenantRow, one_of
from projects.models import Project


class CostKind(models.TextChoices):
    PRICED = "priced", "Priced"
    ESTIMATED = "estimated", "Estimated"
    UNKNOWN = "unknown", "Unknown"


class CostEntry(TenantRow):
    """What an attempt used. `priced`: tokens times a listed price. `unknown` has no amount: it is never zero.

    Attempts and tasks live above: plain ids here, their migration adds the composite foreign keys.
    """

    project = TenantForeignKey(Project, related_name="costs", db_index=False)
    agent = TenantForeignKey(Agent, related_name="costs", db_index=False)
    task_id = models.UUIDField(editable=False)
    execution_id = models.UUIDField(editable=False)

    kind = models.CharField(max_length=10, choices=CostKind.choices)
    amount_usd = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    price = TenantForeignKey(Price, null=True, related_name="costs")
    provider = models.CharField(max_length=20, choices=ModelProvider.choices, null=True)  # noqa: DJ001  # not told
    model = models.CharField(max_length=255, default="", blank=True)
    input_tokens = models.PositiveBigIntegerField(null=True)
    output_tokens = models.PositiveBigIntegerField(null=True)
    cache_tokens = models.PositiveBigIntegerField(null=True)

    objects = CostEntryQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "cost entries"
        constraints = (
            one_of("kind", CostKind, name="agents_costentry_kind"),
            one_of("provider", ModelProvider, name="agents_costentry_provider"),
            together(
                Q(kind=CostKind.UNKNOWN), Q(amount_usd__isnull=True), name="agents_costentry_unknown_has_no_amount"
            ),
            implies(
                Q(kind=CostKind.PRICED),
                Q(price__isnull=False, input_tokens__isnull=False, output_tokens__isnull=False),
                name="agents_costentry_priced_by_list",
            ),
            at_least("amount_usd", 0, name="agents_costentry_amount"),
        )
        indexes = (
            QueryIndex(
                serves="the costs of one project, newest first",
                fields=["tenant", "project", "-id"],
                name="agents_costentry_project",
            ),
            QueryIndex(
                serves="the costs of one agent, newest first",
                fields=["tenant", "agent", "-id"],
                name="agents_costentry_agent",
            ),
            QueryIndex(
                serves="what one task cost (task page, cost per task done)",
                fields=["tenant", "task_id"],
                name="agents_costentry_task",
            ),
            QueryIndex(
                serves="what one attempt cost", fields=["tenant", "execution_id"], name="agents_costentry_execution"
            ),
            QueryIndex(
                serves="costs by day (metrics page)", fields=["tenant", "created_at"], name="agents_costentry_created"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {'' if self.amount_usd is None else self.amount_usd}".rstrip()
