"""Signing in and out. Guesses are limited per address and per account; answers never say which half was wrong."""

import logging
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.middleware.csrf import rotate_token

from accounts import events
from accounts.models import LinkPurpose, User
from accounts.queries import preferences_of
from accounts.services.links import issue_link
from accounts.services.people import set_password, subject_of, tenant_of_login
from audit.events import Outcome
from audit.services import record
from common.context import Actor, Source
from common.errors import DomainError, Invalid
from common.http import address_of
from common.redis import Limit, get_rate_limiter
from common.tenancy import tenant_context

logger = logging.getLogger("countermark.sign_in")

PER_ACCOUNT = Limit("sign-in-account", requests=10, seconds=300)
PER_ADDRESS = Limit("sign-in-address", requests=30, seconds=300)


class SignInRefused(DomainError):
    """E-mail and password do not belong together, or the account is closed."""

    code = "sign_in_refused"
    status = 401
    title = "E-mail or password is wrong"


class Step(StrEnum):
    """What comes after the right password."""

    DONE = "done"
    NEW_PASSWORD = "new_password"  # noqa: S105  # a name


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a right password led to: a session, or a step before it, which `code` leads through."""

    user: User
    step: Step = Step.DONE
    code: str = ""


def sign_in(*, request: HttpRequest, email: str, password: str) -> SignIn:
    """Check e-mail and password and start a session on `request`, unless the password must be changed first.

    Raises `SignInRefused`, or `TooManyRequests` with the seconds to wait.
    """
    email = email.strip().lower()
    throttle(request, email)
    user = check(email, password)
    if user is None:
        raise SignInRefused
    if user.must_change_password:
        with tenant_context(user.tenant_id, actor=user.actor):
            return SignIn(user, Step.NEW_PASSWORD, issue_link(user=user, purpose=LinkPurpose.CHANGE).code)
    begin_session(request=request, user=user, method="password")
    return SignIn(user)


def throttle(request: HttpRequest, email: str) -> None:
    """Count an attempt; raises `TooManyRequests`. Without Redis each process counts by itself: people still get in."""
    for limit, subject in ((PER_ACCOUNT, email), (PER_ADDRESS, address_of(request))):
        get_rate_limiter(limit).is_allowed(subject).require()


def check(email: str, password: str) -> User | None:
    """Return the person, or None; both answers cost one password hash, so time tells nothing."""
    tenant_id = tenant_of_login(email)
    if tenant_id is None:
        make_password(password)
        logger.info("sign-in refused: unknown account")
        return None
    with tenant_context(tenant_id, actor=Actor(Source.USER, None, email)):
        user = User.all_objects.get(email=email)
        accepted = user.check_password(password) and user.is_active
    if not accepted:
        with tenant_context(tenant_id, actor=user.actor):
            denied = Outcome.DENIED
            record(events.SIGN_IN_FAILED, subject_of(user), outcome=denied, concerns=[user.id], method="password")
    return user if accepted else None


def begin_session(*, request: HttpRequest, user: User, method: str) -> None:
    """Bind a fresh session key to the person, who just proved by `method` who they are; the old key and its CSRF token
    are gone.
    """
    request.session.cycle_key()
    request.session["user_id"] = str(user.id)
    request.session["tenant_id"] = str(user.tenant_id)
    rotate_token(request)
    with tenant_context(user.tenant_id, actor=user.actor):
        request.session["theme"] = preferences_of(user).theme
        record(events.SIGN_IN_SUCCEEDED, subject_of(user), concerns=[user.id], method=method)


def end_session(*, request: HttpRequest) -> None:
    """Sign out: the session is deleted, not only the cookie."""
    if "user_id" not in request.session:
        return
    tenant_id, user_id = UUID(request.session["tenant_id"]), UUID(request.session["user_id"])
    request.session.flush()
    with tenant_context(tenant_id, actor=Actor(Source.USER, None, "")):
        user = User.all_objects.get(id=user_id)
    with tenant_context(tenant_id, actor=user.actor):
        record(events.SIGNED_OUT, subject_of(user), concerns=[user.id])


def change_password(*, request: HttpRequest, user: User, current: str, password: str) -> User:
    """Change the own password. Every other session ends; this browser gets a fresh one.

    Raises `Invalid` for a wrong current or a weak new password, `TooManyRequests`.
    """
    get_rate_limiter(PER_ACCOUNT).is_allowed(user.email).require()
    if not user.check_password(current):
        raise Invalid("The current password is wrong.", errors={"current": ["This is not your password."]})
    changed = set_password(user=user, password=password, reason="Changed by its owner.")
    begin_session(request=request, user=changed, method="password")
    return changed
