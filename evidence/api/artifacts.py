"""The context store over HTTP."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.negotiation import AnyAccept
from common.api.schema import IDEMPOTENCY_KEY, IF_MATCH
from common.api.streams import streamed
from common.api.uploads import UPLOAD_BODY, UPLOAD_PARAMETERS, UploadMixin
from common.api.views import ApiView, VisibleViewSet, etag_of, require
from common.files.kinds import Stored
from common.files.serving import INERT, inert_response, with_headers
from common.files.sniff import UNKNOWN
from common.tenancy import tenant_context
from evidence.api import artifact_serializers as serializers
from evidence.api.filters import ArtifactFilter
from evidence.models import Artifact, ArtifactUse
from evidence.search import Vector, search_artifacts
from evidence.services.artifacts import (
    ARTIFACT_BODIES,
    Author,
    DatabaseArtifacts,
    assemble,
    create_artifact,
    create_version,
    decompose_artifact,
    delete_artifact,
    download_artifact,
    embed_artifact,
    export_artifacts,
    tag_artifact,
    unit_vector,
    upload_artifact,
    zipped,
)
from projects.models import Project
from projects.permissions import can_contribute, can_manage

ARTIFACTS = ["artifacts"]
MEMBERS_ONLY = "Contributors write artifacts."
MANAGERS_ONLY = "Owners and maintainers delete artifacts."
FILE = {(200, "application/octet-stream"): OpenApiTypes.BINARY}


@extend_schema_view(list=extend_schema(tags=ARTIFACTS), retrieve=extend_schema(tags=ARTIFACTS))
class ArtifactViewSet(VisibleViewSet):
    """What people and agents wrote down. The list has the current versions; any version is there by its id."""

    queryset = Artifact.objects.all()
    serializer_class = serializers.ArtifactSerializer
    list_serializer_class = serializers.ArtifactListSerializer
    filterset_class = ArtifactFilter

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        visible: Any = super().narrowed(queryset)
        return visible.current().without_content() if self.action == "list" else visible  # type: ignore[no-any-return]

    def author(self, artifact: Artifact | None = None, project: Project | None = None) -> Author:
        """Return the caller as somebody who may write here; raises `Forbidden`."""
        project_id = artifact.project_id if artifact else project.id if project else None
        require(project_id is not None and can_contribute(self.principal, project_id), MEMBERS_ONLY)
        return Author(user_id=self.principal.user_id)

    @extend_schema(
        tags=ARTIFACTS,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.ArtifactInput,
        responses={201: serializers.ArtifactSerializer},
    )
    def create(self, request: Request) -> Response:
        """Write something down, at a path that has no current artifact of its type."""
        given = self.valid(serializers.ArtifactInput)
        return self.shown(create_artifact(author=self.author(project=given["project"]), **given), status=201)

    @extend_schema(
        tags=ARTIFACTS,
        parameters=[IF_MATCH],
        request=serializers.TagsInput,
        responses=serializers.ArtifactSerializer,
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change the tags of a version. Everything else is a new version."""
        artifact = self.object_to_change()
        self.author(artifact)
        return self.shown(tag_artifact(artifact=artifact, **self.valid(serializers.TagsInput)))

    @extend_schema(tags=ARTIFACTS, parameters=[IF_MATCH], responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take an artifact out of use, with all its versions and parts."""
        artifact = self.object_to_change()
        require(can_manage(self.principal, artifact.project_id), MANAGERS_ONLY)
        delete_artifact(artifact=artifact)
        return Response(status=204)

    @extend_schema(tags=ARTIFACTS, responses=serializers.ArtifactListSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None)
    def versions(self, request: Request, pk: str) -> Response:
        """List all versions, newest first."""
        found = Artifact.objects.visible_to(self.principal).versions_of(self.get_object())
        return self.page_of(found.without_content(), serializers.ArtifactListSerializer)

    @extend_schema(
        tags=ARTIFACTS,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.Body,
        responses={201: serializers.ArtifactSerializer},
    )
    @versions.mapping.post
    def new_version(self, request: Request, pk: str) -> Response:
        """Put a new version in the place of this one, which must be current; its parts belong to this one."""
        artifact = self.get_object()
        author = self.author(artifact)
        return self.shown(create_version(artifact=artifact, author=author, **self.valid(serializers.Body)), status=201)

    @extend_schema(
        tags=ARTIFACTS,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.DecomposeInput,
        responses=serializers.ArtifactListSerializer(many=True),
    )
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def decompose(self, request: Request, pk: str) -> Response:
        """Take a document apart: sections by its headings, concepts by keys of its JSON. Again, it changes nothing."""
        artifact = self.get_object()
        author = self.author(artifact)
        parts = decompose_artifact(artifact=artifact, author=author, **self.valid(serializers.DecomposeInput))
        return Response(serializers.ArtifactListSerializer(parts, many=True).data)

    @extend_schema(
        tags=ARTIFACTS,
        request=serializers.EmbeddingInput,
        responses=serializers.ArtifactSerializer,
    )
    @action(detail=True, methods=["put"])
    def embedding(self, request: Request, pk: str) -> Response:
        """Say where a version lies in the space of an embedding model."""
        artifact = self.get_object()
        self.author(artifact)
        return self.shown(embed_artifact(artifact=artifact, **self.valid(serializers.EmbeddingInput)))

    @extend_schema(tags=ARTIFACTS, responses=serializers.UseSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None)
    def uses(self, request: Request, pk: str) -> Response:
        """List the runs that were given this version, newest first."""
        found = ArtifactUse.objects.visible_to(self.principal).filter(artifact_id=self.get_object().id)
        return self.page_of(found, serializers.UseSerializer)

    @extend_schema(tags=ARTIFACTS, responses=FILE)
    @action(detail=True, methods=["get"], content_negotiation_class=AnyAccept)
    def content(self, request: Request, pk: str) -> HttpResponseBase:
        """Download the body as it was handed in, to be saved."""
        artifact = self.get_object()
        name = artifact.path.rpartition("/")[2]
        body = download_artifact(artifact=artifact)
        if isinstance(body, Stored):
            return inert_response(request._request, body, name)
        response = HttpResponse(body, content_type=INERT.get(artifact.media_type, UNKNOWN))
        response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
        with_headers(response, etag_of(artifact))
        del response["Accept-Ranges"]
        return response

    def page_of(self, rows: Any, serializer_class: Any) -> Response:
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(serializer_class(page, many=True).data)


class SearchView(ApiView):
    write_scope = "read"

    @extend_schema(
        tags=ARTIFACTS,
        operation_id="artifacts_search",
        parameters=[serializers.SearchQuery],
        responses=serializers.HitsSerializer,
    )
    def get(self, request: Request) -> Response:
        """Find current artifacts of a project by their words, best first."""
        return self.found(self.valid_query(serializers.SearchQuery))

    @extend_schema(
        tags=ARTIFACTS,
        operation_id="artifacts_search_near",
        request=serializers.SearchInput,
        responses=serializers.HitsSerializer,
    )
    def post(self, request: Request) -> Response:
        """The same, with an embedding: it has no room in an address. Changes nothing."""
        return self.found(self.valid(serializers.SearchInput))

    def found(self, asked: dict[str, Any]) -> Response:
        near = asked.get("embedding")
        hits = search_artifacts(
            project_id=asked["project"].id,
            words=asked.get("query", ""),
            vector=Vector(near["model"], unit_vector(near["vector"])) if near else None,
            granularity=asked.get("granularity"),
            most=asked["limit"],
        )
        return Response(serializers.HitsSerializer({"results": hits}).data)


class AssembleView(ApiView):
    write_scope = "read"

    @extend_schema(
        tags=ARTIFACTS,
        operation_id="artifacts_assemble",
        request=serializers.AssembleInput,
        responses=serializers.AssemblySerializer,
    )
    def post(self, request: Request) -> Response:
        """Put context together within a number of tokens. Changes nothing; what a run is given comes with its claim."""
        asked = self.valid(serializers.AssembleInput)
        assembly = assemble(DatabaseArtifacts(asked["project"].id), asked["ids"], asked["max_tokens"])
        return Response(serializers.AssemblySerializer(assembly).data)


class UploadArtifactView(UploadMixin):
    kind = ARTIFACT_BODIES
    http_method_names = ["post", "options"]  # noqa: RUF012  # Django's own declaration

    @extend_schema(
        tags=ARTIFACTS,
        operation_id="artifacts_upload",
        parameters=[serializers.UploadQuery, *UPLOAD_PARAMETERS],
        request=UPLOAD_BODY,
        responses={201: serializers.ArtifactSerializer},
    )
    def post(self, request: Request) -> Response:
        """Keep a document whose body is a file: something new, or the next version at its path."""
        return self.upload(request)

    def check(self, request: Request, **kwargs: Any) -> None:
        asked = self.valid_query(serializers.UploadQuery)
        require(can_contribute(self.principal, asked["project"].id), MEMBERS_ONLY)

    def keep(self, request: Request, stored: Stored, **kwargs: Any) -> Response:
        asked = self.valid_query(serializers.UploadQuery)
        asked.pop("file_name", None)
        artifact = upload_artifact(author=Author(user_id=self.principal.user_id), stored=stored, **asked)
        return Response(serializers.ArtifactSerializer(artifact).data, status=201, headers={"ETag": etag_of(artifact)})


class ExportView(ApiView):
    content_negotiation_class = AnyAccept

    @extend_schema(
        tags=ARTIFACTS,
        operation_id="artifacts_export",
        parameters=[serializers.ExportQuery],
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Download all current artifacts of a project as a zip, with a summary and a manifest of digests."""
        project = self.valid_query(serializers.ExportQuery)["project"]
        principal = self.principal
        pieces = zipped(
            export_artifacts(project=project), lambda: tenant_context(principal.tenant_id, actor=principal.actor)
        )
        response = StreamingHttpResponse(streamed(request._request, pieces), content_type="application/zip")
        response["Content-Disposition"] = f'attachment; filename="project_{project.id}.zip"'
        response["X-Content-Type-Options"] = "nosniff"
        return response
