"""The log and the activity feed over HTTP."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api.filters import ActivityFilter, EventFilter
from audit.api.rights import NONE, ProjectRights
from audit.api.serializers import ActivitySerializer, EventSerializer, ExternalEventInput, MigrationSerializer
from audit.models import ActivityItem, Event, Position, SchemaMigration
from audit.services import record_external
from common.api.pagination import KeysetPagination
from common.api.schema import IDEMPOTENCY_KEY
from common.api.views import ApiView, VisibleViewSet, require
from common.errors import NotFound

AUDIT = ["audit"]


class OfProjects(VisibleViewSet):
    """Rows whose visibility hangs on the caller's projects."""

    rights: ProjectRights = NONE

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        return queryset.visible_to(self.principal, self.rights.visible(self.principal))  # type: ignore[no-any-return]


@extend_schema_view(list=extend_schema(tags=AUDIT), retrieve=extend_schema(tags=AUDIT))
class EventViewSet(OfProjects):
    """What happened: in the caller's projects, or to the caller. Administrators and managers see all."""

    queryset = Event.objects.annotate(pos=Subquery(Position.objects.filter(event_id=OuterRef("id")).values("pos")[:1]))
    serializer_class = EventSerializer
    filterset_class = EventFilter

    @extend_schema(
        tags=AUDIT, parameters=[IDEMPOTENCY_KEY], request=ExternalEventInput, responses={201: EventSerializer}
    )
    def create(self, request: Request) -> Response:
        """Tell of something that happened outside: a review, a deployment, a pull request. Nothing else can be told."""
        given = self.valid(ExternalEventInput)
        project_id = given.pop("project")
        if project_id:
            self.check_project(project_id)
        event = record_external(principal=self.principal, project_id=project_id, **given)
        event.pos = None  # type: ignore[attr-defined]  # what the list's query adds; the relay has not placed it yet
        return self.shown(event, status=201)

    def check_project(self, project_id: Any) -> None:
        """Raise `NotFound` for a project the caller cannot see, `Forbidden` for one they cannot contribute to."""
        sees = self.principal.sees_all_projects or project_id in self.rights.visible(self.principal)
        if not sees:
            raise NotFound("There is no such project, or you may not see it.")
        require(
            self.rights.may_contribute(self.principal, project_id), "Only contributors tell of events of a project."
        )


class FeedPagination(KeysetPagination):
    """By the event, which is a time too: the feed has the same order after it was made anew."""

    default_ordering = "-event_id"


@extend_schema_view(list=extend_schema(tags=AUDIT), retrieve=extend_schema(tags=AUDIT))
class ActivityViewSet(OfProjects):
    """The log in sentences with links: what the caller's projects are up to."""

    queryset = ActivityItem.objects.all()
    serializer_class = ActivitySerializer
    filterset_class = ActivityFilter
    orderings = ("event_id",)
    pagination_class = FeedPagination


class MigrationsView(ApiView):
    @extend_schema(tags=["operations"], operation_id="migrations", responses=MigrationSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List what the database was brought up by. For administrators."""
        allowed = self.principal.role == "admin" and not self.principal.is_agent
        require(allowed, "Only an administrator may see the state of the database.")
        return Response(MigrationSerializer(SchemaMigration.objects.all(), many=True).data)
