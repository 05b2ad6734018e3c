"""The log over HTTP."""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from drf_spectacular.utils import extend_schema, extend_schema_view

from audit.api.filters import EventFilter
from audit.api.serializers import EventSerializer
from audit.models import Event, Position
from common.api.views import VisibleViewSet
from common.context import Principal

AUDIT = ["audit"]


def nothing(principal: Principal) -> Collection[UUID]:
    return ()


@extend_schema_view(list=extend_schema(tags=AUDIT), retrieve=extend_schema(tags=AUDIT))
class EventViewSet(VisibleViewSet):
    """What happened: in the caller's projects, or to the caller. Administrators and managers see all."""

    queryset = Event.objects.annotate(pos=Subquery(Position.objects.filter(event_id=OuterRef("id")).values("pos")[:1]))
    serializer_class = EventSerializer
    filterset_class = EventFilter
    visible_projects: Callable[[Principal], Collection[UUID]] = staticmethod(nothing)
    """projects live above the log: the URL map says whose events a caller may see"""

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        projects = self.visible_projects(self.principal)
        return queryset.visible_to(self.principal, projects)  # type: ignore[no-any-return]
