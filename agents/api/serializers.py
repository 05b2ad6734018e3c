"""What the API shows of agents, and what it takes."""

from typing import Any

from rest_framework import serializers

from agents.models import Agent, AgentType, Runtime
from common.api.serializers import JSONObjectField, StrictSerializer

MAX_DAYS = 90


class AgentSerializer(serializers.ModelSerializer[Agent]):
    """An agent."""

    capabilities = JSONObjectField(read_only=True)

    class Meta:
        model = Agent
        fields = (
            "id",
            "name",
            "display_name",
            "description",
            "agent_type",
            "runtime",
            "owner",
            "capabilities",
            "is_active",
            "last_seen_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class AgentChange(StrictSerializer):
    """What may be changed."""

    display_name = serializers.CharField(max_length=255, allow_blank=True, required=False)
    description = serializers.CharField(max_length=100_000, allow_blank=True, required=False)
    capabilities = JSONObjectField(required=False, help_text='For example {"pytest": {"version": "9"}}.')


class AgentInput(AgentChange):
    """A new agent; the caller becomes its owner."""

    name = serializers.CharField(max_length=255)
    agent_type = serializers.ChoiceField(choices=AgentType.choices)
    runtime = serializers.ChoiceField(choices=Runtime.choices, required=False)


class AgentTokenInput(StrictSerializer):
    days = serializers.IntegerField(min_value=1, max_value=MAX_DAYS, default=30)


class AgentTokenSerializer(serializers.Serializer[Any]):
    """A new token of an agent. The secret is shown this once; a repeated request shows null."""

    id = serializers.UUIDField()
    agent = serializers.UUIDField(source="agent_id")
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField()
    secret = serializers.CharField(allow_null=True, default=None)
