"""Notifications by letter: each at once, or together once a day, as its person prefers.

A letter says what happened and where to look. It carries no link that decides anything: whoever opens one signs in.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException
from zoneinfo import ZoneInfo

from django.utils import timezone

from accounts.models import Notification, NotificationTiming, Role, User, UserPreference
from common.context import SYSTEM
from common.mail import send_letter
from common.tenancy import system_call, tenant_context

logger = logging.getLogger("countermark.letters")

YOUNG = timedelta(days=2)
"""what is older is not news: it waits in the product"""
MOST = 500
"""rows of one tenant and round"""


@dataclass(frozen=True, slots=True)
class Letter:
    """What one person is written now."""

    user: User
    rows: tuple[Notification, ...]
    is_digest: bool

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What happened, each on one line whatever somebody wrote into it, and the path of its page."""
        return [(" ".join(row.title.split())[:300], row.url) for row in self.rows]

    @property
    def subject(self) -> str:
        if self.is_digest:
            return f"Your day in Countermark: {len(self.rows)} new"
        return self.rows[0].title if len(self.rows) == 1 else f"{len(self.rows)} things wait for you"


def send_notifications() -> int:
    """Send what is due in every tenant; return how many letters went out. Without a mail server it waits."""
    sent = 0
    for row in system_call("tenants_with_letters", timezone.now() - YOUNG):
        with tenant_context(row["tenant_id"], actor=SYSTEM):
            letters = claim_letters()
        for number, letter in enumerate(letters):
            try:
                send_letter(to=letter.user.email, subject=letter.subject, template="notifications", letter=letter)
            except (OSError, SMTPException) as error:
                logger.warning("mail server does not take letters", extra={"error": type(error).__name__})
                with tenant_context(row["tenant_id"], actor=SYSTEM):
                    release_letters(letters[number:])
                return sent
            sent += 1
    return sent


def claim_letters() -> list[Letter]:
    """Mark what is due in the running tenant as sent, and return it: two who ask at once write no person twice.

    Marked first, sent after the commit: who dies in between has not written, and the product still shows it.
    """
    now = timezone.now()
    unsent = Notification.objects.unsent().filter(created_at__gt=now - YOUNG)
    rows: dict[User, list[Notification]] = defaultdict(list)
    for row in unsent.select_related("user").select_for_update(skip_locked=True, of=("self",)).order_by("id")[:MOST]:
        rows[row.user].append(row)
    chosen = {each.user_id: each for each in UserPreference.objects.filter(user__in=list(rows))}
    letters = [
        letter_to(user, chosen.get(user.id) or UserPreference(user=user), due, now) for user, due in rows.items()
    ]
    found = [letter for letter in letters if letter.rows]
    for letter in found:
        field = "digest_at" if letter.is_digest else "emailed_at"
        Notification.objects.filter(id__in=[row.id for row in letter.rows]).update(**{field: now})
    return found


def letter_to(user: User, preference: UserPreference, rows: Iterable[Notification], now: datetime) -> Letter:
    """Return what a person is written now; nothing, where they want no letters or cannot read them any more."""
    is_digest = preference.notifications == NotificationTiming.DIGEST
    reads = user.is_active and user.role != Role.SERVICE and preference.notifications != NotificationTiming.NONE
    before = last_digest_hour(preference, now) if is_digest else now
    return Letter(user, tuple(row for row in rows if reads and row.created_at < before), is_digest)


def last_digest_hour(preference: UserPreference, now: datetime) -> datetime:
    """Return when the person's last daily letter was due, by their own clock."""
    local = now.astimezone(ZoneInfo(preference.time_zone))
    due = local.replace(hour=preference.daily_digest_hour, minute=0, second=0, microsecond=0)
    return due if due <= local else due - timedelta(days=1)


def release_letters(letters: Iterable[Letter]) -> None:
    """Take back that these were sent: the next round tries again."""
    identifiers = [row.id for letter in letters for row in letter.rows]
    Notification.objects.filter(id__in=identifiers).update(emailed_at=None, digest_at=None)
