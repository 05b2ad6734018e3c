"""The ASGI entry point: Django for HTTP, Channels for sockets."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
http = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402  # needs the app registry that the line above loads

from accounts.sockets import PrincipalSocketMiddleware  # noqa: E402
from tasks.routing import websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter(
    {"http": http, "websocket": PrincipalSocketMiddleware(URLRouter(websocket_urlpatterns))}
)
