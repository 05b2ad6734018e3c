"""Serializer bases: explicit fields, and unknown input names are refused."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


class StrictSerializer(serializers.Serializer[Any]):
    """Input: a field we do not know is an error that names it."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError({name: ["Unknown field."] for name in unknown})
        return super().to_internal_value(data)


class NoInput(StrictSerializer):
    """An action without parameters."""


class ReasonInput(StrictSerializer):
    """An action that says why."""

    reason = serializers.CharField(max_length=2000)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class JSONObjectField(serializers.JSONField):
    """A JSON object, not just any JSON value."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Give a JSON object.")
        return super().to_internal_value(data)


class VisibleField(serializers.PrimaryKeyRelatedField[Any]):
    """The id of a row that the caller may see; any other id is as unknown as one that does not exist."""

    default_error_messages = {"does_not_exist": "There is none with this id."}  # noqa: RUF012  # DRF's own declaration

    def get_queryset(self) -> QuerySet[Any]:
        queryset: Any = super().get_queryset()
        return queryset.visible_to(self.context["view"].principal)  # type: ignore[no-any-return]
