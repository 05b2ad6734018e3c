"""The admin site: staff of a tenant, inside the tenant's context, signed in through the product's own page."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from common.http import principal_of
from common.tenancy import tenant_context


class ControlAdminSite(admin.AdminSite):
    site_header = "Countermark"
    site_title = "Countermark"
    index_title = "Administration"
    enable_nav_sidebar = False

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        def in_context(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            principal = principal_of(request)
            if principal is None or principal.is_agent:
                return redirect_to_login(request.get_full_path())
            with tenant_context(principal.tenant_id, actor=principal.actor):
                response = inner(request, *args, **kwargs)
                return response.render() if hasattr(response, "render") else response

        return in_context

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect_to_login(request.GET.get("next") or "/admin/")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return redirect("accounts:sign-out")
