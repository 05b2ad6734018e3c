"""How the API shows the log."""

from typing import Any

import orjson
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from audit.models import Event


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
    """One entry of the log. `pos` is its place in the tenant's order, null until the relay has given it one."""

    pos = serializers.IntegerField(allow_null=True, read_only=True)
    type = serializers.CharField(source="event_type", read_only=True)
    actor = ActorSerializer(source="*", read_only=True)
    resource = ResourceSerializer(source="*", read_only=True)
    data = serializers.SerializerMethodField()  # type: ignore[assignment]  # the name in the API

    class Meta:
        model = Event
        fields = (
            "id",
            "pos",
            "type",
            "schema_version",
            "recorded_at",
            "action",
            "outcome",
            "actor",
            "resource",
            "project_id",
            "task_id",
            "reason",
            "data",
            "request_id",
            "trace_id",
        )
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_data(self, event: Event) -> Any:
        return orjson.loads(event.body)
