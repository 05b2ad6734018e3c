"""One kind of identifier: UUID version 7 (RFC 9562), ordered by the millisecond it was made in."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7 as _uuid7


def uuid7() -> UUID:
    """Return a new identifier; later ones compare greater within this process."""
    return _uuid7()


def uuid7_floor(moment: datetime) -> UUID:
    """Return the smallest identifier of the millisecond `moment` lies in: the bound of a range of identifiers."""
    milliseconds = int(moment.astimezone(UTC).timestamp() * 1000)
    return UUID(int=milliseconds << 80)


def sha256_hex(content: bytes) -> str:
    """Return the SHA-256 digest (FIPS 180-4) of `content` in lower-case hex."""
    return hashlib.sha256(content).hexdigest()
