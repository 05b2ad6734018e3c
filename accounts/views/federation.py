"""Signing in through a provider, and connecting one's account there."""

import json
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.core.signing import BadSignature
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic.base import View

from accounts.models import Identity
from accounts.permissions import proved_recently
from accounts.queries import person
from accounts.services import connect_identity, disconnect_github, disconnect_identity, sign_in_with_identity
from accounts.services.federation import throttle_attempts
from accounts.services.providers import Attempt, Profile, Provider, ProviderRefused, new_attempt, providers
from accounts.views.security import ProvenView
from accounts.views.sign_in import led_on, safe_next
from common.context import Principal
from common.errors import DomainError
from common.http import principal_of
from common.tenancy import tenant_context

ATTEMPT_SECONDS = 600
SALT = "accounts.provider"
CONNECT = "accounts.connect"
CONNECT_SECONDS = 3600


def cookie_name() -> str:
    return "__Host-provider" if settings.SECURE_COOKIES else "cm_provider"


def provider_of(key: str) -> Provider:
    found = providers().get(key)
    if found is None:
        raise Http404
    return found


def back_to(provider: Provider) -> str:
    return f"{settings.PUBLIC_URL}{reverse('accounts:provider-answer', args=[provider.key])}"


def connect_word(principal: Principal) -> str:
    return signing.dumps(str(principal.credential), salt=CONNECT)


def may_connect(request: HttpRequest, principal: Principal) -> bool:
    """Whether the link came from this session's own page."""
    try:
        session: str = signing.loads(request.GET["connect"], salt=CONNECT, max_age=CONNECT_SECONDS)
    except BadSignature:
        return False
    return principal.has_session and session == str(principal.credential)


@method_decorator(never_cache, name="dispatch")
class ProviderView(View):
    """Send the browser to a provider. With `connect`, whoever is signed in connects the account there.

    It must be a GET, because a form of ours may lead nowhere else (CSP); so `connect` is a word that only our page has,
    or another site's link could connect the account of somebody else.
    """

    http_method_names = ("get", "head", "options")

    def get(self, request: HttpRequest, provider: str) -> HttpResponse:
        chosen = provider_of(provider)
        connect = ""
        principal = principal_of(request)
        if "connect" in request.GET:
            if principal is None or not proved_recently(principal) or not may_connect(request, principal):
                return redirect("accounts:connections")
            connect = str(principal.user_id)
        attempt = new_attempt(provider, safe_next(request, request.GET.get("next", "")), connect)
        try:
            throttle_attempts(request)
            response = redirect(chosen.address(attempt, back_to(chosen)))
        except DomainError as refusal:
            messages.warning(request, f"{refusal.detail.rstrip('.')}.")
            return redirect("accounts:sign-in")
        response.set_signed_cookie(
            cookie_name(), json.dumps(asdict(attempt)), salt=SALT, max_age=ATTEMPT_SECONDS,
            httponly=True, secure=settings.SECURE_COOKIES, samesite="Lax",
        )  # fmt: skip
        return response


@method_decorator(never_cache, name="dispatch")
class ProviderAnswerView(View):
    """Where a provider sends the browser back to, with a code. An attempt is good for one answer."""

    http_method_names = ("get", "head", "options")

    def get(self, request: HttpRequest, provider: str) -> HttpResponse:
        try:
            attempt, profile = self.answered(request, provider)
            if attempt.connect:
                response = self.connected(request, profile)
            else:
                response = led_on(request, sign_in_with_identity(request=request, profile=profile), attempt.next)
        except DomainError as refusal:
            messages.warning(request, f"{refusal.detail.rstrip('.')}.")
            response = redirect("accounts:connections" if principal_of(request) else "accounts:sign-in")
        response.delete_cookie(cookie_name(), samesite="Lax")
        return response

    def answered(self, request: HttpRequest, provider: str) -> tuple[Attempt, Profile]:
        """Return what was asked and whom the provider vouches for. Raises `ProviderRefused`."""
        chosen = provider_of(provider)
        try:
            kept = request.get_signed_cookie(cookie_name(), salt=SALT, max_age=ATTEMPT_SECONDS)
            attempt = Attempt(**json.loads(kept or ""))
        except (KeyError, BadSignature, TypeError, ValueError) as error:
            raise ProviderRefused from error
        right = constant_time_compare(request.GET.get("state", ""), attempt.state) and attempt.provider == provider
        principal = principal_of(request)
        same = not attempt.connect or (principal is not None and str(principal.user_id) == attempt.connect)
        if not right or not same or not request.GET.get("code"):
            raise ProviderRefused
        return attempt, chosen.profile(attempt, request.GET["code"], back_to(chosen))

    def connected(self, request: HttpRequest, profile: Profile) -> HttpResponse:
        principal = principal_of(request)
        if principal is None:
            raise ProviderRefused
        with tenant_context(principal.tenant_id, actor=principal.actor):
            connect_identity(user=person(principal.user_id), profile=profile)
        messages.success(request, f"{profile.label} is connected.")
        return redirect("accounts:connections")


@method_decorator(never_cache, name="dispatch")
class ConnectionsView(ProvenView):
    """The own accounts at providers."""

    template_name = "settings/connections.html"
    section = "connections"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        user = person(self.principal.user_id)
        labels = dict(Identity.objects.filter(user=user).values_list("provider", "label"))
        if user.github_user_id:
            labels["github"] = user.github_username
        rows = [{"provider": one, "label": labels.get(one.key)} for one in providers().values()]
        return {"connections": rows, "connect": connect_word(self.principal), **super().context(**kwargs)}

    def post(self, request: HttpRequest) -> HttpResponseBase:
        provider = provider_of(request.POST.get("provider", ""))
        user = person(self.principal.user_id)
        if provider.key == "github":
            disconnect_github(user=user, reason="Disconnected by its owner.")
        else:
            disconnect_identity(user=user, provider=provider.key, reason="Disconnected by its owner.")
        messages.success(request, f"{provider.name} is disconnected.")
        return redirect("accounts:connections")
