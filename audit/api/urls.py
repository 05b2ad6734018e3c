"""API routes of the log and of what is made from it."""

from typing import Any

from django.urls import URLPattern, include, path
from django.urls.resolvers import URLResolver

from audit.api.endpoints import DeliveryViewSet, EndpointViewSet
from audit.api.proofs import CheckpointViewSet, EventProofViewSet, KeysView, TileView
from audit.api.rights import ProjectRights
from audit.api.views import ActivityViewSet, EventViewSet, MigrationsView

Actions = dict[str, Any]
LIST: Actions = {"get": "list"}
CREATE: Actions = {"get": "list", "post": "create"}
ONE: Actions = {"get": "retrieve"}
ENDPOINT: Actions = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}


def routes(rights: ProjectRights) -> list[URLPattern | URLResolver]:
    """Return the routes for a product in which `rights` says what a caller may see and do in projects."""
    own = {"rights": rights}
    endpoint = [
        path("", EndpointViewSet.as_view(ENDPOINT, **own), name="webhook-detail"),
        path("rotate/", EndpointViewSet.as_view({"post": "rotate"}, **own), name="webhook-rotate"),
        path("test/", EndpointViewSet.as_view({"post": "send_test"}, **own), name="webhook-test"),
        path("enable/", EndpointViewSet.as_view({"post": "enable"}, **own), name="webhook-enable"),
        path("disable/", EndpointViewSet.as_view({"post": "disable"}, **own), name="webhook-disable"),
    ]
    return [
        path("audit/events/", EventViewSet.as_view(CREATE, **own), name="event-list"),
        path("audit/events/<uuid:pk>/", EventViewSet.as_view(ONE, **own), name="event-detail"),
        path("activity/", ActivityViewSet.as_view(LIST, **own), name="activity-list"),
        path("activity/<uuid:pk>/", ActivityViewSet.as_view(ONE, **own), name="activity-detail"),
        path("webhooks/", EndpointViewSet.as_view(CREATE, **own), name="webhook-list"),
        path("webhooks/<uuid:pk>/", include(endpoint)),
        path("deliveries/", DeliveryViewSet.as_view(LIST, **own), name="delivery-list"),
        path("deliveries/<uuid:pk>/", DeliveryViewSet.as_view(ONE, **own), name="delivery-detail"),
        path("deliveries/<uuid:pk>/retry/", DeliveryViewSet.as_view({"post": "retry"}, **own), name="delivery-retry"),
        path("ops/migrations/", MigrationsView.as_view(), name="migrations"),
        *proofs(own),
    ]


def proofs(own: dict[str, ProjectRights]) -> list[URLPattern]:
    """Return the routes of what the log can prove. A wrong number is no other URL, so the views read the numbers."""
    event, checkpoint = "audit/events/<uuid:pk>/", "audit/checkpoints/<str:size>/"
    actions: dict[str, Actions] = {
        "": ONE,
        "consistency/": {"get": "consistency"},
        "cosignatures/": {"post": "cosign"},
    }
    return [
        path(f"{event}proof/", EventProofViewSet.as_view({"get": "proof"}, **own), name="event-proof"),
        path(f"{event}tlog-proof/", EventProofViewSet.as_view({"get": "tlog_proof"}, **own), name="event-tlog-proof"),
        path("audit/checkpoints/", CheckpointViewSet.as_view(LIST), name="checkpoint-list"),
        *(path(f"{checkpoint}{end}", CheckpointViewSet.as_view(methods)) for end, methods in actions.items()),
        path("audit/tiles/<str:epoch>/<str:level>/<path:index>", TileView.as_view(), name="tile"),
        path("audit/keys/", KeysView.as_view(), name="log-keys"),
    ]
