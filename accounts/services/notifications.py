"""Telling people what waits for them: made from events by their catalogue entry, and marked as read."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast
from uuid import UUID

from django.utils import timezone

from accounts.events import HOLDER, people_asked
from accounts.models import Notification, User
from audit.events import CONCERNED, EventType, event_type
from audit.models import Event
from audit.queries import page_of, sentence_of

SECURITY_PAGE = "/settings/security/"


def notify(*, events: Iterable[Event]) -> int:
    """Make the notifications that these events ask for; return how many are new. The same events again make none."""
    rows = [row for event in events for row in rows_of(event, event_type(event.event_type))]
    # A person who was deleted meanwhile is told nothing.
    known = set(User.objects.active().filter(id__in={row.user_id for row in rows}).values_list("id", flat=True))
    wanted = [row for row in rows if row.user_id in known]
    there = Notification.objects.filter(event_id__in={row.event_id for row in wanted})
    told = set(there.values_list("event_id", "user_id"))
    new = [row for row in wanted if (row.event_id, row.user_id) not in told]
    # A relay that runs beside this one may be quicker: the database tells nobody twice.
    Notification.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def rows_of(event: Event, entry: EventType) -> list[Notification]:
    """Return one unsaved notification for each person whom an event's type says to tell."""
    is_warning = entry.notifies == HOLDER
    return [
        Notification(
            user_id=person,
            kind=event.event_type,
            title=sentence_of(event)[:500],
            body=event.reason,
            url=SECURITY_PAGE if is_warning else page_of(event) or "/",
            is_warning=is_warning,
            subject_type=event.resource_type,
            subject_id=event.resource_id,
            event_id=event.id,
        )
        for person in sorted(people_of(event, entry))
    ]


def people_of(event: Event, entry: EventType) -> set[UUID]:
    """Return whom to tell. Nobody is told what they did themselves, but for what was done to their account."""
    concerned = set(event.concerns)
    if entry.notifies == HOLDER:
        return concerned
    people = concerned if set(CONCERNED) & set(entry.notifies) else set[UUID]()
    for group in set(entry.notifies) - set(CONCERNED):
        for _, answer in people_asked.send(sender=EventType, group=group, event=event):
            people |= set(cast("Iterable[UUID]", answer or ()))
    return people - {event.actor_id}


def mark_read(*, user: User, notifications: Iterable[UUID]) -> int:
    """Mark these notifications of a person as read; return how many were not."""
    unread = Notification.objects.unread().filter(user=user, id__in=list(notifications))
    return unread.update(read_at=timezone.now())


def mark_all_read(*, user: User, before: datetime | None = None) -> int:
    """Mark as read what a person has been told, `before` a moment or up to now; return how much that was."""
    moment = before or timezone.now()
    return Notification.objects.unread().filter(user=user, created_at__lte=moment).update(read_at=timezone.now())
