"""Tenants, people and tokens for staff. Secrets are never shown; a new person's password is, once."""

import secrets
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.models import (
    AccountLink,
    ApiToken,
    Identity,
    Notification,
    Passkey,
    RecoveryCode,
    Role,
    Session,
    StaffRole,
    Tenant,
    TotpDevice,
    User,
    UserPreference,
)
from accounts.services import (
    create_user,
    deactivate_user,
    delete_user,
    disconnect_identity,
    reactivate_user,
    remove_passkey,
    remove_totp,
    revoke_all_sessions,
    revoke_sessions,
    revoke_token,
    update_user,
)
from common.admin import MadeFilter, Panel, ReadOnlyAdmin, ServiceAdmin, ServiceForm, reference_filter, with_reason

# Rights come from roles; Django's groups know no tenant.
admin.site.unregister(Group)


@admin.register(Tenant)
class OwnTenantAdmin(ReadOnlyAdmin):
    """One's own organisation; row security shows no other."""

    list_display = ("name", "display_name", "slug", "is_active", "allow_self_approval")


class UserForm(ServiceForm):
    """People type capitals in their addresses; what is stored has none."""

    staff_roles = forms.MultipleChoiceField(
        choices=StaffRole.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="What the person may do here; an administrator may do everything.",
    )

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
        "staff_roles",
        "is_active",
        "github_username",
        "github_user_id",
        "last_login",
        "created_at",
        "updated_at",
    )
    add_fields = ("email", "display_name", "username", "role", "is_staff", "staff_roles")
    changeable = ("display_name", "username", "role", "is_staff", "staff_roles")
    actions = ("deactivate", "reactivate", "end_sessions", "delete_for_good")
    panels: ClassVar[Any] = (
        Panel(Session, "user_id", ("created_at", "expires_at", "user_agent")),
        Panel(ApiToken, "user_id", ("name", "prefix", "expires_at", "revoked_at")),
    )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if obj is None and "username" in form.base_fields:
            form.base_fields["username"].required = False
            form.base_fields["username"].help_text = "Left empty: the e-mail address up to the @."
        return form

    def create(self, request: HttpRequest, data: dict[str, Any]) -> User:
        password = None if data["role"] == Role.SERVICE else secrets.token_urlsafe(15)
        request.one_time_password = password  # type: ignore[attr-defined]  # shown by response_add and nowhere kept
        return create_user(**data, password=password, must_change_password=password is not None)

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

    @with_reason("Open the chosen accounts again")
    def reactivate(self, request: HttpRequest, row: User, reason: str) -> None:
        reactivate_user(user=row, reason=reason)

    @with_reason("End all sessions of the chosen people")
    def end_sessions(self, request: HttpRequest, row: User, reason: str) -> None:
        revoke_all_sessions(user=row, reason=reason)

    @with_reason("Delete the chosen accounts for good")
    def delete_for_good(self, request: HttpRequest, row: User, reason: str) -> None:
        delete_user(user=row, reason=reason)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "prefix", "user", "scopes", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    list_filter = (reference_filter("user_id", "person", word="user__email"), MadeFilter)
    search_fields = ("prefix",)
    search_ids = ("pk",)
    search_words = ("prefix",)
    search_help_text = "The ten characters after cmk_u or cmk_a."
    fields = ("name", "prefix", "user", "agent_id", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    @with_reason("Revoke the chosen tokens")
    def revoke(self, request: HttpRequest, row: ApiToken, reason: str) -> None:
        revoke_token(token=row, reason=reason)


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Who is signed in. The key of a session is stored nowhere, and what is in it concerns nobody."""

    list_display = ("user", "created_at", "expires_at", "ip_address", "user_agent")
    list_select_related = ("user",)
    list_filter = (reference_filter("user_id", "person", word="user__email"), MadeFilter)
    fields = ("user", "created_at", "expires_at", "ip_address", "user_agent")
    actions = ("end",)

    @with_reason("End the chosen sessions")
    def end(self, request: HttpRequest, row: Session, reason: str) -> None:
        revoke_sessions(user=row.user, sessions=[row.id], reason=reason)


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "user", "kind", "title", "is_warning", "read_at", "emailed_at", "digest_at")
    list_select_related = ("user",)
    list_filter = (reference_filter("user_id", "person", word="user__email"), MadeFilter)
    search_ids = ("pk", "user_id")
    search_fields = ("user_id",)
    search_help_text = "The id of a notification or of a person."


@admin.register(UserPreference)
class UserPreferenceAdmin(ReadOnlyAdmin):
    list_display = ("user", "theme", "time_zone", "notifications", "daily_digest_hour")
    list_select_related = ("user",)
    list_filter = (reference_filter("user_id", "person", word="user__email"),)


@admin.register(AccountLink)
class AccountLinkAdmin(ReadOnlyAdmin):
    """Which links went out. The code of a link is stored nowhere."""

    list_display = ("user", "purpose", "by_mail", "created_at", "expires_at", "ended_at")
    list_select_related = ("user",)
    list_filter = (reference_filter("user_id", "person", word="user__email"), MadeFilter)
    fields = ("user", "purpose", "by_mail", "created_at", "expires_at", "ended_at")


@admin.register(TotpDevice)
class TotpDeviceAdmin(ReadOnlyAdmin):
    """Who has an authenticator app. Somebody who lost theirs, and the recovery codes, asks to have it removed."""

    list_display = ("user", "created_at", "confirmed_at")
    list_select_related = ("user",)
    list_filter = (reference_filter("user_id", "person", word="user__email"), MadeFilter)
    fields = ("user", "created_at", "confirmed_at")
    actions = ("remove",)

    @with_reason("Remove the chosen authenticator apps")
    def remove(self, request: HttpRequest, row: TotpDevice, reason: str) -> None:
        remove_totp(user=row.user, reason=reason)


@admin.register(RecoveryCode)
class RecoveryCodeAdmin(ReadOnlyAdmin):
    list_display = ("user", "created_at", "used_at")
    list_select_related = ("user",)
    list_filter = (reference_filter("user_id", "person", word="user__email"), MadeFilter)
    fields = ("user", "created_at", "used_at")


@admin.register(Passkey)
class PasskeyAdmin(ReadOnlyAdmin):
    list_display = ("user", "name", "created_at", "last_used_at")
    list_select_related = ("user",)
    list_filter = (reference_filter("user_id", "person", word="user__email"), MadeFilter)
    fields = ("user", "name", "created_at", "last_used_at")
    actions = ("remove",)

    @with_reason("Remove the chosen passkeys")
    def remove(self, request: HttpRequest, row: Passkey, reason: str) -> None:
        remove_passkey(passkey=row, reason=reason)


@admin.register(Identity)
class IdentityAdmin(ReadOnlyAdmin):
    list_display = ("user", "provider", "label", "created_at")
    list_select_related = ("user",)
    list_filter = (reference_filter("user_id", "person", word="user__email"), MadeFilter)
    actions = ("disconnect",)

    @with_reason("Disconnect the chosen identities")
    def disconnect(self, request: HttpRequest, row: Identity, reason: str) -> None:
        disconnect_identity(user=row.user, provider=row.provider, reason=reason)
