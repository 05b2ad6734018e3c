"""Tenants, people and tokens for staff. Secrets are never shown; a new person's password is, once."""

import secrets
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.models import ApiToken, Role, Tenant, User
from accounts.services import create_user, deactivate_user, revoke_token, update_user
from common.admin import ReadOnlyAdmin, ServiceAdmin, ServiceForm, with_reason

# Rights come from roles; Django's groups know no tenant.
admin.site.unregister(Group)


@admin.register(Tenant)
class OwnTenantAdmin(ReadOnlyAdmin):
    """One's own organisation; row security shows no other."""

    list_display = ("name", "display_name", "slug", "is_active", "allow_self_approval")


class UserForm(ServiceForm):
    """People type capitals in their addresses; what is stored has none."""

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        return email.lower()


@admin.register(User)
class UserAdmin(ServiceAdmin):
    form = UserForm
    list_display = ("display_name", "email", "role", "is_staff", "is_active")
    list_filter = ("role", "is_active", "is_staff")
    search_fields = ("=email", "^display_name", "^username")
    search_help_text = "A whole e-mail address, or the beginning of a name."
    fields: ClassVar[Any] = (
        "email",
        "username",
        "display_name",
        "role",
        "is_staff",
        "is_active",
        "created_at",
        "updated_at",
    )
    add_fields = ("email", "display_name", "username", "role", "is_staff")
    changeable = ("display_name", "username", "role", "is_staff")
    actions = ("deactivate",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if obj is None and "username" in form.base_fields:
            form.base_fields["username"].required = False
            form.base_fields["username"].help_text = "Left empty: the e-mail address up to the @."
        return form

    def create(self, request: HttpRequest, data: dict[str, Any]) -> User:
        password = None if data["role"] == Role.SERVICE else secrets.token_urlsafe(15)
        request.one_time_password = password  # type: ignore[attr-defined]  # shown by response_add and nowhere kept
        return create_user(**data, password=password)

    def update(self, request: HttpRequest, row: User, changes: dict[str, Any]) -> User:
        return update_user(user=row, **changes)

    def response_add(self, request: HttpRequest, obj: User, post_url_continue: str | None = None) -> HttpResponse:
        """Show the password in the answer itself: a message would travel through a cookie."""
        password = getattr(request, "one_time_password", None)
        if password is None:
            return super().response_add(request, obj, post_url_continue)
        context = {
            **self.admin_site.each_context(request),
            "title": "The account is ready",
            "opts": self.opts,
            "person": obj,
            "password": password,
        }
        return TemplateResponse(request, "admin/password_once.html", context)

    @with_reason("Deactivate the chosen accounts")
    def deactivate(self, request: HttpRequest, row: User, reason: str) -> None:
        deactivate_user(user=row, reason=reason)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "prefix", "user", "scopes", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("prefix",)
    search_ids = ("pk",)
    search_words = ("prefix",)
    search_help_text = "The ten characters after cmk_u or cmk_a."
    fields = ("name", "prefix", "user", "agent_id", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    @with_reason("Revoke the chosen tokens")
    def revoke(self, request: HttpRequest, row: ApiToken, reason: str) -> None:
        revoke_token(token=row, reason=reason)
