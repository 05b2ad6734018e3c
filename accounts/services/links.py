"""Links that let a person choose a password: an invitation, a reset, the end of a password that others have seen.

A link carries its code behind the `#`, so that no server, proxy or log on the way ever sees it; the page puts it into
its form. Of the code only a digest is kept.
"""

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import events
from accounts.models import AccountLink, LinkPurpose, Role, User
from accounts.services.people import set_password, subject_of, tenant_of_login
from audit.services import record
from common.context import SYSTEM, Actor, Source
from common.errors import Conflict, DomainError
from common.http import subscriber_of
from common.mail import send_letter
from common.redis import Limit, get_rate_limiter
from common.tenancy import require_tenant_id, tenant_context

logger = logging.getLogger("countermark.links")

LIFETIMES: dict[str, timedelta] = {
    LinkPurpose.INVITATION: timedelta(days=7),
    LinkPurpose.RESET: timedelta(hours=1),
    LinkPurpose.CHANGE: timedelta(minutes=15),
}
SUBJECTS: dict[str, str] = {
    LinkPurpose.INVITATION: "You are invited to Countermark",
    LinkPurpose.RESET: "Choose a new password",
}
RESETS_PER_ACCOUNT = Limit("reset-account", requests=3, seconds=900)
RESETS_PER_ADDRESS = Limit("reset-address", requests=10, seconds=900)
CODES_PER_ADDRESS = Limit("link-address", requests=30, seconds=300)


class LinkEnded(DomainError):
    """The code is unknown, used, replaced or too old; which of these is nobody's business."""

    code = "link_ended"
    status = 410
    title = "This link was used, has expired or is not complete. Ask for a new one"


@dataclass(frozen=True, slots=True)
class IssuedLink:
    """A new link and its code: the only moment the code exists."""

    link: AccountLink
    code: str

    @property
    def url(self) -> str:
        return f"{settings.PUBLIC_URL}/link/#{self.code}"


def digest(code: str) -> bytes:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()


@transaction.atomic
def issue_link(*, user: User, purpose: str, by_mail: bool = False) -> IssuedLink:
    """Make a link for a person; an older one for the same purpose ends.

    Raises `Conflict` for a closed account and for a service account, which has no password.
    """
    if not user.is_active or user.role == Role.SERVICE:
        raise Conflict("This account does not sign in with a password.", code="no_password")
    AccountLink.objects.select_for_update().filter(user=user, purpose=purpose, ended_at=None).update(
        ended_at=timezone.now()
    )
    code = f"{require_tenant_id().hex}.{secrets.token_urlsafe(32)}"
    expires_at = timezone.now() + LIFETIMES[purpose]
    link = AccountLink.objects.create(
        user=user, purpose=purpose, digest=digest(code), by_mail=by_mail, expires_at=expires_at
    )
    record(events.LINK_ISSUED, subject_of(user), concerns=[user.id], purpose=str(purpose), by_mail=by_mail)
    return IssuedLink(link, code)


def tenant_of_code(code: str) -> UUID:
    """Return the tenant that a code names; raises `LinkEnded` for what is no code."""
    try:
        return UUID(hex=code.partition(".")[0])
    except ValueError as error:
        raise LinkEnded from error


def use_link(*, request: HttpRequest, code: str, password: str) -> User:
    """Give the person of a link the password they chose; the link and every session of theirs end.

    Raises `LinkEnded`, `Invalid` for a weak password (the link stays), `TooManyRequests`.
    """
    get_rate_limiter(CODES_PER_ADDRESS).is_allowed(subscriber_of(request)).require()
    tenant_id = tenant_of_code(code.strip())
    with tenant_context(tenant_id, actor=Actor(Source.USER, None, "")):
        holders = AccountLink.objects.open().filter(user__is_active=True, tenant__is_active=True)
        link = (
            holders.select_related("user").select_for_update(of=("self",)).filter(digest=digest(code.strip())).first()
        )
        if link is None:
            raise LinkEnded
        with tenant_context(tenant_id, actor=link.user.actor):
            user = set_password(user=link.user, password=password, reason=f"{link.get_purpose_display()} by link.")
            if link.by_mail:
                User.objects.filter(id=user.id).update(email_verified=True)
                user.email_verified = True
            record(events.LINK_USED, subject_of(user), concerns=[user.id], purpose=link.purpose)
    return user


def send_invitation(*, tenant_id: UUID, user_id: UUID) -> None:
    """Send a person the link that opens their account; a person who has one by now gets none.

    Raises `OSError` or `smtplib.SMTPException` where no mail server takes it.
    """
    with tenant_context(tenant_id, actor=SYSTEM):
        user: User | None = User.objects.active().filter(id=user_id).select_related("tenant").first()
        if user is None or user.has_usable_password():
            return
        issued = issue_link(user=user, purpose=LinkPurpose.INVITATION, by_mail=True)
    send_link(user, issued)


def send_reset(*, email: str) -> None:
    """Send the person of an address a link for a new password; nothing where there is none, and nobody is told.

    Raises `OSError` or `smtplib.SMTPException` where no mail server takes it.
    """
    tenant_id = tenant_of_login(email)
    if tenant_id is None:
        logger.info("password reset asked for an unknown address")
        return
    with tenant_context(tenant_id, actor=SYSTEM):
        user: User | None = User.objects.people().filter(email=email.strip().lower()).select_related("tenant").first()
        if user is None:
            return
        issued = issue_link(user=user, purpose=LinkPurpose.RESET, by_mail=True)
    send_link(user, issued)


def send_link(user: User, issued: IssuedLink) -> None:
    purpose = issued.link.purpose
    send_letter(
        to=user.email, subject=SUBJECTS[purpose], template=purpose, person=user, tenant=user.tenant, link=issued.url,
        expires_at=issued.link.expires_at,
    )  # fmt: skip


def throttle_reset(request: HttpRequest, email: str) -> None:
    """Count a question for a new password, the same for addresses that nobody has; raises `TooManyRequests`."""
    for limit, subject in ((RESETS_PER_ADDRESS, subscriber_of(request)), (RESETS_PER_ACCOUNT, email)):
        get_rate_limiter(limit).is_allowed(subject).require()
