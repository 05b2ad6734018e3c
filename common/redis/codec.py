"""Python values as JSON and exactly back: what comes out has the type and the value that went in.

JSON's own types stay as they are; any other is `{"$": type, "v": …}`, and the whole is an envelope with a version. What
cannot come back exactly (an object of ours, an enum, a subclass of `str`) is refused when it goes in. Never pickle:
whoever can write to Redis must not be able to run code here.
"""

import base64
import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

VERSION = 1
PLAIN = (str, bool, int, type(None))
UNORDERED = {"set", "frozenset", "dict"}
COMPACT = (",", ":")


class NotStorableError(TypeError):
    """The value has no exact form; say what to store instead."""


class NotOursError(ValueError):
    """The stored text is not an envelope of this version."""


def encode(value: Any) -> bytes:
    """Return the envelope of `value`. Raises `NotStorableError`."""
    with _refusing():
        return json.dumps({"v": VERSION, "d": _plain(value)}, separators=COMPACT, allow_nan=False).encode()


def decode(stored: bytes | str) -> Any:
    """Return the value in an envelope. Raises `NotOursError` for anything else."""
    try:
        envelope = json.loads(stored)
        if not isinstance(envelope, dict) or envelope.get("v") != VERSION:
            raise NotOursError("no envelope of this version")
        return _value(envelope["d"])
    except NotOursError:
        raise
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as error:
        raise NotOursError(f"damaged envelope: {type(error).__name__}") from error


def canonical(value: Any) -> bytes:
    """Return a text that only this value has, whatever the order of its sets and dictionaries."""
    with _refusing():
        return _text(_ordered(_plain(value))).encode()


@contextmanager
def _refusing() -> Iterator[None]:
    """Nesting without end and integers beyond Python's own limit of digits have no form either."""
    try:
        yield
    except (RecursionError, ValueError) as error:
        raise NotStorableError(f"The value is too deep or too large: {type(error).__name__}.") from error


def _text(document: Any) -> str:
    return json.dumps(document, sort_keys=True, separators=COMPACT, allow_nan=False)


def _ordered(document: Any) -> Any:
    if isinstance(document, list):
        return [_ordered(entry) for entry in document]
    if not isinstance(document, dict):
        return document
    ordered = {key: _ordered(entry) for key, entry in document.items()}
    if ordered.get("$") in UNORDERED:
        ordered["v"].sort(key=_text)
    return ordered


def _plain(value: Any) -> Any:
    """Return `value` in JSON's own types. Types are compared exactly: a subclass would come back as its parent."""
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind is float and math.isfinite(value):
        return value
    if kind is list:
        return _entries(value)
    if kind is dict and "$" not in value and all(type(key) is str for key in value):
        return {key: _plain(entry) for key, entry in value.items()}
    if kind not in WRITERS:
        raise NotStorableError(f"{kind.__module__}.{kind.__qualname__} cannot be stored exactly: pass plain values.")
    return {"$": kind.__name__, "v": WRITERS[kind](value)}


def _value(document: Any) -> Any:
    if isinstance(document, list):
        return [_value(entry) for entry in document]
    if not isinstance(document, dict):
        return document
    if "$" in document:
        return READERS[document["$"]](document["v"])
    return {key: _value(entry) for key, entry in document.items()}


def _entries(value: Any) -> list[Any]:
    return [_plain(entry) for entry in value]


def _pairs(value: Mapping[Any, Any]) -> list[Any]:
    """A dictionary whose keys are not all plain text."""
    return [[_plain(key), _plain(entry)] for key, entry in value.items()]


def _zone(zone: tzinfo | None) -> Any:
    if zone is None:
        return None
    if type(zone) is ZoneInfo and zone.key:
        return zone.key
    if type(zone) is timezone:
        return _duration(zone.utcoffset(None))
    raise NotStorableError(f"A time zone of type {type(zone).__name__} cannot be stored: use zoneinfo or UTC.")


def _zone_of(said: Any) -> tzinfo | None:
    if said is None:
        return None
    if isinstance(said, str):
        return ZoneInfo(said)
    offset = timedelta(*said)
    return timezone(offset) if offset else UTC


def _moment(value: datetime | time) -> list[Any]:
    return [value.replace(tzinfo=None).isoformat(), value.fold, _zone(value.tzinfo)]


def _duration(value: timedelta) -> list[int]:
    return [value.days, value.seconds, value.microseconds]


WRITERS: dict[type, Callable[[Any], Any]] = {
    float: repr,
    bytes: lambda value: base64.b64encode(value).decode(),
    Decimal: str,
    UUID: str,
    datetime: _moment,
    date: date.isoformat,
    time: _moment,
    timedelta: _duration,
    tuple: _entries,
    set: _entries,
    frozenset: _entries,
    dict: _pairs,
}
READERS: dict[str, Callable[[Any], Any]] = {
    "float": float,
    "bytes": lambda said: base64.b64decode(said, validate=True),
    "Decimal": Decimal,
    "UUID": UUID,
    "datetime": lambda said: datetime.fromisoformat(said[0]).replace(fold=said[1], tzinfo=_zone_of(said[2])),
    "date": date.fromisoformat,
    "time": lambda said: time.fromisoformat(said[0]).replace(fold=said[1], tzinfo=_zone_of(said[2])),
    "timedelta": lambda said: timedelta(*said),
    "tuple": lambda said: tuple(_value(said)),
    "set": lambda said: set(_value(said)),
    "frozenset": lambda said: frozenset(_value(said)),
    "dict": lambda said: {_value(key): _value(entry) for key, entry in said},
}


class DjangoSerializer:
    """The same envelope for Django's own cache (settings.CACHES)."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        """django-redis passes its OPTIONS."""

    def dumps(self, value: Any) -> bytes:
        return encode(value)

    def loads(self, value: bytes) -> Any:
        return decode(value)
