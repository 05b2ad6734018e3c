"""What the API shows of people and credentials, and what it takes."""

from typing import Any

from rest_framework import serializers

from accounts.models import ApiToken, Role, User
from accounts.services.tokens import SCOPES
from common.api.serializers import StrictSerializer


class UserSerializer(serializers.ModelSerializer[User]):
    """A colleague."""

    class Meta:
        model = User
        fields = ("id", "display_name", "username", "email", "role", "is_active", "created_at")
        read_only_fields = fields


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
