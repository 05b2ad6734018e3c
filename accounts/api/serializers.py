"""What the API shows of people and credentials, and what it takes."""

from typing import Any

import orjson
from rest_framework import serializers

from accounts.models import (
    ApiToken,
    Notification,
    NotificationTiming,
    Role,
    Session,
    StaffRole,
    Theme,
    User,
    UserPreference,
)
from accounts.services.tokens import SCOPES
from common.api.serializers import JSONObjectField, StrictSerializer

MOST_PREFERENCES = 16 * 1024


class UserSerializer(serializers.ModelSerializer[User]):
    """A colleague."""

    class Meta:
        model = User
        fields = (
            "id",
            "display_name",
            "username",
            "email",
            "role",
            "is_service_account",
            "is_active",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class UserInput(StrictSerializer):
    """A new account. It has no password: `invite` sends its person a link; a service account never has one."""

    email = serializers.EmailField(max_length=255)
    display_name = serializers.CharField(max_length=255)
    username = serializers.CharField(max_length=255, required=False, default="")
    role = serializers.ChoiceField(choices=Role.choices, default=Role.USER)


class UserChange(StrictSerializer):
    """What an administrator changes. Rights are changed with a reason."""

    display_name = serializers.CharField(max_length=255, required=False)
    username = serializers.CharField(max_length=255, required=False)
    role = serializers.ChoiceField(choices=Role.choices, required=False)
    is_staff = serializers.BooleanField(required=False)
    staff_roles = serializers.ListField(
        child=serializers.ChoiceField(choices=StaffRole.choices), max_length=len(StaffRole), required=False
    )
    reason = serializers.CharField(max_length=2000, required=False, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if {"role", "is_staff", "staff_roles"} & set(attrs) and not attrs["reason"]:
            raise serializers.ValidationError({"reason": ["Say why the rights change."]})
        return attrs


class ProfileInput(StrictSerializer):
    display_name = serializers.CharField(max_length=255, required=False)
    username = serializers.CharField(max_length=255, required=False)


class PreferenceSerializer(serializers.ModelSerializer[UserPreference]):
    """How a person wants the product to look and to write."""

    class Meta:
        model = UserPreference
        fields = ("theme", "time_zone", "notifications", "daily_digest_hour", "preferences")
        read_only_fields = fields


class PreferenceInput(StrictSerializer):
    """PUT: what is left out is the default again."""

    theme = serializers.ChoiceField(choices=Theme.choices, default=Theme.AUTO)
    time_zone = serializers.CharField(max_length=64, default="UTC", help_text="A name of the IANA database.")
    notifications = serializers.ChoiceField(choices=NotificationTiming.choices, default=NotificationTiming.AT_ONCE)
    daily_digest_hour = serializers.IntegerField(min_value=0, max_value=23, default=8)
    preferences = JSONObjectField(default=dict, help_text="Whatever a client wants to remember, 16 kB at most.")

    def validate_preferences(self, value: dict[str, Any]) -> dict[str, Any]:
        if len(orjson.dumps(value)) > MOST_PREFERENCES:
            raise serializers.ValidationError(f"At most {MOST_PREFERENCES} bytes of JSON.")
        return value


class SessionSerializer(serializers.ModelSerializer[Session]):
    """A browser that is signed in. `current` is the one that asks."""

    current = serializers.SerializerMethodField()

    class Meta:
        model = Session
        fields = ("id", "created_at", "expires_at", "ip_address", "user_agent", "current")
        read_only_fields = fields

    def get_current(self, session: Session) -> bool:
        return bool(session.id == self.context["view"].principal.credential)


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    """One line about something that concerns the caller."""

    class Meta:
        model = Notification
        fields = (
            "id",
            "kind",
            "title",
            "body",
            "url",
            "subject_type",
            "subject_id",
            "event_id",
            "is_warning",
            "created_at",
            "read_at",
        )
        read_only_fields = fields


class CountSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()


class TenantSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.CharField()


class MeSerializer(serializers.Serializer[Any]):
    """Who asks: a person, or an agent that acts on a person's behalf."""

    kind = serializers.ChoiceField(choices=("user", "agent"))
    id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]  # the name in the API
    role = serializers.ChoiceField(choices=Role.choices)
    scopes = serializers.ListField(child=serializers.CharField(), allow_null=True, help_text="null: all, a session.")
    user = UserSerializer(help_text="The person whose rights count.")
    tenant = TenantSerializer()
    preferences = PreferenceSerializer(help_text="Of the person.")


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token, without its secret."""

    agent = serializers.UUIDField(source="agent_id", read_only=True, allow_null=True)

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = (
            "id",
            "user",
            "agent",
            "name",
            "prefix",
            "scopes",
            "expires_at",
            "last_used_at",
            "revoked_at",
            "created_at",
        )
        read_only_fields = fields


class IssuedTokenSerializer(TokenSerializer):
    """A new token. The secret is shown this once; a repeated request shows null."""

    secret = serializers.CharField(allow_null=True, read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = (*TokenSerializer.Meta.fields, "secret")
        read_only_fields = fields


class TokenInput(StrictSerializer):
    name = serializers.CharField(max_length=255)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(SCOPES)), min_length=1, max_length=len(SCOPES)
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class TicketSerializer(serializers.Serializer[Any]):
    ticket = serializers.CharField(help_text="For ?ticket= of one socket.")
    expires_in = serializers.IntegerField(help_text="Seconds.")
