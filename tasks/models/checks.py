"""Constraints that several models share."""

from django.db import models
from django.db.models import Q


def exactly_one(*fields: str, name: str) -> models.CheckConstraint:
    """Return the CHECK that one of the references is set and the others are not."""
    return models.CheckConstraint(condition=only_one_of(*fields), name=name)


def at_most_one(*fields: str, name: str) -> models.CheckConstraint:
    """Return the CHECK that no two of the references are set."""
    return models.CheckConstraint(condition=only_one_of(*fields) | none_of(*fields), name=name)


def only_one_of(*fields: str) -> Q:
    found = Q()
    for field in fields:
        found |= Q(**{f"{other}__isnull": other != field for other in fields})
    return found


def none_of(*fields: str) -> Q:
    return Q(**{f"{field}__isnull": True for field in fields})
