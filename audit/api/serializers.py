"""How the API shows the log."""

from typing import Any

import orjson
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from audit.events import CATALOGUE
from audit.models import ActivityItem, Delivery, DeliveryEndpoint, Event, SchemaMigration
from common.api.serializers import JSONObjectField, StrictSerializer


class ActorSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(source="source")
    id = serializers.UUIDField(source="actor_id", allow_null=True)
    label = serializers.CharField(source="actor_label")  # type: ignore[assignment]  # the name in the API
    on_behalf_of = serializers.UUIDField(allow_null=True)


class ResourceSerializer(serializers.Serializer[Any]):
    type = serializers.CharField(source="resource_type")
    id = serializers.UUIDField(source="resource_id", allow_null=True)
    label = serializers.CharField(source="resource_label")  # type: ignore[assignment]  # the name in the API


class EventSerializer(serializers.ModelSerializer[Event]):
    """One entry of the log. `pos` is its place in the tenant's order, null until the relay has given it one.

    `aliases` are the names that the specifications have for its type.
    """

    pos = serializers.IntegerField(allow_null=True, read_only=True)
    type = serializers.CharField(source="event_type", read_only=True)
    aliases = serializers.SerializerMethodField()
    actor = ActorSerializer(source="*", read_only=True)
    resource = ResourceSerializer(source="*", read_only=True)
    changes = JSONObjectField(read_only=True, allow_null=True)
    data = serializers.SerializerMethodField()  # type: ignore[assignment]  # the name in the API

    class Meta:
        model = Event
        fields = (
            "id",
            "pos",
            "type",
            "aliases",
            "schema_version",
            "recorded_at",
            "action",
            "outcome",
            "actor",
            "resource",
            "project_id",
            "task_id",
            "reason",
            "changes",
            "error_message",
            "data",
            "service_name",
            "ip_address",
            "user_agent",
            "session_id",
            "request_id",
            "trace_id",
        )
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_data(self, event: Event) -> Any:
        return orjson.loads(event.body)

    def get_aliases(self, event: Event) -> list[str]:
        return list(CATALOGUE[event.event_type].aliases) if event.event_type in CATALOGUE else []


class ExternalEventInput(StrictSerializer):
    """Something that happened outside."""

    name = serializers.CharField(max_length=100, help_text="One of the events that docs/events.md marks as external.")
    subject = serializers.CharField(max_length=200, help_text="What it is about: PR #12, production.")
    summary = serializers.CharField(max_length=2000)
    url = serializers.URLField(max_length=2000, required=False, default="", allow_blank=True)
    project = serializers.UUIDField(required=False, allow_null=True, default=None)


class ActivitySerializer(serializers.ModelSerializer[ActivityItem]):
    """One event as a sentence, with the page to look at."""

    class Meta:
        model = ActivityItem
        fields = (
            "id",
            "event_id",
            "kind",
            "sentence",
            "description",
            "url",
            "project_id",
            "task_id",
            "user_id",
            "agent_id",
            "actor_label",
            "is_public",
            "created_at",
        )
        read_only_fields = fields


class MigrationSerializer(serializers.ModelSerializer[SchemaMigration]):
    """An applied migration. Nobody measures how long one takes."""

    class Meta:
        model = SchemaMigration
        fields = ("id", "version", "description", "installed_on", "execution_time_ms")
        read_only_fields = fields


class EndpointSerializer(serializers.ModelSerializer[DeliveryEndpoint]):
    """An endpoint, without its secret."""

    class Meta:
        model = DeliveryEndpoint
        fields: tuple[str, ...] = (
            "id",
            "url",
            "description",
            "event_types",
            "project_id",
            "is_active",
            "disabled_at",
            "disabled_reason",
            "failures",
            "failing_since",
            "previous_secret_until",
            "created_by",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class NewEndpointSerializer(EndpointSerializer):
    """An endpoint with its secret, shown this once; a repeated request shows null."""

    secret = serializers.CharField(allow_null=True, read_only=True)

    class Meta(EndpointSerializer.Meta):
        fields = (*EndpointSerializer.Meta.fields, "secret")
        read_only_fields = fields


class EndpointInput(StrictSerializer):
    url = serializers.CharField(max_length=2000, help_text="https, port 443 or 8443, on the public internet.")
    description = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    event_types = serializers.ListField(
        child=serializers.CharField(max_length=100), max_length=200, default=list, help_text="Empty: all."
    )
    project = serializers.UUIDField(required=False, allow_null=True, default=None)


class EndpointChange(StrictSerializer):
    url = serializers.CharField(max_length=2000, required=False)
    description = serializers.CharField(max_length=500, required=False, allow_blank=True)
    event_types = serializers.ListField(child=serializers.CharField(max_length=100), max_length=200, required=False)


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """An event on its way to an endpoint. `last_error` is the beginning of what the receiver said."""

    class Meta:
        model = Delivery
        fields = (
            "id",
            "endpoint",
            "event_id",
            "pos",
            "status",
            "attempts",
            "next_attempt_at",
            "last_status_code",
            "last_error",
            "delivered_at",
            "created_at",
        )
        read_only_fields = fields
