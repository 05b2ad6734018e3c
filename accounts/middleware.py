"""Who asks: from the session cookie or the bearer token, once per request, with one database call."""

from typing import cast

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.queries import viewer
from accounts.services.tokens import authenticate_token
from accounts.sessions import SessionStore
from common.context import Principal
from common.tenancy import tenant_context


def principal_from_header(header: str) -> Principal | None:
    """Return whom an `Authorization` header speaks for; None where it is not a usable bearer token."""
    scheme, _, secret = header.partition(" ")
    return authenticate_token(secret.strip()) if scheme.lower() == "bearer" else None


def principal_from_session(session: SessionStore) -> Principal | None:
    session.get("user_id")  # loads it
    return session.principal


def identify(request: HttpRequest) -> Principal | None:
    """Return who asks, for a page that answers before the middleware has run."""
    header = request.headers.get("Authorization", "")
    cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    return principal_from_header(header) if header else principal_from_session(SessionStore(cookie))


def load_user(request: HttpRequest) -> User | AnonymousUser:
    """Return the person behind a session, for templates and the admin."""
    principal = cast(Principal | None, getattr(request, "principal", None))
    if principal is None or principal.is_agent:
        return AnonymousUser()
    with tenant_context(principal.tenant_id, actor=principal.actor):
        return viewer(principal.user_id)


class PrincipalMiddleware(AuthenticationMiddleware):
    """Set `request.principal`, and `request.user` for those who ask for the row."""

    def process_request(self, request: HttpRequest) -> None:
        header = request.headers.get("Authorization", "")
        session = cast(SessionStore, request.session)
        principal = principal_from_header(header) if header else principal_from_session(session)
        request.principal = principal  # type: ignore[attr-defined]  # read through common.http.principal_of
        request.user = SimpleLazyObject(lambda: load_user(request))  # type: ignore[assignment]
