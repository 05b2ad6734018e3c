"""What belongs to the viewer alone."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import Notification, Session
from tests.world import World


def personal(world: World, names: dict[str, str]) -> dict[str, str]:
    with world.as_("viewer"):
        expires_at = timezone.now() + timedelta(hours=1)
        digest = world.viewer.id.bytes * 2  # unique over all tenants
        session = Session.objects.create(user=world.viewer, digest=digest, data="", expires_at=expires_at)
        notification = Notification.objects.create(user=world.viewer, kind="task.created", title="t", url="/")
    return {"session": str(session.id), "notification": str(notification.id)}
