"""The signature that carries a tenant into a transaction: HMAC-SHA256 (RFC 2104) over tenant, backend and expiry."""

import hashlib
import hmac
import time
from uuid import UUID

BLOCK_SIZE = 64
# Whom the pass of the allow-listed functions names, instead of a tenant.
SYSTEM = "system"


def key_id(key: bytes) -> str:
    """Return the public name of a key: the first 8 hex digits of its digest."""
    return hashlib.sha256(key).hexdigest()[:8]


def pads(key: bytes) -> tuple[bytes, bytes]:
    """Return the inner and outer padded key of RFC 2104: the database has `sha256()` but no HMAC."""
    block = (hashlib.sha256(key).digest() if len(key) > BLOCK_SIZE else key).ljust(BLOCK_SIZE, b"\0")
    return bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)


def sign(subject: UUID | str, *, backend_pid: int, lifetime: int, key: bytes) -> str:
    """Return `app.ctx` for a tenant, or a pass for `SYSTEM`: good on that backend, for `lifetime` seconds."""
    message = f"{subject}|{backend_pid}|{int(time.time()) + lifetime}"
    mac = hmac.new(key, message.encode(), hashlib.sha256).hexdigest()
    return f"{message}|{key_id(key)}|{mac}"
