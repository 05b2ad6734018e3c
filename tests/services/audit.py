"""What each service of audit leaves in the log: scenes for tests/test_services_record.py."""

from typing import Any

from django.utils import timezone

from audit import services as audit
from audit.models import Delivery, DeliveryEndpoint, Event
from audit.tests.sealing import sealed
from audit.webhooks.sender import Answer
from tests.services.registry import SCENES, as_

TOLD: dict[str, Any] = {"name": "deployment.completed", "subject": "production", "summary": "v1 is out"}


def endpoint() -> DeliveryEndpoint:
    return audit.create_endpoint(url="https://hooks.example.org/in")


def delivery() -> Delivery:
    row: Delivery = Delivery.objects.create(
        endpoint=endpoint(), event_id=Event.objects.latest("id").id, pos=1, next_attempt_at=timezone.now()
    )
    return row


SCENES |= {
    "audit.verify_range": (
        as_("admin", lambda w: audit.verify_range(checkpoint=sealed(w))),
        ["log.verification_passed"],
    ),
    "audit.record_external": (
        as_("viewer", lambda w: audit.record_external(principal=w.viewer.principal(), **TOLD)),
        ["deployment.completed"],
    ),
    "audit.create_endpoint": (as_("admin", lambda w: endpoint()), ["webhook.created"]),
    "audit.update_endpoint": (
        as_("admin", lambda w: audit.update_endpoint(endpoint=endpoint(), description="new")),
        ["webhook.created", "webhook.updated"],
    ),
    "audit.rotate_secret": (
        as_("admin", lambda w: audit.rotate_secret(endpoint=endpoint())),
        ["webhook.created", "webhook.secret_rotated"],
    ),
    "audit.disable_endpoint": (
        as_("admin", lambda w: audit.disable_endpoint(endpoint=endpoint(), reason="enough")),
        ["webhook.created", "webhook.disabled"],
    ),
    "audit.enable_endpoint": (
        as_("admin", lambda w: audit.enable_endpoint(endpoint=audit.disable_endpoint(endpoint=endpoint(), reason="x"))),
        ["webhook.created", "webhook.disabled", "webhook.enabled"],
    ),
    "audit.delete_endpoint": (
        as_("admin", lambda w: audit.delete_endpoint(endpoint=endpoint())),
        ["webhook.created", "webhook.deleted"],
    ),
    "audit.send_test": (
        as_("admin", lambda w: audit.send_test(endpoint=endpoint())),
        ["webhook.created", "webhook.tested"],
    ),
    "audit.settle_delivery": (
        as_("admin", lambda w: audit.settle_delivery(delivery=delivery(), answer=Answer(410, "gone", is_final=True))),
        ["webhook.created", "webhook.delivery_failed", "webhook.disabled"],
    ),
    "audit.retry_delivery": (
        as_("admin", lambda w: audit.retry_delivery(delivery=delivery())),
        ["webhook.created", "webhook.delivery_retried"],
    ),
}
