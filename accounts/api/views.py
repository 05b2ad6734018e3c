"""People and tokens over HTTP."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import serializers
from accounts.api.filters import UserFilter
from accounts.models import ApiToken, User
from accounts.permissions import check_may_administer, check_may_issue, check_may_rotate, may_administer
from accounts.queries import person
from accounts.services import (
    create_token,
    create_user,
    deactivate_user,
    delete_user,
    invite_again,
    reactivate_user,
    revoke_token,
    rotate_token,
    update_user,
)
from common.api.schema import IDEMPOTENCY_KEY, IF_MATCH
from common.api.serializers import NoInput, ReasonInput
from common.api.views import VisibleViewSet

IDENTITY = ["identity"]


@extend_schema_view(list=extend_schema(tags=IDENTITY), retrieve=extend_schema(tags=IDENTITY))
class UserViewSet(VisibleViewSet):
    """People of the tenant. Administrators make, change and close accounts, and see the closed ones."""

    queryset = User.objects.all()
    serializer_class = serializers.UserSerializer
    filterset_class = UserFilter
    write_scope = "admin"

    def narrowed(self, queryset: Any) -> QuerySet[User]:
        if may_administer(self.principal):
            return queryset  # type: ignore[no-any-return]
        return super().narrowed(queryset)

    @extend_schema(
        tags=IDENTITY,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.UserInput,
        responses={201: serializers.UserSerializer},
    )
    def create(self, request: Request) -> Response:
        """Make an account without a password."""
        given = self.valid(serializers.UserInput)
        check_may_administer(self.principal)
        return self.shown(create_user(**given, password=None), status=201)

    @extend_schema(
        tags=IDENTITY, parameters=[IF_MATCH], request=serializers.UserChange, responses=serializers.UserSerializer
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change names or rights. The last administrator keeps the role."""
        self.to_administer()
        given = self.valid(serializers.UserChange)
        return self.shown(update_user(user=self.object_to_change(), **given))

    @extend_schema(tags=IDENTITY, request=ReasonInput, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take an account out of use for good; work and log still say who it was."""
        user = self.to_administer()
        delete_user(user=user, **self.valid(ReasonInput))
        return Response(status=204)

    @extend_schema(
        tags=IDENTITY, parameters=[IDEMPOTENCY_KEY], request=ReasonInput, responses=serializers.UserSerializer
    )
    @action(detail=True, methods=["post"])
    def deactivate(self, request: Request, pk: str) -> Response:
        """Close an account: sessions and tokens end at once."""
        return self.shown(deactivate_user(user=self.to_administer(), **self.valid(ReasonInput)))

    @extend_schema(
        tags=IDENTITY, parameters=[IDEMPOTENCY_KEY], request=ReasonInput, responses=serializers.UserSerializer
    )
    @action(detail=True, methods=["post"])
    def reactivate(self, request: Request, pk: str) -> Response:
        """Open a closed account again."""
        return self.shown(reactivate_user(user=self.to_administer(), **self.valid(ReasonInput)))

    @extend_schema(
        tags=IDENTITY,
        operation_id="users_invite",
        parameters=[IDEMPOTENCY_KEY],
        request=NoInput,
        responses=serializers.UserSerializer,
    )
    @action(detail=True, methods=["post"])
    def invite(self, request: Request, pk: str) -> Response:
        """Send a person without a password a link that opens the account; a link from before ends."""
        user = self.to_administer()
        self.valid(NoInput)
        return self.shown(invite_again(user=user))

    def to_administer(self) -> User:
        user: User = self.get_object()
        check_may_administer(self.principal)
        return user


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
        check_may_issue(self.principal, given["scopes"], given.get("expires_at"))
        issued = create_token(user=person(self.principal.user_id), **given)
        shown = serializers.TokenSerializer(issued.token).data
        return Response({**shown, "secret": issued.secret}, status=201)

    @extend_schema(
        tags=IDENTITY,
        parameters=[IDEMPOTENCY_KEY],
        request=NoInput,
        responses={201: serializers.IssuedTokenSerializer},
    )
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: str) -> Response:
        """Replace a token by one like it; the old one ends now. The new secret is in this answer only."""
        self.valid(NoInput)
        token = self.get_object()
        check_may_rotate(self.principal, token)
        issued = rotate_token(token=token)
        return Response({**serializers.TokenSerializer(issued.token).data, "secret": issued.secret}, status=201)

    @extend_schema(tags=IDENTITY, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Revoke a token, now and for ever. The row stays for the log."""
        revoke_token(token=self.get_object(), reason="Revoked by API.")
        return Response(status=204)
