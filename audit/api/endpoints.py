"""Outgoing webhooks over HTTP."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api.filters import DeliveryFilter, EndpointFilter
from audit.api.serializers import (
    DeliverySerializer,
    EndpointChange,
    EndpointInput,
    EndpointSerializer,
    NewEndpointSerializer,
)
from audit.api.views import OfProjects
from audit.models import Delivery, DeliveryEndpoint
from audit.services import (
    create_endpoint,
    delete_endpoint,
    disable_endpoint,
    enable_endpoint,
    retry_delivery,
    rotate_secret,
    send_test,
    update_endpoint,
)
from common.api.schema import IDEMPOTENCY_KEY, IF_MATCH
from common.api.serializers import NoInput, ReasonInput
from common.api.views import require
from common.errors import NotFound

WEBHOOKS = ["webhooks"]
NOT_FOR_THIS = "Only those who may change a project's settings, or administrators, manage webhooks."


class OfEndpoints(OfProjects):
    """Rows of endpoints: of the projects that the caller manages; administrators and managers see all."""

    write_scope = "admin"

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        return queryset.visible_to(self.principal, self.rights.managed(self.principal))  # type: ignore[no-any-return]


@extend_schema_view(list=extend_schema(tags=WEBHOOKS), retrieve=extend_schema(tags=WEBHOOKS))
class EndpointViewSet(OfEndpoints):
    """Addresses outside that get events, signed by the Standard Webhooks specification."""

    queryset = DeliveryEndpoint.objects.all()
    serializer_class = EndpointSerializer
    filterset_class = EndpointFilter
    secret_members = ("secret",)

    def restore(self, item: dict[str, Any]) -> dict[str, Any]:
        return item | {"secret": None}

    @extend_schema(
        tags=WEBHOOKS, parameters=[IDEMPOTENCY_KEY], request=EndpointInput, responses={201: NewEndpointSerializer}
    )
    def create(self, request: Request) -> Response:
        """Make an endpoint. Its secret is in this answer only. Without a project it gets the whole tenant's events."""
        given = self.valid(EndpointInput)
        project_id = given.pop("project")
        self.check_project(project_id)
        endpoint = create_endpoint(**given, project_id=project_id, created_by=self.principal.user_id)
        return self.with_secret(endpoint, status=201)

    def check_project(self, project_id: Any) -> None:
        principal = self.principal
        require(not principal.is_agent, NOT_FOR_THIS)
        if project_id is None or principal.sees_all_projects:
            require(principal.sees_all_projects, NOT_FOR_THIS)
            return
        if project_id not in self.rights.visible(principal):
            raise NotFound("There is no such project, or you may not see it.")
        require(self.rights.may_manage(principal, project_id), NOT_FOR_THIS)

    def with_secret(self, endpoint: DeliveryEndpoint, status: int = 200) -> Response:
        shown = self.shown(endpoint, status=status)
        shown.data = {**shown.data, "secret": endpoint.secret}
        return shown

    @extend_schema(tags=WEBHOOKS, parameters=[IF_MATCH], request=EndpointChange, responses=EndpointSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change address, description or events."""
        given = self.valid(EndpointChange)
        return self.shown(update_endpoint(endpoint=self.object_to_change(), **given))

    @extend_schema(tags=WEBHOOKS, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove an endpoint with its deliveries."""
        delete_endpoint(endpoint=self.get_object(), reason="Deleted by API.")
        return Response(status=204)

    @extend_schema(tags=WEBHOOKS, parameters=[IDEMPOTENCY_KEY], request=NoInput, responses=NewEndpointSerializer)
    def rotate(self, request: Request, pk: str) -> Response:
        """Give a new secret, in this answer only; for a day both sign."""
        self.valid(NoInput)
        return self.with_secret(rotate_secret(endpoint=self.get_object()))

    @extend_schema(tags=WEBHOOKS, parameters=[IDEMPOTENCY_KEY], request=NoInput, responses={202: EndpointSerializer})
    def send_test(self, request: Request, pk: str) -> Response:
        """Send a test event to this endpoint alone. Its delivery is in the list a moment later."""
        self.valid(NoInput)
        endpoint = self.get_object()
        send_test(endpoint=endpoint)
        return self.shown(endpoint, status=202)

    @extend_schema(tags=WEBHOOKS, parameters=[IDEMPOTENCY_KEY], request=NoInput, responses=EndpointSerializer)
    def enable(self, request: Request, pk: str) -> Response:
        """Deliver again: what waits, and what happens from now on."""
        self.valid(NoInput)
        return self.shown(enable_endpoint(endpoint=self.get_object()))

    @extend_schema(tags=WEBHOOKS, parameters=[IDEMPOTENCY_KEY], request=ReasonInput, responses=EndpointSerializer)
    def disable(self, request: Request, pk: str) -> Response:
        """Stop delivering."""
        given = self.valid(ReasonInput)
        return self.shown(disable_endpoint(endpoint=self.get_object(), **given))


@extend_schema_view(list=extend_schema(tags=WEBHOOKS), retrieve=extend_schema(tags=WEBHOOKS))
class DeliveryViewSet(OfEndpoints):
    """What became of each event that an endpoint was to get."""

    queryset = Delivery.objects.all()
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilter

    @extend_schema(tags=WEBHOOKS, parameters=[IDEMPOTENCY_KEY], request=NoInput, responses=DeliverySerializer)
    def retry(self, request: Request, pk: str) -> Response:
        """Try again now, with all attempts anew."""
        self.valid(NoInput)
        return self.shown(retry_delivery(delivery=self.get_object()))
