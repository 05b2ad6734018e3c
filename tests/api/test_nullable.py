"""What may be null in an answer is described so: clients are generated from the description."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import get_resolver
from rest_framework import serializers


def all_model_serializers(kind: type[Any] = serializers.ModelSerializer) -> Iterator[type[Any]]:
    get_resolver().url_patterns  # noqa: B018  # imports every serializer that a route uses
    for each in kind.__subclasses__():
        yield each
        yield from all_model_serializers(each)


def column_behind(model: type[models.Model], source: str) -> Any:
    """Return the model's field that an answer's field shows, if it is one of its own columns."""
    found: Any = None
    for part in source.split("."):
        try:
            found = model._meta.get_field(part)
        except FieldDoesNotExist:
            generated = [field for field in model._meta.concrete_fields if part in {field.name, field.attname}]
            found = generated[0] if generated else None
        if found is None or not isinstance(found, models.Field):
            return None
        if getattr(found, "null", False):
            return found
        model = found.related_model or model
    return found


NEVER_NULL = {
    "GrantSerializer.task",  # a grant comes with the claim of its task
    # generated from columns that are never null
    "EvidenceListSerializer.confidence",
    "EvidenceListSerializer.is_verified",
    "EvidenceSerializer.confidence",
    "EvidenceSerializer.is_verified",
    "UserSerializer.is_service_account",
}


def test_a_field_whose_column_may_be_null_says_so() -> None:
    silent = []
    for serializer in all_model_serializers():
        for name, field in serializer().fields.items() if hasattr(serializer, "Meta") else ():
            column = column_behind(serializer.Meta.model, field.source)
            shown = not field.write_only and not isinstance(field, serializers.SerializerMethodField)
            nullable = column is not None and (column.null or isinstance(column, models.GeneratedField))
            if nullable and shown and not field.allow_null:
                silent.append(f"{serializer.__name__}.{name}")
    assert set(silent) - NEVER_NULL == set()
