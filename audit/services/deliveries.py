"""Deliveries: made from the log by a cursor of each endpoint, tried until they arrive or are given up.

At least once: what a killed sender had in hand is tried again when its claim has run out.
"""

import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from audit import events
from audit.models import Delivery, DeliveryEndpoint, DeliveryStatus, Event
from audit.queries import PlacedEvent, head, placed_after
from audit.services.endpoints import disable_endpoint, subject_of
from audit.services.log import record
from audit.webhooks.sender import Answer
from audit.webhooks.signing import headers_of
from common.errors import Conflict

MINUTE, HOUR = 60, 3600
# Standard Webhooks' own schedule, in seconds after the attempt before; the last failure is the end.
SCHEDULE = (5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
JITTER = 0.2
CLAIM = timedelta(seconds=60)
"""a sender that has not said what became of a delivery by then is taken for dead; one attempt takes 15 s at most"""
PER_ENDPOINT, PER_ROUND = 2, 16
FAILING_FOR = timedelta(days=5)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed delivery, ready to be sent: no database is needed for it any more."""

    delivery: Delivery
    url: str
    headers: dict[str, str]
    body: bytes


# --- from the log ----------------------------------------------------------------------------------------------------
def make_deliveries() -> bool:
    """Give each active endpoint that is behind the log its next deliveries; return whether there is more to do."""
    newest = head()
    behind = DeliveryEndpoint.objects.filter(is_active=True, position__lt=newest)
    return any([make_deliveries_for(endpoint) for endpoint in behind.order_by("id")])


@transaction.atomic
def make_deliveries_for(endpoint: DeliveryEndpoint) -> bool:
    locked = DeliveryEndpoint.objects.select_for_update().get(id=endpoint.id)
    batch = placed_after(locked.position, limit=BATCH)
    wanted = [one for one in batch.events if wants(locked, one.event)]
    Delivery.objects.bulk_create(
        [
            Delivery(endpoint=locked, event_id=one.event.id, pos=one.pos, next_attempt_at=timezone.now())
            for one in wanted
        ],
        ignore_conflicts=True,
    )
    DeliveryEndpoint.objects.filter(id=locked.id).update(position=batch.upto)
    return batch.upto - locked.position >= BATCH


def wants(endpoint: DeliveryEndpoint, event: Event) -> bool:
    """Whether an event is one of this endpoint's: of its project, of its types, and for the members of the project.

    An endpoint of the tenant gets what administrators see. Events about endpoints go to none, or a receiver that fails
    would be told of its own failures for ever; a test goes to the one it tests.
    """
    if event.resource_type == "webhook":
        return event.event_type == events.WEBHOOK_TESTED.name and event.resource_id == endpoint.id
    if endpoint.project_id and (event.project_id != endpoint.project_id or event.audience != "project"):
        return False
    return not endpoint.event_types or event.event_type in endpoint.event_types


# --- sending ---------------------------------------------------------------------------------------------------------
@transaction.atomic
def claim_deliveries(*, limit: int = PER_ROUND) -> list[Parcel]:
    """Take due deliveries of the running tenant, the oldest first; nobody else takes them for a while."""
    now = timezone.now()
    due = Delivery.objects.filter(next_attempt_at__lte=now, endpoint__is_active=True)
    rows = (
        due.select_related("endpoint")
        .select_for_update(of=("self",), skip_locked=True)
        .order_by("next_attempt_at", "pos")
    )
    taken: dict[object, list[Delivery]] = {}
    for row in rows[: limit * 4]:
        own = taken.setdefault(row.endpoint_id, [])
        if len(own) < PER_ENDPOINT and sum(map(len, taken.values())) < limit:
            own.append(row)
    claimed = [row for own in taken.values() for row in own]
    Delivery.objects.filter(id__in=[row.id for row in claimed]).update(
        next_attempt_at=now + CLAIM, attempts=F("attempts") + 1
    )
    for row in claimed:
        row.attempts += 1
    logged = Event.objects.in_bulk([row.event_id for row in claimed])
    return [parcel(row, logged[row.event_id]) for row in claimed if row.event_id in logged]


def parcel(delivery: Delivery, event: Event) -> Parcel:
    """Return what is sent: at each attempt the same bytes and `webhook-id`, with a timestamp and signature of now."""
    endpoint = delivery.endpoint
    now = timezone.now()
    keys = [endpoint.secret]
    if endpoint.previous_secret and endpoint.previous_secret_until and endpoint.previous_secret_until > now:
        keys.append(endpoint.previous_secret)
    body = payload(PlacedEvent(delivery.pos, event))
    identifier = f"msg_{event.id.hex}"
    return Parcel(delivery, endpoint.url, headers_of(keys, identifier, int(time.time()), body), body)


def payload(placed: PlacedEvent) -> bytes:
    """Return an event as receivers get it: Standard Webhooks' type, timestamp and data."""
    message = placed.message()
    document = {"type": message.pop("type"), "timestamp": message.pop("ts"), "data": message.pop("data")}
    kept = {name: message[name] for name in ("id", "pos", "project_id", "task_id", "actor")}
    resource = {
        "type": placed.event.resource_type,
        "id": str(placed.event.resource_id) if placed.event.resource_id else None,
        "label": placed.event.resource_label,
    }
    return orjson.dumps({**document, **kept, "resource": resource})


@transaction.atomic
def settle_delivery(*, delivery: Delivery, answer: Answer) -> Delivery:
    """Write down what became of an attempt: delivered, to be tried again, or given up. Disables a dead endpoint."""
    row = Delivery.objects.select_for_update().select_related("endpoint").get(id=delivery.id)
    if row.status in {DeliveryStatus.DELIVERED, DeliveryStatus.DEAD}:
        return row
    row.last_status_code, row.last_error = answer.status, answer.error
    endpoints = DeliveryEndpoint.objects.filter(id=row.endpoint_id)
    if answer.is_good:
        row.status, row.delivered_at, row.next_attempt_at = DeliveryStatus.DELIVERED, timezone.now(), None
        endpoints.update(failures=0, failing_since=None)
    else:
        again = None if answer.is_final else next_attempt(row.attempts)
        row.status, row.next_attempt_at = (DeliveryStatus.FAILED, again) if again else (DeliveryStatus.DEAD, None)
        endpoints.update(failures=F("failures") + 1, failing_since=Coalesce("failing_since", Now()))
    row.save(update_fields=["status", "delivered_at", "next_attempt_at", "last_status_code", "last_error"])
    if not answer.is_good:
        give_up(row, answer)
    return row


def next_attempt(attempts: int) -> datetime | None:
    """Return when the next attempt is due after this many, None after the last."""
    if attempts > len(SCHEDULE):
        return None
    # Not a secret: spreads the receivers' load.
    spread = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  # nosec B311
    return timezone.now() + timedelta(seconds=SCHEDULE[attempts - 1] * spread)


def give_up(row: Delivery, answer: Answer) -> None:
    """Tell of a delivery that has ended in vain, and disable an endpoint that is gone or has failed for days."""
    endpoint = DeliveryEndpoint.objects.get(id=row.endpoint_id)
    if row.status == DeliveryStatus.DEAD:
        record(
            events.WEBHOOK_DELIVERY_FAILED,
            subject_of(endpoint),
            outcome=events.Outcome.FAILURE,
            error=answer.error,
            concerns=[endpoint.created_by],
            event_id=str(row.event_id),
            attempts=row.attempts,
        )
    if answer.is_final:
        disable_endpoint(endpoint=endpoint, reason="The receiver says that it is gone (410).")
    elif endpoint.failing_since and timezone.now() - endpoint.failing_since > FAILING_FOR:
        disable_endpoint(endpoint=endpoint, reason=f"Nothing was delivered for {FAILING_FOR.days} days.")


@transaction.atomic
def retry_delivery(*, delivery: Delivery, reason: str = "") -> Delivery:
    """Try a delivery again from the first attempt on, now. Raises `Conflict` for one that was delivered."""
    again = Delivery.objects.filter(id=delivery.id).exclude(status=DeliveryStatus.DELIVERED)
    if not again.update(status=DeliveryStatus.PENDING, attempts=0, next_attempt_at=timezone.now()):
        raise Conflict("This delivery has arrived.", code="delivered")
    delivery.refresh_from_db()
    record(
        events.WEBHOOK_DELIVERY_RETRIED, subject_of(delivery.endpoint), reason=reason, event_id=str(delivery.event_id)
    )
    return delivery
