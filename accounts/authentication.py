"""DRF's view of the caller: what the middleware found, with CSRF protection for browsers."""

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from common.context import Principal
from common.http import principal_of


class PrincipalAuthentication(BaseAuthentication):
    """A bearer token, or the session cookie together with a CSRF token."""

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        http_request: HttpRequest = request._request
        principal = principal_of(http_request)
        if principal is None and request.headers.get("Authorization"):
            raise AuthenticationFailed("The token is unknown, expired or revoked.", code="bad_token")
        if principal is None:
            return None
        if principal.via == "session":
            self.enforce_csrf(http_request)
        return principal, None

    def enforce_csrf(self, request: HttpRequest) -> None:
        check = CSRFCheck(lambda _: None)  # type: ignore[arg-type]  # DRF's own use of it
        check.process_request(request)
        reason = check.process_view(request, None, (), {})  # type: ignore[arg-type]
        if reason:
            raise PermissionDenied(f"CSRF check failed: {reason}", code="csrf_failed")

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="countermark"'
