"""Canonical JSON (RFC 8785) for the values an action is made of.

Floats are refused: their canonical form needs ECMAScript's number printing, and no action needs one.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence

# Beyond this a JSON number is not the same integer in every reader (RFC 8785, 3.2.2.3).
LARGEST_INTEGER = 2**53 - 1


class CanonicalError(ValueError):
    """The value has no canonical form here."""


def canonical(value: object) -> bytes:
    """The one byte string that stands for this value."""
    try:
        return _text(value).encode("utf-8")
    except UnicodeEncodeError as error:
        raise CanonicalError("a string holds half a surrogate pair") from error


def digest(value: object) -> str:
    """SHA-256 of the canonical form, as hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _text(value: object) -> str:
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, Mapping):
        return _object(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return "[" + ",".join(_text(item) for item in value) + "]"
    raise CanonicalError(f"a {type(value).__name__} has no canonical form here")


def _integer(value: int) -> str:
    if abs(value) > LARGEST_INTEGER:
        raise CanonicalError("an integer is too large to be exact in JSON")
    return str(value)


def _object(value: Mapping[object, object]) -> str:
    members = sorted(value.items(), key=lambda item: _sort_key(item[0]))
    return "{" + ",".join(f"{_text(name)}:{_text(member)}" for name, member in members) + "}"


def _sort_key(name: object) -> bytes:
    """Members are ordered by UTF-16 code units, which big-endian bytes preserve."""
    if not isinstance(name, str):
        raise CanonicalError("a member name is not a string")
    return name.encode("utf-16-be")
