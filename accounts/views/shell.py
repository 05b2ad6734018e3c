"""What every settings page has around it."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse

from accounts.permissions import may_administer
from common.errors import DomainError
from common.views import PageView


@dataclass(frozen=True, slots=True)
class Tab:
    key: str
    word: str
    icon: str
    for_administrators: bool = False

    @property
    def url(self) -> str:
        return reverse(f"accounts:{self.key}")


TABS = (
    Tab("preferences", "Preferences", "settings"),
    Tab("password", "Password", "lock"),
    Tab("security", "Security", "shield-check"),
    Tab("passkeys", "Passkeys", "fingerprint"),
    Tab("connections", "Connections", "link"),
    Tab("sessions", "Sessions", "monitor"),
    Tab("tokens", "Tokens", "key"),
    Tab("people", "People", "users", for_administrators=True),
    Tab("service-accounts", "Service accounts", "bot", for_administrators=True),
)


class SettingsView(PageView):
    """A settings page: `section` is its tab."""

    section = ""

    def context(self, **kwargs: Any) -> dict[str, Any]:
        administers = may_administer(self.principal)
        tabs = [tab for tab in TABS if administers or not tab.for_administrators]
        return {"tabs": tabs, "tab": self.section, "section": "settings", "board_url": "/", **super().context(**kwargs)}

    def again(self, *, status: int = 422, **kwargs: Any) -> HttpResponse:
        """Show the page once more, with what is wrong and with what was typed."""
        return self.render_to_response(self.context(**kwargs), status=status)

    def refused(self, form: forms.Form, refusal: DomainError, **kwargs: Any) -> HttpResponseBase:
        """Show what a service refused, beside the fields that it names."""
        named = refusal.extra.get("errors", {})
        for name, words in named.items():
            form.add_error(name if name in form.fields else None, words)
        if not named:
            form.add_error(None, refusal.detail)
        return self.again(form=form, status=refusal.status, **kwargs)
