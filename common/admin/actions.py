"""Actions on chosen rows: ask for the reason first, then call the service for each."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from common.admin.base import PER_PAGE, TenantAdmin
from common.context import because
from common.errors import DomainError


class ReasonForm(forms.Form):
    """Why: it is kept in the log."""

    reason = forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


Perform = Callable[[Any, HttpRequest, Any, str], object]
Action = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]


def with_reason(label: str) -> Callable[[Perform], Action]:
    """Make an action of `perform(admin, request, row, reason)`: ask for the reason first, then call it for each row."""

    def decorate(perform: Perform) -> Action:
        @admin.action(description=label, permissions=["operate"])
        @wraps(perform)
        def action(self: Any, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
            rows = list(queryset[:PER_PAGE])
            form = ReasonForm(request.POST if "confirmed" in request.POST else None)
            if not form.is_valid():
                return ask_for_reason(self, request, rows, form, label)
            reason = form.cleaned_data["reason"]
            with because(reason):
                perform_each(request, rows, label, lambda row: perform(self, request, row, reason))
            return None

        return action

    return decorate


def ask_for_reason(
    self: TenantAdmin, request: HttpRequest, rows: list[Any], form: forms.Form, label: str
) -> HttpResponse:
    context = {
        **self.admin_site.each_context(request),
        "title": label,
        "rows": rows,
        "form": form,
        "opts": self.opts,
        "action": request.POST["action"],
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/give_reason.html", context)


def perform_each(request: HttpRequest, rows: list[Any], label: str, perform: Callable[[Any], object]) -> None:
    """Call the service for each row; a refusal of one does not stop the others."""
    done = 0
    for row in rows:
        try:
            perform(row)
            done += 1
        except DomainError as refusal:
            messages.error(request, f"{row}: {refusal.detail}")
    if done:
        messages.success(request, f"{label}: done for {done}.")
