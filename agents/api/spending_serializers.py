"""Budgets, stops, prices, pools and costs in the API: what it shows, and what it takes."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from agents.models import (
    Agent,
    AgentType,
    Budget,
    BudgetPeriod,
    BudgetScope,
    BudgetUnit,
    CostEntry,
    EmergencyStop,
    ModelProvider,
    Price,
    PriceTable,
    QuotaKind,
    QuotaPool,
    StopScope,
)
from common.api.serializers import StrictSerializer, VisibleField
from projects.models import Project

LARGEST = 2**53 - 1
MOST_PRICES = 500


def amount(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=18, decimal_places=6, **options)


def price(**options: Any) -> serializers.DecimalField:
    return amount(min_value=Decimal(0), **options)


class BudgetSerializer(serializers.ModelSerializer[Budget]):
    """A limit, and how much of it is used: `spent` and `held` are of the running period."""

    task = serializers.UUIDField(source="task_id", allow_null=True)
    spent = amount(source="spent_now")
    remaining = amount()

    class Meta:
        model = Budget
        fields = (
            "id",
            "scope",
            "project",
            "agent",
            "task",
            "parent",
            "unit",
            "period",
            "limit_amount",
            "spent",
            "held",
            "remaining",
            "warn_at",
            "ask_at",
            "stop_at",
            "emergency_stop_enabled",
            "is_active",
            "period_start",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class BudgetChange(StrictSerializer):
    limit_amount = amount(min_value=Decimal("0.000001"), required=False)
    warn_at = serializers.IntegerField(min_value=1, max_value=100, required=False)
    ask_at = serializers.IntegerField(min_value=1, max_value=100, required=False)
    stop_at = serializers.IntegerField(min_value=1, max_value=100, required=False)
    emergency_stop_enabled = serializers.BooleanField(required=False)
    is_active = serializers.BooleanField(required=False)


class BudgetInput(BudgetChange):
    """A new limit."""

    limit_amount = amount(min_value=Decimal("0.000001"))
    scope = serializers.ChoiceField(choices=BudgetScope.choices)
    unit = serializers.ChoiceField(choices=BudgetUnit.choices)
    period = serializers.ChoiceField(choices=BudgetPeriod.choices)
    project = VisibleField(queryset=Project.objects.all(), required=False)
    agent = VisibleField(queryset=Agent.objects.all(), required=False)
    task = serializers.UUIDField(source="task_id", required=False)


class EmergencyStopSerializer(serializers.ModelSerializer[EmergencyStop]):
    """A stop; active until somebody releases it."""

    is_active = serializers.BooleanField()

    class Meta:
        model = EmergencyStop
        fields = (
            "id",
            "scope",
            "project",
            "agent",
            "agent_type",
            "reason",
            "triggered_by",
            "created_by",
            "is_active",
            "released_at",
            "released_by",
            "release_reason",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class EmergencyStopInput(StrictSerializer):
    """What to stop, and why."""

    scope = serializers.ChoiceField(choices=StopScope.choices)
    project = VisibleField(queryset=Project.objects.all(), required=False)
    agent = VisibleField(queryset=Agent.objects.all(), required=False)
    agent_type = serializers.ChoiceField(choices=AgentType.choices, required=False)
    reason = serializers.CharField(max_length=2000)


class PriceSerializer(serializers.ModelSerializer[Price]):
    class Meta:
        model = Price
        fields = ("id", "model", "input_usd", "output_usd", "cache_usd")
        read_only_fields = fields


class PriceTableSerializer(serializers.ModelSerializer[PriceTable]):
    """An edition of a provider's price list, in US dollars per million tokens."""

    prices = PriceSerializer(many=True)

    class Meta:
        model = PriceTable
        fields = ("id", "provider", "version", "effective_from", "source", "sha256", "prices", "created_at")
        read_only_fields = fields


class PriceLine(StrictSerializer):
    model = serializers.CharField(max_length=255)
    input_usd = price()
    output_usd = price()
    cache_usd = price(required=False, allow_null=True)


class PriceTableInput(StrictSerializer):
    provider = serializers.ChoiceField(choices=ModelProvider.choices)
    version = serializers.CharField(max_length=50)
    effective_from = serializers.DateTimeField()
    source = serializers.CharField(max_length=500)  # type: ignore[assignment]  # the name in the API
    prices = PriceLine(many=True)

    def validate_prices(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if not 1 <= len(value) <= MOST_PRICES or len({line["model"] for line in value}) < len(value):
            raise serializers.ValidationError(f"Give 1 to {MOST_PRICES} models, each once.")
        return value


class QuotaPoolSerializer(serializers.ModelSerializer[QuotaPool]):
    """What one subscription lets through. Shut, its agents claim nothing."""

    class Meta:
        model = QuotaPool
        fields = (
            "id",
            "name",
            "provider",
            "limit_kind",
            "limit_amount",
            "closed_until",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class QuotaPoolChange(StrictSerializer):
    name = serializers.CharField(max_length=255, required=False)
    limit_kind = serializers.ChoiceField(choices=QuotaKind.choices, required=False)
    limit_amount = serializers.IntegerField(min_value=1, max_value=LARGEST, required=False)


class QuotaPoolInput(StrictSerializer):
    """A new pool."""

    name = serializers.CharField(max_length=255)
    provider = serializers.ChoiceField(choices=ModelProvider.choices)
    limit_kind = serializers.ChoiceField(choices=QuotaKind.choices)
    limit_amount = serializers.IntegerField(min_value=1, max_value=LARGEST)


class CostSerializer(serializers.ModelSerializer[CostEntry]):
    """What an attempt cost. `amount_usd` is null where it is unknown: never zero."""

    task = serializers.UUIDField(source="task_id")
    execution = serializers.UUIDField(source="execution_id")

    class Meta:
        model = CostEntry
        fields = (
            "id",
            "project",
            "agent",
            "task",
            "execution",
            "kind",
            "amount_usd",
            "price",
            "provider",
            "model",
            "input_tokens",
            "output_tokens",
            "cache_tokens",
            "created_at",
        )
        read_only_fields = fields


class CostSummarySerializer(serializers.Serializer[Any]):
    """The costs of one agent, project or day. Sums are of what is known, null where nothing is."""

    group = serializers.CharField(help_text="The id of the agent or project, or the day in UTC.")
    amount_usd = amount(allow_null=True)
    priced_usd = amount(allow_null=True)
    estimated_usd = amount(allow_null=True)
    entries = serializers.IntegerField()
    unknown_entries = serializers.IntegerField()
    input_tokens = serializers.IntegerField(allow_null=True)
    output_tokens = serializers.IntegerField(allow_null=True)
