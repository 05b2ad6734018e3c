"""How a person wants the product to look and to write."""

from typing import Any
from zoneinfo import available_timezones

from django.db import transaction

from accounts import events
from accounts.models import User, UserPreference
from accounts.services.people import subject_of
from audit.services import changes_of, record
from common.errors import Invalid

CHANGEABLE = frozenset({"theme", "time_zone", "notifications", "daily_digest_hour", "preferences"})


@transaction.atomic
def update_preferences(*, user: User, **changes: Any) -> UserPreference:
    """Change what differs from what a person has, or from the defaults. `Invalid` for an unknown time zone."""
    if "time_zone" in changes and changes["time_zone"] not in available_timezones():
        words = "Choose a name of the IANA database, such as Europe/Berlin."
        raise Invalid("There is no such time zone.", errors={"time_zone": [words]})
    row, _ = UserPreference.objects.select_for_update().get_or_create(user=user)
    changed = {name: value for name, value in changes.items() if name in CHANGEABLE and getattr(row, name) != value}
    if changed:
        differences = changes_of(row, changed)
        UserPreference.objects.filter(id=row.id).update(**changed)
        row.refresh_from_db()
        record(
            events.PREFERENCES_CHANGED,
            subject_of(user),
            concerns=[user.id],
            changes=differences,
            changed=sorted(changed),
        )
    return row
