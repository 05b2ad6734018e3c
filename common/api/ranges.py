"""`Range` of RFC 9110 §14: one range of bytes. Anything else is ignored, as the RFC allows."""

import re
from dataclasses import dataclass

from common.errors import DomainError

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes from `start` up to, not including, `end`."""

    start: int
    end: int


class RangeNotSatisfiable(DomainError):
    """The range begins behind the end; `size` says where that is."""

    code = "range_not_satisfiable"
    status = 416
    title = "The range lies outside"


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """Return the range that is asked for, None for the whole. Raises `RangeNotSatisfiable`."""
    match = RANGE.fullmatch((header or "").strip())
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size or start >= end:
        raise RangeNotSatisfiable(f"There are {size} bytes.", size=size)
    return ByteRange(start, end)
