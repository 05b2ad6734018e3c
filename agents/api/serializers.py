"""What the API shows of agents, and what it takes."""

from base64 import b64decode, b64encode
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.models import (
    Agent,
    AgentKey,
    AgentState,
    AgentStatusHistory,
    AgentType,
    ModelProvider,
    QuotaPool,
    Runtime,
    validate_capabilities,
)
from agents.models.key import ED25519_BYTES
from agents.queries import state_of
from common.api.serializers import JSONObjectField, StrictSerializer, VisibleField

MAX_DAYS = 90
MAX_TOKENS = 10_000_000


def labels(**options: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(max_length=100), max_length=100, **options)


class AgentSerializer(serializers.ModelSerializer[Agent]):
    """An agent, what it is doing and how it has done so far."""

    capabilities = JSONObjectField(read_only=True)
    configuration = JSONObjectField(read_only=True)
    metadata = JSONObjectField(read_only=True)
    status = serializers.SerializerMethodField()

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
            "created_by",
            "version",
            "tags",
            "metadata",
            "model_provider",
            "model_name",
            "model_version",
            "max_tokens",
            "temperature",
            "top_p",
            "capabilities",
            "configuration",
            "required_tools",
            "max_concurrent",
            "quota_pool",
            "is_active",
            "is_experimental",
            "deprecated_at",
            "status",
            "last_seen_at",
            "total_executions",
            "successful_executions",
            "success_rate",
            "avg_execution_time_ms",
            "last_used_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=AgentState.choices))
    def get_status(self, agent: Agent) -> str:
        return state_of(agent)


class AgentChange(StrictSerializer):
    """What may be changed."""

    display_name = serializers.CharField(max_length=255, allow_blank=True, required=False)
    description = serializers.CharField(max_length=100_000, allow_blank=True, required=False)
    version = serializers.CharField(max_length=20, required=False)
    tags = labels(required=False)
    metadata = JSONObjectField(required=False)
    model_provider = serializers.ChoiceField(choices=ModelProvider.choices, required=False, allow_null=True)
    model_name = serializers.CharField(max_length=255, allow_blank=True, required=False)
    model_version = serializers.CharField(max_length=100, allow_blank=True, required=False)
    max_tokens = serializers.IntegerField(min_value=1, max_value=MAX_TOKENS, required=False)
    temperature = serializers.DecimalField(
        max_digits=3, decimal_places=2, min_value=Decimal(0), max_value=Decimal(2), required=False
    )
    top_p = serializers.DecimalField(
        max_digits=3, decimal_places=2, min_value=Decimal(0), max_value=Decimal(1), required=False
    )
    capabilities = JSONObjectField(required=False, help_text='For example {"pytest": {"version": "9"}}.')
    configuration = JSONObjectField(required=False)
    required_tools = labels(required=False)
    max_concurrent = serializers.IntegerField(min_value=1, max_value=1000, required=False)
    quota_pool = VisibleField(queryset=QuotaPool.objects.all(), required=False, allow_null=True)
    is_experimental = serializers.BooleanField(required=False)

    def validate_capabilities(self, value: Any) -> Any:
        try:
            validate_capabilities(value)
        except ValidationError as error:
            raise serializers.ValidationError(error.messages) from error
        return value


class AgentInput(AgentChange):
    """A new agent; the caller becomes its owner."""

    name = serializers.CharField(max_length=255)
    agent_type = serializers.ChoiceField(choices=AgentType.choices)
    runtime = serializers.ChoiceField(choices=Runtime.choices, required=False)


class StatusChangeSerializer(serializers.ModelSerializer[AgentStatusHistory]):
    """A change of an agent's status."""

    execution = serializers.UUIDField(source="execution_id", allow_null=True)

    class Meta:
        model = AgentStatusHistory
        fields = ("id", "previous", "status", "reason", "execution", "created_at")
        read_only_fields = fields


class AgentStatusSerializer(serializers.Serializer[Any]):
    """What an agent is doing now; one that was never heard of is offline."""

    status = serializers.ChoiceField(choices=AgentState.choices)
    current_execution = serializers.UUIDField(source="current_execution_id", allow_null=True)
    last_activity_at = serializers.DateTimeField(allow_null=True)
    last_heartbeat_at = serializers.DateTimeField(allow_null=True)
    error_message = serializers.CharField(allow_blank=True)


@extend_schema_field({"type": "string", "format": "byte"})
class BytesField(serializers.Field[Any, Any, Any, Any]):
    """Bytes, as base64."""

    def __init__(self, *, length: int, **options: Any) -> None:
        super().__init__(**options)
        self.length = length

    def to_internal_value(self, data: Any) -> bytes:
        try:
            value = b64decode(data, validate=True) if isinstance(data, str) else b""
        except ValueError:
            value = b""
        if len(value) != self.length:
            raise serializers.ValidationError(f"Give {self.length} bytes in base64.")
        return value

    def to_representation(self, value: Any) -> str:
        return b64encode(bytes(value)).decode()


class KeySerializer(serializers.ModelSerializer[AgentKey]):
    """A public Ed25519 key. One that has ended stays: old signatures are judged by it."""

    public_key = BytesField(length=ED25519_BYTES)

    class Meta:
        model = AgentKey
        fields = (
            "id",
            "agent",
            "public_key",
            "fingerprint",
            "valid_from",
            "valid_until",
            "revoked_at",
            "revoked_reason",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class KeyInput(StrictSerializer):
    """A public key, and the proof that its private half is there."""

    public_key = BytesField(length=ED25519_BYTES)
    proof = BytesField(
        length=64,
        help_text="Signature of `countermark agent key v1\\n<agent id>\\n<sha256 of the key, hex>\\n` by this key.",
    )
    valid_until = serializers.DateTimeField(required=False)
    replaces = serializers.UUIDField(required=False, help_text="The key of this agent that it takes the place of.")
    overlap_seconds = serializers.IntegerField(
        min_value=0, max_value=30 * 86400, default=0, help_text="How long the replaced key still counts."
    )


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
