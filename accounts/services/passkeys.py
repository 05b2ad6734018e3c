"""Passkeys (WebAuthn level 3): a key pair on the person's device, bound to this site, unlocked by the device itself.

A passkey is a whole sign-in: the device proves possession and asks for a finger, face or PIN (user verification is
required). The challenge waits in Redis for five minutes and is taken out by its first use, so no answer works twice.
"""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import redis
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from fido2.server import Fido2Server
from fido2.utils import websafe_decode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts import events
from accounts.models import Passkey, User
from accounts.services.people import subject_of
from accounts.services.sign_in import begin_session, note_proof
from audit.events import Outcome
from audit.services import record
from common.context import SYSTEM
from common.errors import Conflict, DomainError, Invalid, Unavailable
from common.http import subscriber_of
from common.redis import Limit, SessionManager, get_rate_limiter, get_session_manager
from common.tenancy import tenant_context

CHALLENGE_SECONDS = 300
MOST = 20
"""passkeys of one person"""
ANYBODY = "anybody"
BEGINNINGS_PER_ADDRESS = Limit("passkey-address", requests=60, seconds=300)
REQUIRED = UserVerificationRequirement.REQUIRED


class PasskeyRefused(DomainError):
    """Whatever is wrong with an answer: unknown key, wrong site, old challenge, bad signature."""

    code = "passkey_refused"
    status = 401
    title = "This passkey was not accepted. Try again"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a browser is asked: `options` for its `navigator.credentials`, and the word to send back with the answer."""

    word: str
    options: dict[str, Any]


def challenges() -> SessionManager:
    return get_session_manager("passkey", lifetime=CHALLENGE_SECONDS)


def site_of(request: HttpRequest) -> str:
    """Return the name that passkeys of this request's site are bound to; "" where it has none (an IP address)."""
    host = request.get_host().rpartition("]")[2].partition(":")[0]
    try:
        ipaddress.ip_address(host or "::")
    except ValueError:
        return host
    return ""


def server_for(request: HttpRequest) -> Fido2Server:
    """Return the verifier for exactly the site that was asked. Raises `Conflict` where passkeys cannot work."""
    site = site_of(request)
    if not site:
        raise Conflict("Passkeys need a name, not an IP address; open the product under one.", code="no_site_name")
    origin = f"{request.scheme}://{request.get_host()}"
    return Fido2Server(PublicKeyCredentialRpEntity(name="Countermark", id=site), verify_origin=origin.__eq__)


def keep(owner: str, state: Any) -> str:
    try:
        return challenges().create(owner, json.dumps(state))
    except redis.RedisError as error:
        raise Unavailable("Passkeys cannot be used now; try again.", retry_after=1) from error


def take(word: str) -> Any:
    try:
        state = challenges().take(word)
    except redis.RedisError as error:
        raise Unavailable("Passkeys cannot be used now; try again.", retry_after=1) from error
    if state is None:
        raise PasskeyRefused
    return json.loads(state)


def handle_of(user: User) -> bytes:
    """Return what a device stores of its person, and tells when it signs in: tenant and person."""
    return user.tenant_id.bytes + user.id.bytes


def stored(passkey: Passkey) -> AttestedCredentialData:
    return AttestedCredentialData(bytes(passkey.credential))


# --- adding and removing ----------------------------------------------------------------------------------------------
def begin_passkey(*, request: HttpRequest, user: User) -> Challenge:
    """Return what a browser needs to make a passkey for a person. Raises `Conflict` for too many, `Unavailable`."""
    there = [stored(passkey) for passkey in Passkey.objects.filter(user=user)]
    if len(there) >= MOST:
        raise Conflict(f"You have {MOST} passkeys. Remove one first.", code="too_many_passkeys")
    options, state = server_for(request).register_begin(
        PublicKeyCredentialUserEntity(id=handle_of(user), name=user.email, display_name=str(user)),
        there,
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=REQUIRED,
    )
    return Challenge(keep(str(user.id), {"user": str(user.id), **state}), dict(options))


