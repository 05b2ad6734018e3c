"""Ending sessions: a lost laptop is signed out from another one."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from accounts import events
from accounts.models import Session, User
from accounts.services.people import subject_of
from audit.services import record


@transaction.atomic
def revoke_sessions(*, user: User, sessions: Iterable[UUID], reason: str = "") -> int:
    """End these sessions of a person, at once in every process; return how many were still there."""
    ended, _ = Session.objects.filter(user=user, id__in=list(sessions)).delete()
    if ended:
        record(events.SESSION_REVOKED, subject_of(user), reason=reason, concerns=[user.id], sessions=ended)
    return ended


@transaction.atomic
def revoke_all_sessions(*, user: User, keep: UUID | None = None, reason: str = "") -> int:
    """End all sessions of a person, but for the one to `keep`; return how many there were."""
    sessions = set(Session.objects.filter(user=user).values_list("id", flat=True))
    return revoke_sessions(user=user, sessions=sessions - {keep}, reason=reason)
