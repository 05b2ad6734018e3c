"""What changed in a row, as the log keeps it: {field: [old, new]}."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.db.models.expressions import BaseExpression

from common.crypto import EncryptedTextField

MASK = "***"
SECRET_WORDS = ("password", "secret", "token")
LONGEST = 1000
"""characters of a text that are kept: the log says what changed, it is no second store of descriptions"""

Changes = dict[str, list[Any]]


def changes_of(row: Model, changed: Mapping[str, Any]) -> Changes:
    """Return {field: [old, new]} of a row that still has its old values.

    Secrets are masked: the log says that they were set, changed or taken away. What the database computes is left out.
    """
    return {
        name: [plain(row, name, getattr(row, name)), plain(row, name, value)]
        for name, value in changed.items()
        if not isinstance(value, BaseExpression)
    }


def plain(row: Model, name: str, value: Any) -> Any:
    """Return a value as JSON can hold it, shortened, or masked where the field keeps a secret."""
    if value is None or value == "":
        return value
    if is_secret(row, name):
        return MASK
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, str):
        return shortened(str(value))
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(row, str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(row, name, inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else shortened(str(value))


def is_secret(row: Model, name: str) -> bool:
    try:
        field = row._meta.get_field(name)
    except FieldDoesNotExist:
        field = None
    return isinstance(field, EncryptedTextField) or any(word in name for word in SECRET_WORDS)


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"
