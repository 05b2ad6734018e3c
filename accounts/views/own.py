"""What belongs to oneself: preferences, password, sessions, tokens."""

from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.forms import ChangePasswordForm, PreferencesForm, TokenForm
from accounts.models import ApiToken, Session
from accounts.queries import person, preferences_of
from accounts.services import (
    change_password,
    create_token,
    revoke_all_sessions,
    revoke_sessions,
    revoke_token,
    rotate_token,
    update_preferences,
)
from accounts.views.security import ProvenView
from accounts.views.shell import SettingsView
from common.errors import DomainError

MOST = 200
FIELDS = ("theme", "time_zone", "notifications", "daily_digest_hour")


class OwnView(SettingsView):
    http_method_names = ("get", "head", "options", "post")


@method_decorator(never_cache, name="dispatch")
class PreferencesView(OwnView):
    """Theme, time zone, and how letters come."""

    template_name = "settings/preferences.html"
    section = "preferences"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        row = preferences_of(person(self.principal.user_id))
        form = PreferencesForm(initial={name: getattr(row, name) for name in FIELDS})
        return {"form": form, "time_zones": sorted(available_timezones()), **super().context(**kwargs)}

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = PreferencesForm(request.POST)
        if not form.is_valid():
            return self.again(form=form)
        try:
            row = update_preferences(user=person(self.principal.user_id), **form.cleaned_data)
        except DomainError as refusal:
            return self.refused(form, refusal)
        request.session["theme"] = row.theme
        messages.success(request, "Saved.")
        return redirect("accounts:preferences")


@method_decorator([never_cache, sensitive_post_parameters("current", "password", "again")], name="dispatch")
class PasswordView(OwnView):
    """Change the own password, which ends every other session."""

    template_name = "settings/password.html"
    section = "password"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        has_password = person(self.principal.user_id).has_usable_password()
        return {"form": ChangePasswordForm(), "has_password": has_password, **super().context(**kwargs)}

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = ChangePasswordForm(request.POST)
        if not form.is_valid():
            return self.again(form=form)
        given = form.cleaned_data
        try:
            user = person(self.principal.user_id)
            change_password(request=request, user=user, current=given["current"], password=given["password"])
        except DomainError as refusal:
            return self.refused(form, refusal)
        messages.success(request, "Your password is changed. Every other session has ended.")
        return redirect("accounts:password")


@method_decorator(never_cache, name="dispatch")
class SessionsView(OwnView):
    """Where one is signed in, and ending it there."""

    template_name = "settings/sessions.html"
    section = "sessions"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        sessions = Session.objects.visible_to(self.principal).order_by("-id")[:MOST]
        return {"sessions": sessions, "current": self.principal.credential, **super().context(**kwargs)}

    def post(self, request: HttpRequest) -> HttpResponseBase:
        user = person(self.principal.user_id)
        if request.POST.get("session") == "others":
            keep = self.principal.credential
            ended = revoke_all_sessions(user=user, keep=keep, reason="Ended by their owner.")
        else:
            ended = revoke_sessions(user=user, sessions=[id_of(request, "session")], reason="Ended by its owner.")
        messages.success(request, "It has ended." if ended == 1 else f"{ended} sessions have ended.")
        return redirect("accounts:sessions")


@method_decorator(never_cache, name="dispatch")
class TokensView(ProvenView):
    """The own tokens: make one, rotate or revoke it. A secret is in one answer and nowhere else."""

    template_name = "settings/tokens.html"
    section = "tokens"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tokens = self.own_tokens().order_by("-id")[:MOST]
        return {"form": TokenForm(initial={"days": "90"}), "tokens": tokens, **super().context(**kwargs)}

    def own_tokens(self) -> Any:
        return ApiToken.objects.filter(user_id=self.principal.user_id, agent_id=None)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        if "token" in request.POST:
            return self.change(request)
        form = TokenForm(request.POST)
        if not form.is_valid():
            return self.again(form=form)
        return self.show(create_token(user=person(self.principal.user_id), **form.made()))

    def change(self, request: HttpRequest) -> HttpResponseBase:
        token = self.own_tokens().filter(id=id_of(request, "token")).select_related("user").first()
        if token is None:
            raise Http404
        if request.POST.get("do") == "rotate":
            try:
                return self.show(rotate_token(token=token))
            except DomainError as refusal:
                messages.warning(request, refusal.detail)
        else:
            revoke_token(token=token, reason="Revoked by its owner.")
            messages.success(request, f"{token.name} has ended.")
        return redirect("accounts:tokens")

    def show(self, issued: Any) -> HttpResponseBase:
        return self.render_to_response(self.context(issued=issued))


def id_of(request: HttpRequest, name: str) -> UUID:
    """Return the id that a form names; raises `Http404` for what is none."""
    try:
        return UUID(request.POST.get(name, ""))
    except ValueError as error:
        raise Http404 from error
