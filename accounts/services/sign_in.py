"""Signing in and out. Guesses are limited per address and per account; answers never say which half was wrong."""

import logging
import time
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.core import signing
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import events
from accounts.models import LinkPurpose, User
from accounts.queries import preferences_of
from accounts.services.factors import accept_code, has_second_factor
from accounts.services.links import issue_link
from accounts.services.people import set_password, subject_of, tenant_of_login
from audit.events import Outcome
from audit.services import record
from common.context import SYSTEM, Actor, Source
from common.errors import DomainError, Invalid
from common.http import subscriber_of
from common.redis import Limit, get_rate_limiter
from common.tenancy import tenant_context

logger = logging.getLogger("countermark.sign_in")

PASSAGE = "accounts.second-step"
PASSAGE_SECONDS = 300
PER_ACCOUNT = Limit("sign-in-account", requests=10, seconds=300)
PER_ADDRESS = Limit("sign-in-address", requests=30, seconds=300)
# Not that of the sign-in page: who is signed in must be able to prove it, whoever fails to sign in as them.
PROOFS_PER_PERSON = Limit("proof", requests=10, seconds=300)


class SignInRefused(DomainError):
    """E-mail and password do not belong together, or the account is closed."""

    code = "sign_in_refused"
    status = 401
    title = "E-mail or password is wrong"


class PassageEnded(DomainError):
    """The first step was too long ago, or the password has changed since."""

    code = "passage_ended"
    status = 410
    title = "Sign in again: too much time has passed"


class CodeRefused(DomainError):
    code = "code_refused"
    status = 401
    title = "This is not right"


class Step(StrEnum):
    """What comes after the right password."""

    DONE = "done"
    NEW_PASSWORD = "new_password"  # noqa: S105  # a name
    SECOND_FACTOR = "second_factor"


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a right password led to: a session, or a step before it, which `code` leads through."""

    user: User
    step: Step = Step.DONE
    code: str = ""


def sign_in(*, request: HttpRequest, email: str, password: str) -> SignIn:
    """Check e-mail and password and start a session on `request`, unless another step comes before it.

    Raises `SignInRefused`, or `TooManyRequests` with the seconds to wait.
    """
    email = email.strip().lower()
    throttle(request, email)
    user = check(email, password)
    if user is None:
        raise SignInRefused
    return go_on(request, user, "password")


def go_on(request: HttpRequest, user: User, method: str) -> SignIn:
    """Lead somebody who has proved one thing to what is asked for next, at last to a session."""
    with tenant_context(user.tenant_id, actor=user.actor):
        if user.must_change_password:
            return SignIn(user, Step.NEW_PASSWORD, issue_link(user=user, purpose=LinkPurpose.CHANGE).code)
        if has_second_factor(user):
            return SignIn(user, Step.SECOND_FACTOR, passage_of(user, method))
    begin_session(request=request, user=user, method=method)
    return SignIn(user)


# --- the second step ------------------------------------------------------------------------------------------------
def passage_of(user: User, method: str) -> str:
    """Return a signed word that its holder has passed the first step; a new password or five minutes end it."""
    content = {"tenant": str(user.tenant_id), "user": str(user.id), "method": method, "mark": mark_of(user)}
    return signing.dumps(content, salt=PASSAGE)


def mark_of(user: User) -> str:
    return salted_hmac(PASSAGE, user.password, algorithm="sha256").hexdigest()[:32]


def finish_sign_in(*, request: HttpRequest, passage: str, code: str) -> User:
    """Start a session for somebody who passed the first step and has a code of their second factor.

    Raises `PassageEnded`, `CodeRefused`, `TooManyRequests`.
    """
    try:
        content = signing.loads(passage, salt=PASSAGE, max_age=PASSAGE_SECONDS)
    except signing.BadSignature as error:
        raise PassageEnded from error
    with tenant_context(UUID(content["tenant"]), actor=SYSTEM):
        user: User | None = User.objects.people().filter(id=content["user"], tenant__is_active=True).first()
    if user is None or not constant_time_compare(mark_of(user), content["mark"]):
        raise PassageEnded
    with tenant_context(user.tenant_id, actor=user.actor):
        kind = accept_code(user=user, code=code)
        if not kind:
            denied = Outcome.DENIED
            record(events.SIGN_IN_FAILED, subject_of(user), outcome=denied, concerns=[user.id], method="second factor")
    if not kind:
        raise CodeRefused
    begin_session(request=request, user=user, method=f"{content['method']}+{kind}")
    return user


def confirm(*, request: HttpRequest, user: User, password: str = "", code: str = "") -> None:
    """Prove again who one is: by a code of the second factor, by the password where there is none.

    Raises `CodeRefused`, `TooManyRequests`.
    """
    get_rate_limiter(PROOFS_PER_PERSON).is_allowed(str(user.id)).require()
    with tenant_context(user.tenant_id, actor=user.actor):
        needs_code = has_second_factor(user)
        by_password = "password" if user.check_password(password) else ""
        kind = accept_code(user=user, code=code) if needs_code else by_password
        if not kind:
            denied = Outcome.DENIED
            record(events.SIGN_IN_FAILED, subject_of(user), outcome=denied, concerns=[user.id], method="confirmation")
    if not kind:
        raise CodeRefused
    note_proof(request, user, kind)


def note_proof(request: HttpRequest, user: User, method: str) -> None:
    """Write into the session, and the log, that its person has just proved who they are."""
    with tenant_context(user.tenant_id, actor=user.actor):
        record(events.CONFIRMED, subject_of(user), concerns=[user.id], method=method)
    request.session["proved_at"] = int(time.time())


def throttle(request: HttpRequest, email: str) -> None:
    """Count an attempt; raises `TooManyRequests`. Without Redis each process counts by itself: people still get in."""
    for limit, subject in ((PER_ACCOUNT, email), (PER_ADDRESS, subscriber_of(request))):
        get_rate_limiter(limit).is_allowed(subject).require()


def check(email: str, password: str) -> User | None:
    """Return the person, or None; both answers cost one password hash, which is nearly all of their time."""
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
    """Bind a fresh session to the person, who just proved by `method` who they are. The one before, whoever's it was,
    is gone with all it held, and so is its CSRF token.
    """
    request.session.flush()
    request.session["user_id"] = str(user.id)
    request.session["tenant_id"] = str(user.tenant_id)
    request.session["proved_at"] = int(time.time())
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
    """Change the own password. Every other session ends; this browser gets a fresh one, which has proved no more than
    the one before where there is a second factor: a password alone does not stand for it.

    Raises `Invalid` for a wrong current or a weak new password, `TooManyRequests`.
    """
    get_rate_limiter(PROOFS_PER_PERSON).is_allowed(str(user.id)).require()
    if not user.check_password(current):
        raise Invalid("The current password is wrong.", errors={"current": ["This is not your password."]})
    proved_at = request.session.get("proved_at", 0)
    changed = set_password(user=user, password=password, reason="Changed by its owner.")
    begin_session(request=request, user=changed, method="password")
    if has_second_factor(changed):
        request.session["proved_at"] = proved_at
    return changed
