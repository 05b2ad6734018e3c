"""Shapes of the constraints that several tables here have."""

from django.db.models import CheckConstraint, F, Q


def equivalent(left: Q, right: Q) -> Q:
    """Both or neither."""
    return (left & right) | (~left & ~right)


def implies(condition: Q, consequence: Q) -> Q:
    """Where `condition` holds, so does `consequence`. `condition` must not ask about a column that may be NULL."""
    return ~condition | consequence


def is_set(*fields: str) -> Q:
    """All of them have a value."""
    return Q(**{f"{field}__isnull": False for field in fields})


def is_unset(*fields: str) -> Q:
    """None of them has a value."""
    return Q(**{f"{field}__isnull": True for field in fields})


def exactly_one(left: str, right: str, *, name: str) -> CheckConstraint:
    """Return the CHECK for an actor that is a person or an agent, and known."""
    return CheckConstraint(condition=(is_set(left) & is_unset(right)) | (is_unset(left) & is_set(right)), name=name)


def not_both(left: str, right: str, *, name: str) -> CheckConstraint:
    """Return the CHECK for an actor that is a person or an agent, or not known (yet)."""
    return CheckConstraint(condition=is_unset(left) | is_unset(right), name=name)


def percentage(field: str, *, name: str) -> CheckConstraint:
    return CheckConstraint(condition=Q(**{f"{field}__gte": 0, f"{field}__lte": 100}), name=name)


def not_itself(field: str, *, name: str) -> CheckConstraint:
    """Return the CHECK that a row does not point at itself; longer cycles are refused by the services."""
    return CheckConstraint(condition=Q(**{f"{field}__isnull": True}) | ~Q(id=F(field)), name=name)
