"""Signing in and out."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic.base import View

from accounts.forms import LinkForm, SecondStepForm, SignInForm
from accounts.services import end_session, finish_sign_in, sign_in
from accounts.services.passkeys import site_of
from accounts.services.providers import providers
from accounts.services.sign_in import CodeRefused, PassageEnded, SignIn, Step
from common.errors import DomainError
from common.http import principal_of


def safe_next(request: HttpRequest, url: str) -> str:
    """Return where to go on after signing in: this site only, else the start page."""
    here = url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return url if here and "\\" not in url else settings.LOGIN_REDIRECT_URL


def led_on(request: HttpRequest, answer: SignIn, target: str) -> HttpResponse:
    """Show the step that comes next; after the last one, go where the person wanted to be."""
    if answer.step is Step.NEW_PASSWORD:
        context = {"form": LinkForm(), "code": answer.code, "next": target, "must": True}
        return render(request, "registration/link.html", context)
    if answer.step is Step.SECOND_FACTOR:
        return render(request, "registration/second_step.html", {"passage": answer.code, "next": target})
    return redirect(target)


@method_decorator([never_cache, sensitive_post_parameters("password")], name="dispatch")
class SignInView(View):
    """E-mail and password. The answer never says which of the two was wrong."""

    http_method_names = ("get", "head", "options", "post")

    def get(self, request: HttpRequest) -> HttpResponse:
        target = safe_next(request, request.GET.get("next", ""))
        if principal_of(request) and target == settings.LOGIN_REDIRECT_URL:
            return redirect(target)
        return self.show(request, SignInForm(), target)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SignInForm(request.POST)
        target = safe_next(request, request.POST.get("next", ""))
        if not form.is_valid():
            return self.show(request, form, target, "Type your e-mail address and your password.", status=422)
        try:
            answer = sign_in(request=request, email=form.cleaned_data["email"], password=form.cleaned_data["password"])
        except DomainError as refusal:
            return self.refused(request, form, target, refusal)
        return led_on(request, answer, target)

    def refused(self, request: HttpRequest, form: SignInForm, target: str, refusal: DomainError) -> HttpResponse:
        response = self.show(request, form, target, f"{refusal.detail.rstrip('.')}.", status=refusal.status)
        if "retry_after" in refusal.extra:
            response["Retry-After"] = str(refusal.extra["retry_after"])
        return response

    def show(
        self, request: HttpRequest, form: SignInForm, target: str, refusal: str = "", **kwargs: Any
    ) -> HttpResponse:
        # Somebody signed in who was sent here may not open what they asked for: never send them back in a circle.
        context = {
            "form": form,
            "next": target,
            "refusal": refusal,
            "already": principal_of(request),
            "site": site_of(request),
            "providers": list(providers().values()),
        }
        return render(request, "registration/sign_in.html", context, **kwargs)


@method_decorator([never_cache, sensitive_post_parameters("code", "passage")], name="dispatch")
class SecondStepView(View):
    """The code of the second factor, after the password."""

    http_method_names = ("get", "head", "options", "post")

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect("accounts:sign-in")

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SecondStepForm(request.POST)
        target = safe_next(request, request.POST.get("next", ""))
        if not form.is_valid():
            return self.again(request, target, "Type the code.", 422)
        try:
            finish_sign_in(request=request, **form.cleaned_data)
        except PassageEnded as refusal:
            messages.warning(request, f"{refusal.detail}.")
            return redirect("accounts:sign-in")
        except CodeRefused as refusal:
            return self.again(request, target, "This code is wrong, or was used already.", refusal.status)
        except DomainError as refusal:
            return self.again(request, target, refusal.detail, refusal.status)
        return redirect(target)

    def again(self, request: HttpRequest, target: str, refusal: str, status: int) -> HttpResponse:
        context = {"passage": request.POST.get("passage", ""), "next": target, "refusal": refusal}
        return render(request, "registration/second_step.html", context, status=status)


@method_decorator(never_cache, name="dispatch")
class SignOutView(View):
    """By POST only: a link or an image must not sign anybody out."""

    http_method_names = ("post", "options")

    def post(self, request: HttpRequest) -> HttpResponse:
        end_session(request=request)
        return redirect("accounts:sign-in")
