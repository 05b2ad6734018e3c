"""What accounts does when the log has placed events: tell the people whom they concern."""

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from accounts.services import notify
from audit.events import events_placed
from audit.models import Event


@receiver(events_placed)
def tell_people(sender: Any, *, events: Sequence[Event], **_: Any) -> None:
    notify(events=events)
