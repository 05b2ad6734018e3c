"""Endpoints: who outside gets which events."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit import events
from audit.events import CATALOGUE, canonical_name
from audit.models import DeliveryEndpoint
from audit.queries import head
from audit.services.changes import changes_of
from audit.services.log import Subject, record
from audit.webhooks.addresses import parse
from audit.webhooks.signing import new_secret
from common.errors import Conflict, Invalid

CHANGEABLE = frozenset({"url", "description", "event_types"})
MOST_ENDPOINTS = 50
OVERLAP = timedelta(hours=24)
"""how long both secrets sign after a rotation"""


def subject_of(endpoint: DeliveryEndpoint) -> Subject:
    return Subject(type="webhook", id=endpoint.id, label=str(endpoint), project_id=endpoint.project_id)


@transaction.atomic
def create_endpoint(
    *,
    url: str,
    event_types: Sequence[str] = (),
    description: str = "",
    project_id: UUID | None = None,
    created_by: UUID | None = None,
) -> DeliveryEndpoint:
    """Make an endpoint that gets what happens from now on; its `secret` is on the row that is returned.

    Raises `Invalid` for a URL that nothing may be delivered to and for an unknown event, `Conflict` for one too many.
    """
    parse(url)
    if DeliveryEndpoint.objects.count() >= MOST_ENDPOINTS:
        raise Conflict(f"A tenant has at most {MOST_ENDPOINTS} endpoints.", code="too_many_endpoints")
    endpoint: DeliveryEndpoint = DeliveryEndpoint.objects.create(
        url=url,
        event_types=known_types(event_types),
        description=description,
        project_id=project_id,
        created_by=created_by,
        secret=new_secret(),
        position=head(),
    )
    record(events.WEBHOOK_CREATED, subject_of(endpoint), event_types=endpoint.event_types)
    return endpoint


def known_types(names: Sequence[str]) -> list[str]:
    """Return canonical event names; raises `Invalid` for a name that is in no catalogue."""
    unknown = sorted(name for name in names if canonical_name(name) not in CATALOGUE)
    if unknown:
        raise Invalid("Unknown events.", errors={"event_types": [f"There is no event {name}." for name in unknown]})
    return sorted({canonical_name(name) for name in names})


@transaction.atomic
def update_endpoint(*, endpoint: DeliveryEndpoint, reason: str = "", **changes: Any) -> DeliveryEndpoint:
    """Change what differs. Raises `Invalid` as at its creation."""
    if "url" in changes:
        parse(changes["url"])
    if "event_types" in changes:
        changes["event_types"] = known_types(changes["event_types"])
    changed = {
        name: value for name, value in changes.items() if name in CHANGEABLE and getattr(endpoint, name) != value
    }
    if changed:
        differences = changes_of(endpoint, changed)
        DeliveryEndpoint.objects.filter(id=endpoint.id).update(**changed)
        endpoint.refresh_from_db()
        record(
            events.WEBHOOK_UPDATED,
            subject_of(endpoint),
            reason=reason,
            changes=differences,
            changed=sorted(changed),
        )
    return endpoint


@transaction.atomic
def rotate_secret(*, endpoint: DeliveryEndpoint, reason: str = "") -> DeliveryEndpoint:
    """Give an endpoint a new secret, which is on the row that is returned; for a day the old one signs too."""
    locked = DeliveryEndpoint.objects.select_for_update().get(id=endpoint.id)
    locked.previous_secret, locked.previous_secret_until = locked.secret, timezone.now() + OVERLAP
    locked.secret = new_secret()
    locked.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
    record(events.WEBHOOK_SECRET_ROTATED, subject_of(locked), reason=reason)
    return locked


@transaction.atomic
def disable_endpoint(*, endpoint: DeliveryEndpoint, reason: str) -> DeliveryEndpoint:
    """Stop delivering. What is not delivered yet waits; events from now on are none of the endpoint's."""
    active = DeliveryEndpoint.objects.filter(id=endpoint.id, is_active=True)
    if active.update(is_active=False, disabled_at=timezone.now(), disabled_reason=reason[:500]):
        record(events.WEBHOOK_DISABLED, subject_of(endpoint), reason=reason, concerns=[endpoint.created_by])
    endpoint.refresh_from_db()
    return endpoint


@transaction.atomic
def enable_endpoint(*, endpoint: DeliveryEndpoint, reason: str = "") -> DeliveryEndpoint:
    """Deliver again: what still waits, and events from now on."""
    disabled = DeliveryEndpoint.objects.filter(id=endpoint.id, is_active=False)
    values = {"is_active": True, "disabled_at": None, "disabled_reason": "", "failures": 0, "position": head()}
    if disabled.update(**values):
        record(events.WEBHOOK_ENABLED, subject_of(endpoint), reason=reason)
    endpoint.refresh_from_db()
    return endpoint


@transaction.atomic
def delete_endpoint(*, endpoint: DeliveryEndpoint, reason: str = "") -> None:
    """Remove an endpoint with its deliveries. The log keeps that it was there."""
    record(events.WEBHOOK_DELETED, subject_of(endpoint), reason=reason)
    endpoint.deliveries.all().delete()
    DeliveryEndpoint.objects.filter(id=endpoint.id).delete()


@transaction.atomic
def send_test(*, endpoint: DeliveryEndpoint) -> None:
    """Record an event that goes to this endpoint and to no other. Raises `Conflict` where it is disabled."""
    if not endpoint.is_active:
        raise Conflict("The endpoint is disabled; enable it first.", code="endpoint_disabled")
    record(events.WEBHOOK_TESTED, subject_of(endpoint))
