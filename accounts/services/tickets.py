"""One-time tickets for sockets: a browser on another origin or a tool that cannot send headers shows one instead.

A ticket lives 30 seconds in the cache and is taken out by its first use. If Redis forgets it, the caller asks again.
"""

import secrets
from dataclasses import asdict
from hashlib import sha256
from uuid import UUID

import orjson
import redis
from django_redis import get_redis_connection

from common.context import Principal
from common.errors import Unavailable

LIFETIME_SECONDS = 30


def key_of(ticket: str) -> str:
    return f"cm:ticket:{sha256(ticket.encode()).hexdigest()}"


def issue_ticket(*, principal: Principal) -> str:
    """Return a ticket that opens one socket in the caller's name. Raises `Unavailable` without Redis."""
    ticket = secrets.token_urlsafe(32)
    document = asdict(principal) | {"scopes": sorted(principal.scopes)}
    try:
        get_redis_connection("default").set(key_of(ticket), orjson.dumps(document), ex=LIFETIME_SECONDS)
    except redis.RedisError as error:
        raise Unavailable("Tickets cannot be issued now; use a bearer token or try again.", retry_after=1) from error
    return ticket


def redeem_ticket(ticket: str) -> Principal | None:
    """Take a ticket out and return whom it speaks for; None where it is unknown, used or too old."""
    try:
        stored = get_redis_connection("default").getdel(key_of(ticket))
    except redis.RedisError:
        return None
    if stored is None:
        return None
    document = orjson.loads(stored)
    identifiers = {
        name: UUID(document[name]) if document[name] else None
        for name in ("tenant_id", "user_id", "credential", "agent_id")
    }
    return Principal(**document | identifiers | {"scopes": frozenset(document["scopes"])})
