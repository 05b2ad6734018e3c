"""Identity over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import serializers
from accounts.api.filters import UserFilter
from accounts.models import ApiToken, User
from accounts.permissions import check_may_issue
from accounts.queries import person
from accounts.services import create_token, revoke_token
from accounts.services.tickets import LIFETIME_SECONDS, issue_ticket
from common.api.schema import IDEMPOTENCY_KEY
from common.api.serializers import NoInput
from common.api.views import ApiView, VisibleViewSet

IDENTITY = ["identity"]


class MeView(ApiView):
    @extend_schema(tags=IDENTITY, operation_id="me", responses=serializers.MeSerializer)
    def get(self, request: Request) -> Response:
        """Say who asks."""
        principal = self.principal
        user = person(principal.user_id)
        members = {
            "kind": "agent" if principal.is_agent else "user",
            "id": principal.id,
            "label": principal.label,
            "role": principal.role,
            "scopes": sorted(principal.scopes) if principal.via == "token" else None,
            "user": user,
            "tenant": user.tenant,
        }
        return Response(serializers.MeSerializer(members).data)


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


@extend_schema_view(list=extend_schema(tags=IDENTITY), retrieve=extend_schema(tags=IDENTITY))
class UserViewSet(VisibleViewSet):
    """People of the tenant."""

    queryset = User.objects.all()
    serializer_class = serializers.UserSerializer
    filterset_class = UserFilter


@extend_schema_view(list=extend_schema(tags=IDENTITY), retrieve=extend_schema(tags=IDENTITY))
class TokenViewSet(VisibleViewSet):
    """The caller's tokens; administrators see everybody's, an agent its own."""

    queryset = ApiToken.objects.all()
    serializer_class = serializers.TokenSerializer
    write_scope = "admin"
    secret_members = ("secret",)

    def restore(self, item: dict[str, Any]) -> dict[str, Any]:
        return item | {"secret": None}

    @extend_schema(
        tags=IDENTITY,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.TokenInput,
        responses={201: serializers.IssuedTokenSerializer},
    )
    def create(self, request: Request) -> Response:
        """Make a token with the caller's rights, or fewer. Its secret is in this answer only."""
        given = self.valid(serializers.TokenInput)
        check_may_issue(self.principal, given["scopes"])
        issued = create_token(user=person(self.principal.user_id), **given)
        shown = serializers.TokenSerializer(issued.token).data
        return Response({**shown, "secret": issued.secret}, status=201)

    @extend_schema(tags=IDENTITY, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Revoke a token, now and for ever. The row stays for the log."""
        revoke_token(token=self.get_object(), reason="Revoked by API.")
        return Response(status=204)
