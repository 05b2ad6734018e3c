"""One-time tickets for sockets: a browser on another origin or a tool that cannot send headers shows one instead.

A ticket lives 30 seconds and is taken out by its first use. If Redis forgets it, the caller asks again.
"""

from dataclasses import asdict

import redis

from common.context import Principal
from common.errors import Unavailable
from common.redis import SessionManager, get_session_manager

LIFETIME_SECONDS = 30


def tickets() -> SessionManager:
    return get_session_manager("ticket", lifetime=LIFETIME_SECONDS)


def issue_ticket(*, principal: Principal) -> str:
    """Return a ticket that opens one socket in the caller's name. Raises `Unavailable` without Redis."""
    document = asdict(principal) | {"role": str(principal.role)}  # it may be the enum's member, which is no plain text
    try:
        return tickets().create(principal.id, document)
    except redis.RedisError as error:
        raise Unavailable("Tickets cannot be issued now; use a bearer token or try again.", retry_after=1) from error


def redeem_ticket(ticket: str) -> Principal | None:
    """Take a ticket out and return whom it speaks for; None where it is unknown, used or too old."""
    try:
        stored = tickets().take(ticket)
    except redis.RedisError:
        return None
    return None if stored is None else Principal(**stored)
