"""What belongs to the caller alone: profile, preferences, sessions, notifications, tickets."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import serializers
from accounts.api.filters import NotificationFilter
from accounts.models import Notification, Session
from accounts.permissions import check_is_person
from accounts.queries import person, preferences_of
from accounts.services import (
    mark_all_read,
    mark_read,
    revoke_all_sessions,
    revoke_sessions,
    update_preferences,
    update_user,
)
from accounts.services.tickets import LIFETIME_SECONDS, issue_ticket
from common.api.schema import IDEMPOTENCY_KEY
from common.api.serializers import NoInput
from common.api.views import ApiView, VisibleViewSet

IDENTITY = ["identity"]


class MeView(ApiView):
    @extend_schema(tags=IDENTITY, operation_id="me", responses=serializers.MeSerializer)
    def get(self, request: Request) -> Response:
        """Say who asks."""
        return self.shown()

    @extend_schema(
        tags=IDENTITY,
        operation_id="me_partial_update",
        request=serializers.ProfileInput,
        responses=serializers.MeSerializer,
    )
    def patch(self, request: Request) -> Response:
        """Change the own names. Rights are changed by administrators."""
        check_is_person(self.principal)
        update_user(user=person(self.principal.user_id), **self.valid(serializers.ProfileInput))
        return self.shown()

    def shown(self) -> Response:
        principal = self.principal
        user = person(principal.user_id)
        members = {
            "kind": "agent" if principal.is_agent else "user",
            "id": principal.id,
            "label": principal.label if principal.is_agent else str(user),
            "role": principal.role,
            "scopes": sorted(principal.scopes) if principal.via == "token" else None,
            "user": user,
            "tenant": user.tenant,
            "preferences": preferences_of(user),
        }
        return Response(serializers.MeSerializer(members).data)


class PreferencesView(ApiView):
    @extend_schema(tags=IDENTITY, operation_id="preferences", responses=serializers.PreferenceSerializer)
    def get(self, request: Request) -> Response:
        """Return the own preferences; whoever never set any has the defaults."""
        return Response(serializers.PreferenceSerializer(preferences_of(person(self.principal.user_id))).data)

    @extend_schema(
        tags=IDENTITY,
        operation_id="preferences_update",
        request=serializers.PreferenceInput,
        responses=serializers.PreferenceSerializer,
    )
    def put(self, request: Request) -> Response:
        """Set all preferences; what is left out is the default again."""
        return self.change(self.valid(serializers.PreferenceInput))

    @extend_schema(
        tags=IDENTITY,
        operation_id="preferences_partial_update",
        request=serializers.PreferenceInput,
        responses=serializers.PreferenceSerializer,
    )
    def patch(self, request: Request) -> Response:
        """Change some preferences."""
        return self.change(self.valid(serializers.PreferenceInput, partial=True))

    def change(self, changes: dict[str, Any]) -> Response:
        check_is_person(self.principal)
        row = update_preferences(user=person(self.principal.user_id), **changes)
        return Response(serializers.PreferenceSerializer(row).data)


class TicketView(ApiView):
    write_scope = "read"

    @extend_schema(
        tags=IDENTITY, operation_id="ws_ticket", request=NoInput, responses={201: serializers.TicketSerializer}
    )
    def post(self, request: Request) -> Response:
        """Get a ticket that opens one socket within 30 seconds."""
        self.valid(NoInput)
        ticket = issue_ticket(principal=self.principal)
        return Response({"ticket": ticket, "expires_in": LIFETIME_SECONDS}, status=201)

    def reserve(self, request: Request, raw: bytes) -> None:
        """A ticket works once, so there is no answer worth repeating."""


@extend_schema_view(list=extend_schema(tags=IDENTITY))
class SessionViewSet(VisibleViewSet):
    """The own browser sessions. Nobody sees those of others here."""

    queryset = Session.objects.all()
    serializer_class = serializers.SessionSerializer
    write_scope = "admin"

    @extend_schema(tags=IDENTITY, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """End a session, at once."""
        session = self.get_object()
        revoke_sessions(user=session.user, sessions=[session.id], reason="Ended by its owner.")
        return Response(status=204)

    @extend_schema(
        tags=IDENTITY,
        operation_id="sessions_revoke_all",
        parameters=[IDEMPOTENCY_KEY],
        request=NoInput,
        responses=serializers.CountSerializer,
    )
    @action(detail=False, methods=["post"], url_path="revoke-all")
    def revoke_all(self, request: Request) -> Response:
        """End all other sessions; with a token, all."""
        self.valid(NoInput)
        check_is_person(self.principal)
        user = person(self.principal.user_id)
        ended = revoke_all_sessions(user=user, keep=self.principal.credential, reason="Ended by their owner.")
        return Response({"count": ended})


@extend_schema_view(list=extend_schema(tags=IDENTITY), retrieve=extend_schema(tags=IDENTITY))
class NotificationViewSet(VisibleViewSet):
    """What waits for the caller, or was told them."""

    queryset = Notification.objects.all()
    serializer_class = serializers.NotificationSerializer
    filterset_class = NotificationFilter

    @extend_schema(
        tags=IDENTITY,
        parameters=[IDEMPOTENCY_KEY],
        request=NoInput,
        responses=serializers.NotificationSerializer,
    )
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str) -> Response:
        """Mark as read. A second time changes nothing."""
        self.valid(NoInput)
        row = self.get_object()
        mark_read(user=person(self.principal.user_id), notifications=[row.id])
        return self.shown(self.get_object())

    @extend_schema(
        tags=IDENTITY,
        operation_id="notifications_read_all",
        parameters=[IDEMPOTENCY_KEY],
        request=NoInput,
        responses=serializers.CountSerializer,
    )
    @action(detail=False, methods=["post"], url_path="read-all")
    def read_all(self, request: Request) -> Response:
        """Mark everything as read that there is by now."""
        self.valid(NoInput)
        check_is_person(self.principal)
        return Response({"count": mark_all_read(user=person(self.principal.user_id))})

    @extend_schema(
        tags=IDENTITY, operation_id="notifications_unread", filters=False, responses=serializers.CountSerializer
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def unread(self, request: Request) -> Response:
        """Count what is not read: the badge."""
        return Response({"count": self.get_queryset().unread().count()})  # type: ignore[attr-defined]  # ours
