"""What our middleware puts on a request, typed."""

from django.conf import settings
from django.http import HttpRequest

from common.context import Principal
from common.errors import DomainError
from common.origin import subscriber


class NotSignedIn(DomainError):
    code = "not_signed_in"
    status = 401
    title = "Sign in, or send a bearer token"


def address_of(request: HttpRequest) -> str:
    """Return the caller's address: behind a proxy of ours, the one that the proxy saw; empty where there is none."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_PROXY else ""
    address: str = forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
    return address


def subscriber_of(request: HttpRequest) -> str:
    """Return whom a limit per address counts: an IPv4 address, or an IPv6 /64, which is what one customer is given."""
    return subscriber(address_of(request))


def principal_of(request: HttpRequest) -> Principal | None:
    """Return who asks, or None for an anonymous request."""
    return getattr(request, "principal", None)


def require_principal(request: HttpRequest) -> Principal:
    """Return who asks; raises `NotSignedIn`."""
    principal = principal_of(request)
    if principal is None:
        raise NotSignedIn
    return principal
