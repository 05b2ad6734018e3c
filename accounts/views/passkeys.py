"""Passkeys: the questions that scripts fetch, and the forms that carry the answers."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.generic.base import View

from accounts.forms import PasskeyForm
from accounts.models import Passkey
from accounts.queries import person
from accounts.services import (
    add_passkey,
    begin_passkey,
    begin_passkey_sign_in,
    confirm_with_passkey,
    remove_passkey,
    sign_in_with_passkey,
)
from accounts.services.passkeys import Challenge, site_of
from accounts.views.own import MOST, id_of
from accounts.views.security import ProvenView
from accounts.views.shell import SettingsView
from accounts.views.sign_in import safe_next
from common.errors import DomainError


def question(challenge: Challenge) -> JsonResponse:
    return JsonResponse({"word": challenge.word, "options": challenge.options})


def refusal_of(refusal: DomainError) -> JsonResponse:
    return JsonResponse({"detail": refusal.detail}, status=refusal.status)


@method_decorator(never_cache, name="dispatch")
class PasskeysView(ProvenView):
    """The own passkeys: make one, remove one."""

    template_name = "settings/passkeys.html"
    section = "passkeys"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        passkeys = Passkey.objects.filter(user_id=self.principal.user_id)[:MOST]
        return {"passkeys": passkeys, "site": site_of(self.request), **super().context(**kwargs)}

    def post(self, request: HttpRequest) -> HttpResponseBase:
        return self.remove(request) if "passkey" in request.POST else self.add(request)

    def add(self, request: HttpRequest) -> HttpResponseBase:
        form = PasskeyForm(request.POST)
        if not form.is_valid():
            return self.again(refusal="Your browser sent no passkey. Try again.")
        given = form.cleaned_data
        try:
            add_passkey(request=request, user=person(self.principal.user_id), **given)
        except DomainError as refusal:
            return self.again(status=refusal.status, refusal=refusal.detail)
        messages.success(request, "The passkey is added. Use it at the next sign-in.")
        return redirect("accounts:passkeys")

    def remove(self, request: HttpRequest) -> HttpResponseBase:
        own = Passkey.objects.filter(user_id=self.principal.user_id).select_related("user")
        passkey = own.filter(id=id_of(request, "passkey")).first()
        if passkey is None:
            raise Http404
        remove_passkey(passkey=passkey, reason="Removed by its owner.")
        messages.success(request, f"{passkey.name} is removed.")
        return redirect("accounts:passkeys")


@method_decorator(never_cache, name="dispatch")
class PasskeyQuestionView(ProvenView):
    """What a browser needs to make a passkey."""

    http_method_names = ("post", "options")

    def post(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return question(begin_passkey(request=request, user=person(self.principal.user_id)))
        except DomainError as refusal:
            return refusal_of(refusal)


@method_decorator(never_cache, name="dispatch")
class PasskeySignInView(View):
    """The answer of a passkey, by a form that a script sends."""

    http_method_names = ("post", "options")

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PasskeyForm(request.POST)
        try:
            if not form.is_valid():
                raise Http404
            given = form.cleaned_data
            sign_in_with_passkey(request=request, word=given["word"], answer=given["answer"])
        except DomainError as refusal:
            messages.warning(request, f"{refusal.detail.rstrip('.')}.")
            return redirect("accounts:sign-in")
        return redirect(safe_next(request, request.POST.get("next", "")))


@method_decorator(never_cache, name="dispatch")
class PasskeyConfirmView(SettingsView):
    """The answer of a passkey of somebody who is signed in and proves it again."""

    http_method_names = ("post", "options")

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = PasskeyForm(request.POST)
        target = safe_next(request, request.POST.get("next", ""))
        if not form.is_valid():
            raise Http404
        given = form.cleaned_data
        try:
            user = person(self.principal.user_id)
            confirm_with_passkey(request=request, user=user, word=given["word"], answer=given["answer"])
        except DomainError as refusal:
            messages.warning(request, f"{refusal.detail.rstrip('.')}.")
            return redirect(f"{reverse('accounts:confirm')}?{urlencode({'next': target})}")
        return redirect(target)


@method_decorator(never_cache, name="dispatch")
class PasskeySignInQuestionView(View):
    """What a browser needs to sign in with a passkey."""

    http_method_names = ("post", "options")

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            return question(begin_passkey_sign_in(request=request))
        except DomainError as refusal:
            return refusal_of(refusal)
