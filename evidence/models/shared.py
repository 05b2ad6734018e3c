"""Fields, conditions and a base that several tables here share."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from common.models import TenantForeignKey, TenantModel


def fraction(**options: Any) -> "models.DecimalField[Any, Any]":
    """Return a field for a number from 0 to 1; `between` keeps it there."""
    return models.DecimalField(max_digits=5, decimal_places=4, **options)


def between(*fields: str, name: str, low: int = 0, high: int = 1) -> models.CheckConstraint:
    """Return the CHECK that keeps each of `fields` within its bounds (NULL passes)."""
    condition = Q()
    for field in fields:
        condition &= Q(**{f"{field}__gte": low, f"{field}__lte": high})
    return models.CheckConstraint(condition=condition, name=name)


def together(*fields: str, name: str) -> models.CheckConstraint:
    """Return the CHECK that all of `fields` are set, or none is."""
    none, every = ({f"{field}__isnull": absent for field in fields} for absent in (True, False))
    return models.CheckConstraint(condition=Q(**none) | Q(**every), name=name)


def exactly_one(first: str, second: str, *, name: str) -> models.CheckConstraint:
    """Return the CHECK that one of the two is set and the other is not: a person or an agent, for example."""
    one, other = Q(**{f"{first}__isnull": True}), Q(**{f"{second}__isnull": True})
    return models.CheckConstraint(condition=(one & ~other) | (~one & other), name=name)


def not_both(first: str, second: str, *, name: str) -> models.CheckConstraint:
    """Return the CHECK that at most one of the two is set; neither means the platform itself."""
    return models.CheckConstraint(
        condition=Q(**{f"{first}__isnull": True}) | Q(**{f"{second}__isnull": True}), name=name
    )


def older(field: str) -> Q:
    """Return the condition that `field` points at a row made before this one: no cycle can come of it."""
    return Q(**{f"{field}__isnull": True}) | Q(id__gt=F(field))


class Retractable(TenantModel):
    """A statement that its author may take back; the row stays."""

    retracted_at = models.DateTimeField(null=True, editable=False)
    retracted_by = TenantForeignKey(User, null=True, editable=False, related_name="+")
    retraction_reason = models.TextField(default="", editable=False)

    class Meta:
        abstract = True


STANDING = Q(retracted_at__isnull=True)
