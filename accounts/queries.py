"""Answers about people that are not a filter on one table."""

from dataclasses import replace
from uuid import UUID

from django.utils import timezone

from accounts.models import ApiToken, Session, User, UserPreference
from common.context import Principal
from common.errors import NotFound


def person(user_id: UUID) -> User:
    """Return a person of the running tenant; raises `NotFound`."""
    user: User | None = User.objects.filter(id=user_id).first()
    if user is None:
        raise NotFound("No such person.")
    return user


def preferences_of(user: User) -> UserPreference:
    """Return what a person prefers; the defaults, unsaved, where they never said."""
    return user.preferences.first() or UserPreference(user=user)


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
