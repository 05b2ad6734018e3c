"""Bearer tokens: `cmk_<kind><prefix>_<secret><checksum>`.

`kind` is `u` for a person's and `a` for an agent's token, `prefix` names it in lists and logs, `secret` has 256 bits,
and the checksum (CRC-32, base 62) lets a scanner tell a real token from noise. At that entropy a plain SHA-256 digest
is enough to store.
"""

import hashlib
import secrets
import string
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import events
from accounts.models import ApiToken, User
from audit.services import Subject, record
from common.context import Principal
from common.errors import Conflict, Invalid
from common.tenancy import system_call, tenant_context

ALPHABET = string.digits + string.ascii_letters
SCOPES = frozenset({"read", "write", "work", "approve", "admin"})
MAX_AGENT_LIFETIME = timedelta(days=90)
USED_RESOLUTION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token and its secret: the only moment the secret exists."""

    token: ApiToken
    secret: str


def checksum(text: str) -> str:
    """Return the six characters that end a token."""
    number = zlib.crc32(text.encode())
    digits = ""
    for _ in range(6):
        number, remainder = divmod(number, 62)
        digits = ALPHABET[remainder] + digits
    return digits


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def well_formed(secret: str) -> bool:
    """Whether the text can be one of our tokens at all (no database look-up needed to refuse it)."""
    body, check = secret[:-6], secret[-6:]
    return secret.startswith("cmk_") and len(secret) > 40 and secret.isascii() and checksum(body) == check


@transaction.atomic
def create_token(
    *,
    user: User,
    name: str,
    scopes: list[str],
    expires_at: datetime | None = None,
    agent_id: UUID | None = None,
) -> IssuedToken:
    """Make a token with the rights of `user`, narrowed to `scopes`; with `agent_id` it acts as that agent only.

    An agent's token must expire within 90 days. Raises `Invalid`.
    """
    unknown = sorted(set(scopes) - SCOPES)
    if unknown or not scopes:
        raise Invalid("Unknown scopes.", errors={"scopes": [f"Choose from {', '.join(sorted(SCOPES))}."]})
    latest = timezone.now() + MAX_AGENT_LIFETIME
    if agent_id and (expires_at is None or expires_at > latest):
        raise Invalid("An agent's token must expire within 90 days.", errors={"expires_at": ["At most 90 days ahead."]})
    if expires_at and expires_at <= timezone.now():
        raise Invalid("The expiry lies in the past.", errors={"expires_at": ["Choose a later moment."]})
    prefix = "".join(secrets.choice(ALPHABET) for _ in range(10))
    body = f"cmk_{'a' if agent_id else 'u'}{prefix}_{secrets.token_urlsafe(32)}"
    secret = body + checksum(body)
    token = ApiToken.objects.create(
        user=user,
        agent_id=agent_id,
        name=name,
        prefix=prefix,
        digest=digest(secret),
        scopes=sorted(scopes),
        expires_at=expires_at,
    )
    created = events.AGENT_TOKEN_CREATED if agent_id else events.TOKEN_CREATED
    record(created, subject_of_token(token), concerns=[user.id], prefix=prefix, scopes=sorted(scopes))
    return IssuedToken(token, secret)


def subject_of_token(token: ApiToken) -> Subject:
    return Subject(type="api_token", id=token.id, label=token.name)


@transaction.atomic
def revoke_token(*, token: ApiToken, reason: str = "") -> ApiToken:
    """End a token now. Revoking twice changes nothing."""
    if ApiToken.objects.filter(id=token.id, revoked_at=None).update(revoked_at=timezone.now()):
        record(
            events.TOKEN_REVOKED, subject_of_token(token), reason=reason, concerns=[token.user_id], prefix=token.prefix
        )
    token.refresh_from_db()
    return token


@transaction.atomic
def rotate_token(*, token: ApiToken) -> IssuedToken:
    """Replace a token by one with the same name, scopes and lifetime; the old one ends now.

    Raises `Conflict` for a token that has ended.
    """
    if not ApiToken.objects.usable().filter(id=token.id).select_for_update().exists():
        raise Conflict("This token has ended; make a new one.", code="token_ended")
    ends_at = token.end_when_rotated()
    issued = create_token(
        user=token.user, name=token.name, scopes=token.scopes, expires_at=ends_at, agent_id=token.agent_id
    )
    revoke_token(token=token, reason="Rotated.")
    return issued


def authenticate_token(secret: str) -> Principal | None:
    """Return who a bearer token speaks for; None where it is unknown, expired, revoked or its owner is gone."""
    if not well_formed(secret):
        return None
    rows = system_call("find_token", digest(secret))
    if not rows:
        return None
    row = rows[0]
    principal = Principal(
        tenant_id=row["tenant_id"],
        user_id=row["user_id"],
        agent_id=row["agent_id"],
        label=row["label"],
        role=row["role"],
        credential=row["token_id"],
        scopes=frozenset(row["scopes"]),
        via="token",
    )
    if row["used_long_ago"]:
        note_use(principal)
    return principal


def note_use(principal: Principal) -> None:
    """Write when the token was last used, at most once a minute (not an event: nothing changed)."""
    token_id = principal.credential
    if token_id is None:
        return
    with tenant_context(principal.tenant_id, actor=principal.actor):
        ApiToken.objects.filter(id=token_id).update(last_used_at=timezone.now())