@transaction.atomic
def add_passkey(*, request: HttpRequest, user: User, word: str, answer: Mapping[str, Any], name: str = "") -> Passkey:
    """Keep the passkey that a person's device has made. Raises `PasskeyRefused`, `Invalid` for one that is there."""
    state = take(word)
    if state.pop("user", None) != str(user.id):
        raise PasskeyRefused
    try:
        made = server_for(request).register_complete(state, answer)
    except (ValueError, TypeError, KeyError) as error:
        raise PasskeyRefused from error
    credential = made.credential_data
    if credential is None:
        raise PasskeyRefused
    try:
        with transaction.atomic():
            passkey: Passkey = Passkey.objects.create(
                user=user,
                name=name.strip() or "Passkey",
                credential_id=credential.credential_id,
                credential=bytes(credential),
                sign_count=made.counter,
            )
    except IntegrityError as error:
        raise Invalid("This passkey is there already.", errors={"name": ["It is there already."]}) from error
    record(events.PASSKEY_ADDED, subject_of(user), concerns=[user.id], name=passkey.name)
    return passkey


@transaction.atomic
def remove_passkey(*, passkey: Passkey, reason: str = "") -> None:
    """Forget a passkey. Sessions that it opened stay; end them in the list of sessions."""
    if Passkey.objects.filter(id=passkey.id).delete()[0]:
        user = passkey.user
        record(events.PASSKEY_REMOVED, subject_of(user), reason=reason, concerns=[user.id], name=passkey.name)


# --- signing in -------------------------------------------------------------------------------------------------------
def begin_passkey_sign_in(*, request: HttpRequest) -> Challenge:
    """Return what a browser needs to sign in with whichever passkey it has. Raises `TooManyRequests`, `Unavailable`."""
    get_rate_limiter(BEGINNINGS_PER_ADDRESS).is_allowed(subscriber_of(request)).require()
    options, state = server_for(request).authenticate_begin(user_verification=REQUIRED)
    return Challenge(keep(ANYBODY, {"user": ANYBODY, **state}), dict(options))


def sign_in_with_passkey(*, request: HttpRequest, word: str, answer: Mapping[str, Any]) -> User:
    """Start a session for whose passkey has signed the challenge. Raises `PasskeyRefused`, `Unavailable`."""
    user = person_behind(request, word, answer)
    begin_session(request=request, user=user, method="passkey")
    return user


def confirm_with_passkey(*, request: HttpRequest, user: User, word: str, answer: Mapping[str, Any]) -> None:
    """Prove again who one is, with a passkey of one's own. Raises `PasskeyRefused`, `Unavailable`."""
    if named_in(answer)[:2] != (user.tenant_id, user.id):
        raise PasskeyRefused
    person_behind(request, word, answer)
    note_proof(request, user, "passkey")


def person_behind(request: HttpRequest, word: str, answer: Mapping[str, Any]) -> User:
    """Return whose passkey has signed the challenge; a refusal is in that person's log. Raises `PasskeyRefused`."""
    state = take(word)
    if state.pop("user", None) != ANYBODY:
        raise PasskeyRefused
    tenant_id, user_id, credential_id = named_in(answer)
    with tenant_context(tenant_id, actor=SYSTEM):
        known = Passkey.objects.filter(user_id=user_id, user__in=User.objects.people(), tenant__is_active=True)
        rows = known.select_related("user").select_for_update(of=("self",))
        passkey = rows.filter(credential_id=credential_id).first()
        if passkey is None:
            raise PasskeyRefused
        user: User = passkey.user
        if signed := has_signed(request, passkey, state, answer):
            signed_at = {"sign_count": counter_of(answer), "last_used_at": timezone.now()}
            Passkey.objects.filter(id=passkey.id).update(**signed_at)
        else:
            denied = Outcome.DENIED
            record(events.SIGN_IN_FAILED, subject_of(user), outcome=denied, concerns=[user.id], method="passkey")
    if not signed:
        raise PasskeyRefused
    return user


def named_in(answer: Mapping[str, Any]) -> tuple[UUID, UUID, bytes]:
    """Return the tenant, the person and the key that an answer names; what it names proves nothing yet."""
    try:
        handle = websafe_decode(answer["response"]["userHandle"])
        return UUID(bytes=handle[:16]), UUID(bytes=handle[16:]), websafe_decode(answer["rawId"])
    except (ValueError, TypeError, KeyError) as error:
        raise PasskeyRefused from error


def counter_of(answer: Mapping[str, Any]) -> int:
    return AuthenticationResponse.from_dict(answer).response.authenticator_data.counter


def has_signed(request: HttpRequest, passkey: Passkey, state: Any, answer: Mapping[str, Any]) -> bool:
    """Whether the key has signed this challenge for this site, and later than before."""
    try:
        server_for(request).authenticate_complete(state, [stored(passkey)], answer)
        # Most passkeys are synchronised and do not count; one that does and goes back was copied.
        return not passkey.sign_count or counter_of(answer) > passkey.sign_count
    except (ValueError, TypeError, KeyError):
        return False
