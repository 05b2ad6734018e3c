"""The ASGI entry point: Django for HTTP, Channels for sockets."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402  # needs the app registry that the line above loads

from accounts.sockets import PrincipalSocketMiddleware  # noqa: E402
from common.asgi import BodyLimit, Handler  # noqa: E402
from tasks.routing import websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter(
    {"http": BodyLimit(Handler()), "websocket": PrincipalSocketMiddleware(URLRouter(websocket_urlpatterns))}
)
