"""Answers about people that are not a filter on one table."""

from dataclasses import dataclass, replace
from uuid import UUID

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.utils import timezone

from accounts.models import AccountLink, ApiToken, LinkPurpose, Notification, Role, Session, User, UserPreference
from common.context import Principal
from common.errors import NotFound

COUNTED = 99


def person(user_id: UUID) -> User:
    """Return a person of the running tenant; raises `NotFound`."""
    user: User | None = User.objects.filter(id=user_id).first()
    if user is None:
        raise NotFound("No such person.")
    return user


def preferences_of(user: User) -> UserPreference:
    """Return what a person prefers; the defaults, unsaved, where they never said."""
    return user.preferences.first() or UserPreference(user=user)


def viewer(user_id: UUID) -> User:
    """Return the person behind a page, with `unread_ids`: what they have not read, counted as far as the badge goes."""
    unread = Notification.objects.unread().filter(user=OuterRef("id")).order_by().values("id")
    user: User = User.objects.annotate(unread_ids=ArraySubquery(unread[: COUNTED + 1])).get(id=user_id)
    return user


def still_valid(principal: Principal) -> Principal | None:
    """Return the caller with the role the person has now; None where account, session or token has ended since.

    A socket asks this with every batch: what it showed at its start must not outlive a revocation.
    """
    user: User | None = User.objects.filter(id=principal.user_id, is_active=True, tenant__is_active=True).first()
    if user is None or not credential_holds(principal):
        return None
    return replace(principal, role=user.role)


def credential_holds(principal: Principal) -> bool:
    if principal.credential is None:
        return False
    if principal.via == "session":
        return Session.objects.filter(id=principal.credential, expires_at__gt=timezone.now()).exists()
    return ApiToken.objects.usable().filter(id=principal.credential).exists()


MOST = 200


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who has not come in yet, and the newest link they got; None: no letter has gone out."""

    user: User
    link: AccountLink | None


def invited_people() -> list[Invited]:
    """Return the active people without a password, the newest first."""
    without = User.objects.active().filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    people = without.exclude(role=Role.SERVICE).order_by("-id")[:MOST]
    links = AccountLink.objects.filter(user__in=list(people), purpose=LinkPurpose.INVITATION).order_by("id")
    newest = {link.user_id: link for link in links}
    return [Invited(user, newest.get(user.id)) for user in people]


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A program's account with its usable tokens."""

    user: User
    tokens: list[ApiToken]


def service_accounts() -> list[ServiceAccount]:
    """Return the active service accounts by name."""
    users = list(User.objects.active().filter(role=Role.SERVICE).order_by("display_name", "id")[:MOST])
    tokens = ApiToken.objects.usable().filter(user__in=users, agent_id=None).order_by("-id")
    return [ServiceAccount(user, [token for token in tokens if token.user_id == user.id]) for user in users]
