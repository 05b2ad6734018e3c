"""The second factor: adding it, and proving with it again who one is."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.forms import ConfirmForm, TotpForm
from accounts.models import Passkey, RecoveryCode, TotpDevice
from accounts.permissions import proved_recently
from accounts.queries import person
from accounts.services import begin_totp, confirm, confirm_totp, make_recovery_codes, remove_totp
from accounts.services.factors import has_second_factor
from accounts.services.passkeys import site_of
from accounts.services.sign_in import CodeRefused
from accounts.views.shell import SettingsView
from accounts.views.sign_in import safe_next
from common.errors import DomainError, NotFound


def qr_code(text: str) -> SafeString:
    """Draw a QR code as SVG that stands in the page: black on white in both themes, because cameras want that."""
    drawn = io.BytesIO()
    segno.make(text, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=False, omitsize=True, border=4, dark="#000", light="#fff",
        svgclass="qr", lineclass=None, nl=False,
    )  # fmt: skip
    return SafeString(drawn.getvalue().decode())  # nosec B703


class ProvenView(SettingsView):
    """A settings page that opens only to those who proved recently who they are; others do it, and come back."""

    http_method_names: Sequence[str] = ("get", "head", "options", "post")

    def _answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not proved_recently(self.principal):
            return redirect(f"/confirm/?{urlencode({'next': request.path})}")
        return super()._answer(request, *args, **kwargs)


@method_decorator([never_cache, sensitive_post_parameters("code")], name="dispatch")
class SecurityView(ProvenView):
    """The authenticator app and the recovery codes. A POST says in `do` what is wanted."""

    template_name = "settings/security.html"
    section = "security"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        device = TotpDevice.objects.filter(user_id=self.principal.user_id).first()
        codes = RecoveryCode.objects.unused().filter(user_id=self.principal.user_id).count()
        return {"device": device, "codes_left": codes, "form": TotpForm(), **super().context(**kwargs)}

    def post(self, request: HttpRequest) -> HttpResponseBase:
        acts: dict[str, Callable[[], HttpResponseBase]] = {
            "begin": self.begin,
            "confirm": self.turn_on,
            "remove": self.remove,
            "codes": self.new_codes,
        }
        act = acts.get(request.POST.get("do", ""))
        if act is None:
            raise NotFound("There is no such form.")
        try:
            return act()
        except DomainError as refusal:
            messages.warning(request, refusal.detail)
            return redirect("accounts:security")

    def begin(self, **kwargs: Any) -> HttpResponseBase:
        enrolment = begin_totp(user=person(self.principal.user_id))
        shown = {"enrolment": enrolment, "qr": qr_code(enrolment.uri)}
        return self.render_to_response(self.context(**shown, **kwargs), status=422 if kwargs else 200)

    def turn_on(self) -> HttpResponseBase:
        form = TotpForm(self.request.POST)
        if not form.is_valid():
            return self.begin(form=form)
        try:
            codes = confirm_totp(user=person(self.principal.user_id), code=form.cleaned_data["code"])
        except DomainError as refusal:
            form.add_error("code", refusal.extra.get("errors", {}).get("code", refusal.detail))
            return self.begin(form=form)
        return self.render_to_response(self.context(codes=codes))

    def new_codes(self) -> HttpResponseBase:
        codes = make_recovery_codes(user=person(self.principal.user_id))
        return self.render_to_response(self.context(codes=codes))

    def remove(self) -> HttpResponseBase:
        remove_totp(user=person(self.principal.user_id), reason="Removed by its owner.")
        messages.success(self.request, "The app is removed, and its recovery codes with it.")
        return redirect("accounts:security")


@method_decorator([never_cache, sensitive_post_parameters("password", "code")], name="dispatch")
class ConfirmView(SettingsView):
    """Prove again who one is, before a risky decision or a change of what one signs in with."""

    template_name = "registration/confirm.html"
    http_method_names = ("get", "head", "options", "post")

    def context(self, **kwargs: Any) -> dict[str, Any]:
        user = person(self.principal.user_id)
        target = safe_next(self.request, self.request.POST.get("next") or self.request.GET.get("next", ""))
        proof: dict[str, Any] = {"needs_code": has_second_factor(user), "has_password": user.has_usable_password()}
        proof["has_passkey"] = bool(site_of(self.request)) and Passkey.objects.filter(user=user).exists()
        return {"form": ConfirmForm(), "next": target, **proof, **super().context(**kwargs)}

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = ConfirmForm(request.POST)
        if not form.is_valid():
            return self.again(form=form)
        try:
            confirm(request=request, user=person(self.principal.user_id), **form.cleaned_data)
        except CodeRefused as refusal:
            return self.again(status=refusal.status, refusal="That was not right. Try again.")
        except DomainError as refusal:
            return self.again(status=refusal.status, refusal=refusal.detail)
        return redirect(safe_next(request, request.POST.get("next", "")))
