"""A person's account at GitHub. Its token is encrypted in the database and shown by nothing."""

from datetime import datetime

from django.db import transaction

from accounts import events
from accounts.models import User
from accounts.services.people import subject_of
from audit.services import changes_of, record
from common.duplicates import refusing_duplicates


@transaction.atomic
def connect_github(
    *, user: User, github_user_id: int, username: str, access_token: str, expires_at: datetime | None = None
) -> User:
    """Tie a person to their GitHub account, or renew its token. `Conflict` where somebody else has that account."""
    values = {
        "github_user_id": github_user_id,
        "github_username": username,
        "github_access_token": access_token,
        "github_token_expires_at": expires_at,
    }
    changes, is_new = changes_of(user, values), user.github_user_id != github_user_id
    with refusing_duplicates("This GitHub account belongs to somebody else here.", code="identity_taken"):
        User.objects.filter(id=user.id).update(**values)
    user.refresh_from_db()
    event = events.GITHUB_CONNECTED if is_new else events.GITHUB_RENEWED
    record(event, subject_of(user), concerns=[user.id], changes=changes, github_user_id=github_user_id)
    return user


@transaction.atomic
def disconnect_github(*, user: User, reason: str = "") -> User:
    """Forget a person's GitHub account and its token. Without one nothing changes."""
    connected = User.objects.filter(id=user.id, github_user_id__isnull=False)
    if connected.update(
        github_user_id=None, github_username="", github_access_token=None, github_token_expires_at=None
    ):
        record(events.GITHUB_DISCONNECTED, subject_of(user), reason=reason, concerns=[user.id])
    user.refresh_from_db()
    return user
