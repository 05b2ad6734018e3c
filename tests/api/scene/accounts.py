"""What belongs to the viewer alone, and somebody who is invited."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import Notification, Session
from accounts.services import invite_user
from tests.world import World


def personal(world: World, names: dict[str, str]) -> dict[str, str]:
    with world.as_("viewer"):
        expires_at = timezone.now() + timedelta(hours=1)
        digest = world.viewer.id.bytes * 2  # unique over all tenants
        session = Session.objects.create(user=world.viewer, digest=digest, data="", expires_at=expires_at)
        notification = Notification.objects.create(user=world.viewer, kind="task.created", title="t", url="/")
    with world.as_("admin"):
        invited = invite_user(email=f"invited-{world.tenant.slug}@example.org", display_name="Invited")
    return {"invited": str(invited.id), "session": str(session.id), "notification": str(notification.id)}
