"""A webhook of the project with a delivery that failed, and an item of the activity feed."""

from django.utils import timezone

from audit.models import ActivityItem, Delivery, Event
from audit.services import create_endpoint
from tests.world import World


def webhooks(world: World, names: dict[str, str]) -> dict[str, str]:
    with world.as_("engineer"):
        endpoint = create_endpoint(url="https://hooks.example.org/in", project_id=world.project.id)
        delivery = Delivery.objects.create(
            endpoint=endpoint, event_id=names["event"], pos=1, status="failed", next_attempt_at=timezone.now()
        )
        event = Event.objects.get(id=names["event"])
        item = ActivityItem.objects.create(
            event_id=event.id, kind=event.event_type, sentence="task created: x", project_id=world.project.id
        )
    return {"webhook": str(endpoint.id), "delivery": str(delivery.id), "activity": str(item.id)}
