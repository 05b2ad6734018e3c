"""Django's authentication backend: only what its own forms and the admin ask for."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from accounts.models import User
from accounts.services.sign_in import check


class TenantBackend(BaseBackend):
    """Check e-mail and password through the sign-in service, so every attempt is in the log."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        return check(username.lower(), password) if username and password else None
