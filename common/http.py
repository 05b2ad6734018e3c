"""What our middleware puts on a request, typed."""

from django.http import HttpRequest

from common.context import Principal
from common.errors import DomainError


class NotSignedIn(DomainError):
    code = "not_signed_in"
    status = 401
    title = "Sign in, or send a bearer token"


def principal_of(request: HttpRequest) -> Principal | None:
    """Return who asks, or None for an anonymous request."""
    return getattr(request, "principal", None)


def require_principal(request: HttpRequest) -> Principal:
    """Return who asks; raises `NotSignedIn`."""
    principal = principal_of(request)
    if principal is None:
        raise NotSignedIn
    return principal
