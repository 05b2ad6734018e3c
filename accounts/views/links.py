"""Getting in without a password: asking for a link, and choosing a password with one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic.base import View

from accounts import jobs
from accounts.forms import ForgotForm, LinkForm
from accounts.services import use_link
from accounts.services.links import LinkEnded, throttle_reset
from accounts.services.sign_in import go_on
from accounts.views.sign_in import led_on, safe_next
from common.errors import DomainError, Invalid
from common.queue import publish

ASKED = "If an account has this address, a letter with a link is on its way. It works for one hour."


@method_decorator(never_cache, name="dispatch")
class ForgotView(View):
    """Ask for a new password. The answer, and the time it takes, are the same for every address."""

    http_method_names = ("get", "head", "options", "post")

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "registration/forgot.html", {"form": ForgotForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ForgotForm(request.POST)
        if not form.is_valid():
            return self.again(request, form, "Type an e-mail address.", status=422)
        email = form.cleaned_data["email"].lower()
        try:
            throttle_reset(request, email)
            publish(jobs.send_reset, email)
        except DomainError as refusal:
            return self.again(request, form, refusal.detail, status=refusal.status)
        messages.success(request, ASKED)
        return redirect("accounts:sign-in")

    def again(self, request: HttpRequest, form: ForgotForm, refusal: str, **kwargs: Any) -> HttpResponse:
        return render(request, "registration/forgot.html", {"form": form, "refusal": refusal}, **kwargs)


@method_decorator([never_cache, sensitive_post_parameters("password", "code")], name="dispatch")
class LinkView(View):
    """Choose a password. The code stands behind the `#` of the link; a script puts it into the form."""

    http_method_names = ("get", "head", "options", "post")

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "registration/link.html", {"form": LinkForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = LinkForm(request.POST)
        if not form.is_valid():
            return self.again(request, form, status=422)
        given = form.cleaned_data
        try:
            user = use_link(request=request, code=given["code"], password=given["password"])
        except Invalid as refusal:
            form.add_error("password", refusal.extra["errors"]["password"])
            return self.again(request, form, status=422)
        except DomainError as refusal:
            kept = "" if isinstance(refusal, LinkEnded) else given["code"]
            return self.again(request, form, code=kept, refusal=f"{refusal.detail.rstrip('.')}.", status=refusal.status)
        messages.success(request, "Your password is set.")
        return led_on(request, go_on(request, user, "link"), safe_next(request, given["next"]))

    def again(
        self, request: HttpRequest, form: LinkForm, *, status: int, code: str | None = None, refusal: str = ""
    ) -> HttpResponse:
        kept = form.data.get("code", "") if code is None else code
        context = {"form": form, "code": kept, "next": form.data.get("next", ""), "refusal": refusal}
        return render(request, "registration/link.html", context, status=status)
