"""Who opens a socket: the session cookie of our own pages, a bearer token, or a one-time ticket."""

from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels.db import database_sync_to_async
from django.conf import settings
from django.http.request import validate_host

from accounts.middleware import principal_from_header, principal_from_session
from accounts.services.tickets import redeem_ticket
from accounts.sessions import SessionStore
from common import context
from common.context import Principal
from common.telemetry import tracing
from common.telemetry.ids import trace_id_of
from common.telemetry.tracing import Kind

Scope = dict[str, Any]


def header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def same_origin(scope: Scope) -> bool:
    """Whether the page that opens the socket is ours: a cookie travels with any page's socket, Origin tells whose."""
    origin = urlsplit(header(scope, b"origin"))
    host = header(scope, b"host")
    if not origin.netloc or not validate_host(host.rsplit(":", 1)[0], settings.ALLOWED_HOSTS):
        return False
    return origin.netloc == host or f"{origin.scheme}://{origin.netloc}" in settings.CSRF_TRUSTED_ORIGINS


def principal_of_scope(scope: Scope) -> Principal | None:
    """Return who opens the socket, or None."""
    authorization = header(scope, b"authorization")
    if authorization:
        return principal_from_header(authorization)
    ticket = parse_qs(scope["query_string"].decode("latin-1")).get("ticket")
    if ticket:
        return redeem_ticket(ticket[0])
    cookie = SimpleCookie(header(scope, b"cookie")).get(settings.SESSION_COOKIE_NAME)
    if cookie is None or not same_origin(scope):
        return None
    return principal_from_session(SessionStore(cookie.value))


def traceparent_of(scope: Scope) -> str:
    """Return the header, or what a browser says in the address: it cannot send headers with a socket."""
    said = parse_qs(scope["query_string"].decode("latin-1")).get("traceparent", [""])[0]
    return header(scope, b"traceparent") or said


class PrincipalSocketMiddleware:
    """Put the caller and a request context on the scope of every socket."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> Any:
        parent = traceparent_of(scope)
        running = context.new_context(trace_id=trace_id_of(parent))
        with tracing.working(running, "open socket", Kind.SERVER, parent):
            principal = await database_sync_to_async(principal_of_scope)(scope)
        with context.use(running):
            return await self.app(scope | {"principal": principal}, receive, send)
