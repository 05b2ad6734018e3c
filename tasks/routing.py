"""Sockets: one address, one right."""

from typing import Any

from django.urls import path, re_path

from common.realtime import LogConsumer
from tasks.consumers import LiveConsumer, ProjectConsumer


def address(consumer: type[LogConsumer]) -> Any:
    """Return what `path` takes; Django's types know views only."""
    return consumer.as_asgi()


websocket_urlpatterns: Any = [
    path("ws/live/", address(LiveConsumer)),
    path("ws/projects/<uuid:project_id>/", address(ProjectConsumer)),
    # Any other address is refused as unknown instead of breaking off the handshake.
    re_path(r"", address(LogConsumer)),
]
