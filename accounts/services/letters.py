"""Notifications by letter: each at once, or together once a day, as its person prefers.

A letter says what happened and where to look. It carries no link that decides anything: whoever opens one signs in.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from smtplib import SMTPDataError, SMTPException, SMTPNotSupportedError, SMTPRecipientsRefused
from zoneinfo import ZoneInfo

from django.utils import timezone

from accounts.models import Notification, NotificationTiming, User, UserPreference
from accounts.queries import preferences_of
from accounts.querysets import NotificationQuerySet
from common.context import SYSTEM
from common.mail import send_letter
from common.tenancy import system_call, tenant_context

logger = logging.getLogger("countermark.letters")

YOUNG = timedelta(days=2)
"""what is older is not news: it waits in the product"""
MOST = 500
"""lines of one letter"""
CLAIM = timedelta(minutes=10)
"""longer than a job may run (CELERY_TASK_TIME_LIMIT)"""
ONE_LETTER = (SMTPRecipientsRefused, SMTPDataError, SMTPNotSupportedError, ValueError)
"""what is wrong with one letter or its address, not with the mail server"""


@dataclass(frozen=True, slots=True)
class Letter:
    """What one person is written now."""

    user: User
    rows: tuple[Notification, ...]
    is_digest: bool

    @property
    def is_warning(self) -> bool:
        return self.rows[0].is_warning

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What happened, each on one line whatever somebody wrote into it, and the path of its page."""
        return [(" ".join(row.title.split())[:300], row.url) for row in self.rows]

    @property
    def subject(self) -> str:
        if self.is_digest:
            return f"Your day in Countermark: {len(self.rows)} new"
        if self.is_warning:
            return f"About your account: {self.rows[0].title if len(self.rows) == 1 else f'{len(self.rows)} changes'}"
        return self.rows[0].title if len(self.rows) == 1 else f"{len(self.rows)} things wait for you"


def send_notifications() -> int:
    """Send what is due in every tenant; return how many letters went out. Without a mail server it waits."""
    sent = 0
    for row in system_call("tenants_with_letters", timezone.now() - YOUNG):
        within = partial(tenant_context, row["tenant_id"], actor=SYSTEM)
        with within():
            people = people_with_news()
        for user in people:
            with within():
                letter = claim_letter(user)
            if letter is None:
                continue
            try:
                send_letter(to=user.email, subject=letter.subject, template="notifications", letter=letter)
            except ONE_LETTER as error:
                # Tried again when the claim ends; nobody else waits for it.
                logger.warning("mail server refuses a letter", extra={"error": type(error).__name__})
                continue
            except (OSError, SMTPException) as error:
                logger.warning("mail server does not take letters", extra={"error": type(error).__name__})
                with within():
                    release_letter(letter)
                return sent
            with within():
                note_sent(letter)
            sent += 1
    return sent


def news() -> NotificationQuerySet:
    """Return what may be written about now in the running tenant."""
    now = timezone.now()
    return Notification.objects.unsent().unclaimed(now).filter(created_at__gt=now - YOUNG)


def people_with_news() -> list[User]:
    """Return whom a letter may be written to: who may sign in, and has not said never or has to be warned."""
    unwilling = UserPreference.objects.filter(notifications=NotificationTiming.NONE).values("user_id")
    wanted = news().exclude(user_id__in=unwilling, is_warning=False).values("user_id")
    return list(User.objects.people().filter(id__in=wanted).order_by("id"))


def claim_letter(user: User) -> Letter | None:
    """Claim what a person is to be written now, and return it; None where nothing is due. Of two who ask at once one
    gets it. Warnings about the account go first, in a letter of their own, whatever is preferred.

    Claimed first, sent after the commit, noted as sent after that: who dies in between holds the claim for a while,
    then another round sends it. So nothing is lost, and in the worst case a letter comes twice.
    """
    now = timezone.now()
    if warnings := claimed(news().filter(user=user, is_warning=True), now):
        return Letter(user, warnings, is_digest=False)
    preference = preferences_of(user)
    if preference.notifications == NotificationTiming.NONE:
        return None
    is_digest = preference.notifications == NotificationTiming.DIGEST
    due = news().filter(user=user, created_at__lt=last_digest_hour(preference, now) if is_digest else now)
    rows = claimed(due, now)
    return Letter(user, rows, is_digest) if rows else None


def claimed(due: NotificationQuerySet, now: datetime) -> tuple[Notification, ...]:
    """Claim what of this nobody else is claiming."""
    rows = tuple(due.select_for_update(skip_locked=True).order_by("id")[:MOST])
    Notification.objects.filter(id__in=[row.id for row in rows]).update(claimed_until=now + CLAIM)
    return rows


def note_sent(letter: Letter) -> None:
    field = "digest_at" if letter.is_digest else "emailed_at"
    rows_of(letter).update(claimed_until=None, **{field: timezone.now()})


def release_letter(letter: Letter) -> None:
    """Take the claim back: the next round tries again."""
    rows_of(letter).update(claimed_until=None)


def rows_of(letter: Letter) -> NotificationQuerySet:
    rows: NotificationQuerySet = Notification.objects.filter(id__in=[row.id for row in letter.rows])
    return rows


def last_digest_hour(preference: UserPreference, now: datetime) -> datetime:
    """Return when the person's last daily letter was due, by their own clock."""
    local = now.astimezone(ZoneInfo(preference.time_zone))
    due = local.replace(hour=preference.daily_digest_hour, minute=0, second=0, microsecond=0)
    return due if due <= local else due - timedelta(days=1)
