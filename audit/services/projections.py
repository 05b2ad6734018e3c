"""What is made from the log: each reader has a cursor, and moves on in the transaction of what it makes."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.events import Audience, EventType, event_type, events_placed
from audit.models import ActivityItem, ActivityVisibility, Event, Projection
from audit.queries import PlacedEvent, page_of, placed_after, sentence_of
from audit.services.deliveries import make_deliveries
from common.context import Source

ACTIVITY, SIGNAL = "activity", "signal"
BATCH = 500


def catch_up() -> bool:
    """Bring everything that is made from the running tenant's log one batch further; return whether there is more."""
    return any([advance(ACTIVITY, make_activity), advance(SIGNAL, tell_receivers), make_deliveries()])


@transaction.atomic
def advance(name: str, make: Callable[[Sequence[PlacedEvent]], None]) -> bool:
    """Give the next batch to `make`, exactly once: its writes and the cursor are one transaction."""
    cursor, _ = Projection.objects.select_for_update().get_or_create(name=name)
    batch = placed_after(cursor.position, limit=BATCH)
    if batch.upto == cursor.position:
        return False
    make(batch.events)
    Projection.objects.filter(id=cursor.id).update(position=batch.upto)
    return batch.upto - cursor.position >= BATCH


def tell_receivers(placed: Sequence[PlacedEvent]) -> None:
    events_placed.send(sender=Event, events=[one.event for one in placed])


def make_activity(placed: Sequence[PlacedEvent]) -> None:
    """Write the feed's items of these events: those that people want to read, and that are not pruned already."""
    oldest = timezone.now() - timedelta(days=settings.RETENTION_DAYS["activity"])
    events = [one.event for one in placed if event_type(one.event.event_type).feed and one.event.recorded_at > oldest]
    there = set(ActivityItem.objects.filter(event_id__in=[e.id for e in events]).values_list("event_id", flat=True))
    items = {event: item_of(event, event_type(event.event_type)) for event in events if event.id not in there}
    ActivityItem.objects.bulk_create(items.values())
    ActivityVisibility.objects.bulk_create(
        ActivityVisibility(item=item, user_id=person) for event, item in items.items() for person in event.concerns
    )


def item_of(event: Event, entry: EventType) -> ActivityItem:
    """Return an event as an unsaved item: with its project for all members, without one for those it concerns."""
    return ActivityItem(
        event_id=event.id,
        created_at=event.recorded_at,
        kind=event.event_type,
        sentence=sentence_of(event)[:500],
        description=event.reason,
        url=page_of(event),
        project_id=event.project_id if entry.audience is Audience.PROJECT else None,
        task_id=event.task_id,
        user_id=event.actor_id if event.source == Source.USER else None,
        agent_id=event.actor_id if event.source == Source.AGENT else None,
        actor_label=event.actor_label,
    )


@transaction.atomic
def restart_activity() -> None:
    """Throw the running tenant's feed away and read the log again from its beginning; `catch_up` makes it anew."""
    cursor, _ = Projection.objects.select_for_update().get_or_create(name=ACTIVITY)
    ActivityVisibility.objects.all().delete()
    ActivityItem.objects.all().delete()
    Projection.objects.filter(id=cursor.id).update(position=0)
