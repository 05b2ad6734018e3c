"""Projects, their members and plans over HTTP."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.queries import person
from common.api.schema import IDEMPOTENCY_KEY, IF_MATCH
from common.api.serializers import ReasonInput
from common.api.views import VisibleViewSet, require
from common.errors import NotFound
from projects.api import serializers
from projects.api.base import MANAGERS_ONLY, PLANS, DeliveryViewSet
from projects.api.filters import MemberFilter, PlanFilter, ProjectFilter
from projects.models import Plan, Project, ProjectMember
from projects.permissions import can_manage
from projects.services import (
    add_member,
    archive_project,
    cancel_plan,
    create_plan,
    create_project,
    delete_project,
    remove_member,
    update_plan,
    update_project,
)

PROJECTS = ["projects"]
OF_PROJECT = [OpenApiParameter("project_id", OpenApiTypes.UUID, OpenApiParameter.PATH)]


@extend_schema_view(list=extend_schema(tags=PROJECTS), retrieve=extend_schema(tags=PROJECTS))
class ProjectViewSet(DeliveryViewSet):
    """Projects the caller belongs to; administrators and managers see all."""

    queryset = Project.objects.all()
    serializer_class = serializers.ProjectSerializer
    list_serializer_class = serializers.ProjectListSerializer
    filterset_class = ProjectFilter
    orderings = ("id", "name", "created_at", "updated_at")

    @extend_schema(
        tags=PROJECTS,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.ProjectInput,
        responses={201: serializers.ProjectSerializer},
    )
    def create(self, request: Request) -> Response:
        """Create a project; the caller becomes its owner."""
        require(not self.principal.is_agent, "People create projects.")
        given = self.valid(serializers.ProjectInput)
        return self.shown(create_project(owner=person(self.principal.user_id), **given), status=201)

    @extend_schema(
        tags=PROJECTS,
        parameters=[IF_MATCH],
        request=serializers.ProjectChange,
        responses=serializers.ProjectSerializer,
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a project."""
        project = self.managed()
        return self.shown(update_project(project=project, **self.valid(serializers.ProjectChange, partial=True)))

    @extend_schema(tags=PROJECTS, parameters=[IF_MATCH], responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take a project out of use. Its rows stay for the log; its slug and key are free again."""
        delete_project(project=self.managed(), reason="Deleted by API.")
        return Response(status=204)

    @extend_schema(tags=PROJECTS, request=ReasonInput, responses=serializers.ProjectSerializer)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Put a project away: nothing in it can be claimed, what runs is told to stop."""
        return self.do_because(archive_project, "project")


@extend_schema_view(list=extend_schema(tags=PROJECTS, parameters=OF_PROJECT))
class MemberViewSet(VisibleViewSet):
    """The people of one project."""

    queryset = ProjectMember.objects.select_related("user")
    serializer_class = serializers.MemberSerializer
    filterset_class = MemberFilter

    def project(self) -> Project:
        """Return the project of the URL; raises `NotFound`."""
        project = Project.objects.visible_to(self.principal).filter(id=self.kwargs["project_id"]).first()
        if project is None:
            raise NotFound("It does not exist, or you may not see it.")
        return project

    def managed_project(self) -> Project:
        project = self.project()
        require(can_manage(self.principal, project.id), MANAGERS_ONLY)
        return project

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        return super().narrowed(queryset).filter(project_id=self.project().id)

    @extend_schema(
        tags=PROJECTS,
        parameters=[*OF_PROJECT, IDEMPOTENCY_KEY],
        request=serializers.MemberInput,
        responses={201: serializers.MemberSerializer},
    )
    def create(self, request: Request, project_id: str) -> Response:
        """Give a person a role, or change the one they have."""
        project = self.managed_project()
        return self.shown(add_member(project=project, **self.valid(serializers.MemberInput)), status=201)

    @extend_schema(tags=PROJECTS, parameters=OF_PROJECT, responses={204: None})
    def destroy(self, request: Request, project_id: str, pk: str) -> Response:
        """Take a person's role away."""
        self.managed_project()
        remove_member(member=self.get_object(), reason="Removed by API.")
        return Response(status=204)


@extend_schema_view(list=extend_schema(tags=PLANS), retrieve=extend_schema(tags=PLANS))
class PlanViewSet(DeliveryViewSet):
    """Plans of visible projects."""

    queryset = Plan.objects.all()
    serializer_class = serializers.PlanSerializer
    filterset_class = PlanFilter

    @extend_schema(
        tags=PLANS,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.PlanInput,
        responses={201: serializers.PlanSerializer},
    )
    def create(self, request: Request) -> Response:
        """Create a plan as a draft; it starts with its first phase."""
        given = self.valid(serializers.PlanInput)
        require(can_manage(self.principal, given["project"].id), MANAGERS_ONLY)
        return self.shown(create_plan(**given), status=201)

    @extend_schema(
        tags=PLANS, parameters=[IF_MATCH], request=serializers.PlanChange, responses=serializers.PlanSerializer
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what a plan says."""
        return self.shown(update_plan(plan=self.managed(), **self.valid(serializers.PlanChange, partial=True)))

    @extend_schema(tags=PLANS, request=ReasonInput, responses=serializers.PlanSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Give a plan up, with every phase that is not completed."""
        return self.do_because(cancel_plan, "plan")
