"""API routes of the log."""

from collections.abc import Callable, Collection
from uuid import UUID

from django.urls import URLPattern, path

from audit.api.views import EventViewSet
from common.context import Principal


def routes(visible_projects: Callable[[Principal], Collection[UUID]]) -> list[URLPattern]:
    """Return the routes for a product in which `visible_projects` says what a caller sees."""
    kwargs = {"visible_projects": visible_projects}
    return [
        path("audit/events/", EventViewSet.as_view({"get": "list"}, **kwargs), name="event-list"),
        path("audit/events/<uuid:pk>/", EventViewSet.as_view({"get": "retrieve"}, **kwargs), name="event-detail"),
    ]
