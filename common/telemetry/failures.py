"""What kind of failure it was, which one it was again, and what helps."""

import traceback
from enum import StrEnum
from pathlib import Path

import redis
from django.core.exceptions import PermissionDenied
from django.db import Error as DatabaseError

from common.errors import DomainError
from common.ids import sha256_hex

ROOT = Path(__file__).resolve().parents[2]


class Category(StrEnum):
    """The `error_category` of a line."""

    AUTH = "auth"
    VALIDATION = "validation"
    DATABASE = "database"
    EXTERNAL = "external"
    BUSINESS = "business"
    UNKNOWN = "unknown"


HINTS = {
    Category.AUTH: "Sign in, or use a token with the right that is asked for.",
    Category.VALIDATION: "Correct the fields that the answer names.",
    Category.DATABASE: "Try again; if it stays, look at the database's own log at this time.",
    Category.EXTERNAL: "Try again later: a part that this needs does not answer.",
    Category.BUSINESS: "Read the object again and decide anew: its state or a limit does not allow this.",
    Category.UNKNOWN: "Search the log for this error_fingerprint: the traceback stands beside it.",
}
BY_STATUS = {
    401: Category.AUTH,
    403: Category.AUTH,
    502: Category.EXTERNAL,
    503: Category.EXTERNAL,
    504: Category.EXTERNAL,
} | dict.fromkeys((400, 405, 406, 411, 413, 415, 416, 422), Category.VALIDATION)


def category_of(status: int, error: BaseException | None = None) -> Category:
    """Return what kind of failure an answer of 400 or more (or a failed job: 500) was."""
    if isinstance(error, DatabaseError):
        return Category.DATABASE
    if isinstance(error, redis.RedisError | ConnectionError | TimeoutError):
        return Category.EXTERNAL
    if isinstance(error, PermissionDenied):
        return Category.AUTH
    if isinstance(error, DomainError):
        status = error.status
    return BY_STATUS.get(status, Category.BUSINESS if status < 500 else Category.UNKNOWN)


def fingerprint(error: BaseException) -> str:
    """Return the same 16 digits for the same error at the same place, in every process and after every restart."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(ROOT) and ".venv" not in frame.filename]
    where = (ours or frames)[-1:]
    place = [f"{Path(frame.filename).name}:{frame.name}" for frame in where]
    return sha256_hex("|".join([f"{type(error).__module__}.{type(error).__qualname__}", *place]).encode())[:16]


def described(status: int, error: BaseException | None) -> dict[str, str]:
    """Return the fields of a line about a failure."""
    category = category_of(status, error)
    fields = {"error_category": category.value, "recovery_hint": HINTS[category]}
    if error is not None:
        fields["error_type"] = type(error).__name__
    if error is not None and status >= 500:
        fields["error_fingerprint"] = fingerprint(error)
    return fields
