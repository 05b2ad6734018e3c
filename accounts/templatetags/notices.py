"""What every page says of the viewer's notifications."""

from django import template

from accounts.models import User
from accounts.queries import COUNTED

register = template.Library()


@register.filter
def unread(viewer: User) -> str:
    """Return how much the viewer was told and has not read; empty for nothing."""
    number = len(viewer.unread_ids)  # type: ignore[attr-defined]  # an annotation of `viewer()`
    return f"{COUNTED}+" if number > COUNTED else str(number or "")
