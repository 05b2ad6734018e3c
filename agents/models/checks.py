"""The CHECKs that several tables of agents share."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.models import F, Func, Q, Value


class Sha256Hex(Func):
    """The SHA-256 of a binary column, in hex, as the database works it out."""

    template = "encode(sha256(%(expressions)s), 'hex')"
    output_field = models.CharField(max_length=64)


class OctetLength(Func):
    function = "octet_length"
    output_field = models.IntegerField()


class JsonType(Func):
    function = "jsonb_typeof"
    output_field = models.CharField(max_length=10)


class JsonMatches(Func):
    """Whether a document has something at a JSON path."""

    function = "jsonb_path_exists"
    output_field = models.BooleanField()

    def __init__(self, field: str, path: str) -> None:
        super().__init__(F(field), Value(path), template="%(function)s(%(expressions)s::jsonpath)")


def within(field: str, low: Any, high: Any, *, name: str) -> models.CheckConstraint:
    """Return the CHECK `low <= field <= high` (NULL passes)."""
    return models.CheckConstraint(condition=Q(**{f"{field}__gte": low}) & Q(**{f"{field}__lte": high}), name=name)


def at_least(field: str, low: Any, *, name: str) -> models.CheckConstraint:
    """Return the CHECK `field >= low` (NULL passes)."""
    return models.CheckConstraint(condition=Q(**{f"{field}__gte": low}), name=name)


def more_than(field: str, low: Any, *, name: str) -> models.CheckConstraint:
    """Return the CHECK `field > low` (NULL passes)."""
    return models.CheckConstraint(condition=Q(**{f"{field}__gt": low}), name=name)


def implies(given: Q, then: Q, *, name: str) -> models.CheckConstraint:
    """Return the CHECK that `then` holds wherever `given` does. Both must be about columns that are never NULL, or ask
    whether they are.
    """
    return models.CheckConstraint(condition=~given | then, name=name)


def together(one: Q, other: Q, *, name: str) -> models.CheckConstraint:
    """Return the CHECK that both hold or neither does."""
    return models.CheckConstraint(condition=(one & other) | (~one & ~other), name=name)


def scoped(columns: Mapping[str, tuple[set[str], set[str]]], *, name: str) -> models.CheckConstraint:
    """Return the CHECK that a row has the columns of its `scope`: per scope those that are set and those that are not.

    A column in neither set is optional there.
    """
    condition = Q()
    for scope, (filled, empty) in columns.items():
        of_scope = Q(scope=scope)
        for column in sorted(filled | empty):
            of_scope &= Q(**{f"{column}__isnull": column in empty})
        condition |= of_scope
    return models.CheckConstraint(condition=condition, name=name)
