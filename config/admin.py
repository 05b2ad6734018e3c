"""The admin site: staff of a tenant, inside the tenant's context, signed in through the product's own page."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode

from accounts.permissions import proved_recently
from accounts.services import end_session
from audit.models import Event
from common.http import principal_of
from common.tenancy import tenant_context

RECENT = 10


class ControlAdminSite(admin.AdminSite):
    site_header = "Countermark"
    site_title = "Countermark"
    index_title = "Administration"
    index_template = "admin/index.html"
    enable_nav_sidebar = False

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        def in_context(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            principal = principal_of(request)
            if principal is None or not principal.has_session:
                return redirect_to_login(request.get_full_path())
            with tenant_context(principal.tenant_id, actor=principal.actor):
                if not self.has_permission(request):
                    # Signing in again would not help: the account is no staff account.
                    raise PermissionDenied
                if request.method == "POST" and not proved_recently(principal):
                    messages.warning(request, "Confirm that it is you, then send the form again.")
                    return redirect(f"{reverse('accounts:confirm')}?{urlencode({'next': request.path})}")
                response = inner(request, *args, **kwargs)
                return response.render() if hasattr(response, "render") else response

        return in_context

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The apps, and beside them what the log says happened last (Django's own history has no table here)."""
        recent = Event.objects.order_by("-id")[:RECENT] if self.has_log(request) else None
        return super().index(request, (extra_context or {}) | {"recent": recent})

    def has_log(self, request: HttpRequest) -> bool:
        return self._registry[Event].has_view_permission(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect_to_login(request.GET.get("next") or "/admin/")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        end_session(request=request)
        return redirect("accounts:sign-in")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Django's form writes by itself; a write goes through a service."""
        raise Http404
