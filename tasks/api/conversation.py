"""Comments and files of a task over HTTP."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.negotiation import AnyAccept
from common.api.schema import IDEMPOTENCY_KEY, IF_MATCH
from common.api.uploads import UPLOAD_BODY, UPLOAD_PARAMETERS, UploadMixin
from common.api.views import require
from common.files.kinds import Stored
from common.files.serving import inert_response
from tasks.api import conversation_serializers as serializers
from tasks.api.parts import OF_TASK, TaskPartViewSet
from tasks.models import Attachment, Comment
from tasks.permissions import can_delete_attachment, can_delete_comment, is_author
from tasks.services import add_comment, attach_file, delete_attachment, delete_comment, edit_comment, use_as_evidence
from tasks.services.attachments import ATTACHMENTS, stored_of

COMMENTS, FILES = ["comments"], ["attachments"]


@extend_schema_view(
    list=extend_schema(tags=COMMENTS, parameters=OF_TASK), retrieve=extend_schema(tags=COMMENTS, parameters=OF_TASK)
)
class CommentViewSet(TaskPartViewSet):
    """What was said about a task."""

    queryset = Comment.objects.select_related("task__project")
    serializer_class = serializers.CommentSerializer

    @extend_schema(
        tags=COMMENTS,
        parameters=[*OF_TASK, IDEMPOTENCY_KEY],
        request=serializers.CommentInput,
        responses={201: serializers.CommentSerializer},
    )
    def create(self, request: Request, task_id: str) -> Response:
        """Say something."""
        given = self.valid(serializers.CommentInput)
        task = self.writable_task()
        return self.shown(add_comment(task=task, principal=self.principal, **given), status=201)

    @extend_schema(
        tags=COMMENTS,
        parameters=[*OF_TASK, IF_MATCH],
        request=serializers.CommentChange,
        responses=serializers.CommentSerializer,
    )
    def partial_update(self, request: Request, task_id: str, pk: str) -> Response:
        """Change what a comment of yours says."""
        self.writable_task()
        comment: Comment = self.object_to_change()
        require(is_author(self.principal, comment), "Only who wrote a comment changes it.")
        return self.shown(edit_comment(comment=comment, **self.valid(serializers.CommentChange)))

    @extend_schema(tags=COMMENTS, parameters=OF_TASK, responses={204: None})
    def destroy(self, request: Request, task_id: str, pk: str) -> Response:
        """Take a comment out of sight: your own, or as a maintainer any."""
        comment: Comment = self.get_object()
        require(can_delete_comment(self.principal, comment), "Its author or a maintainer deletes a comment.")
        delete_comment(comment=comment)
        return Response(status=204)


@extend_schema_view(
    list=extend_schema(tags=FILES, parameters=OF_TASK), retrieve=extend_schema(tags=FILES, parameters=OF_TASK)
)
class AttachmentViewSet(UploadMixin, TaskPartViewSet):
    """The files of a task."""

    queryset = Attachment.objects.select_related("task__project")
    serializer_class = serializers.AttachmentSerializer
    kind = ATTACHMENTS
    upload_methods = frozenset({"POST"})

    def check(self, request: Request, **kwargs: Any) -> None:
        self.writable_task()

    def keep(self, request: Request, stored: Stored, **kwargs: Any) -> Response:
        task = self.writable_task()
        return self.shown(attach_file(task=task, principal=self.principal, stored=stored), status=201)

    @extend_schema(
        tags=FILES,
        parameters=[*OF_TASK, *UPLOAD_PARAMETERS],
        request=UPLOAD_BODY,
        responses={201: serializers.AttachmentSerializer},
    )
    def create(self, request: Request, task_id: str) -> Response:
        """Attach a file: as the raw body, or as the part `file` of a form."""
        return self.upload(request)

    @extend_schema(tags=FILES, parameters=OF_TASK, responses={204: None})
    def destroy(self, request: Request, task_id: str, pk: str) -> Response:
        """Take a file away that is not evidence: your own, or as a maintainer any."""
        attachment: Attachment = self.get_object()
        require(can_delete_attachment(self.principal, attachment), "Who attached a file or a maintainer deletes it.")
        delete_attachment(attachment=attachment)
        return Response(status=204)

    @extend_schema(
        tags=FILES,
        parameters=[
            *OF_TASK,
            OpenApiParameter("Range", OpenApiTypes.STR, OpenApiParameter.HEADER, description="bytes=0-1023"),
        ],
        responses={
            (200, "*/*"): OpenApiTypes.BINARY,
            (206, "*/*"): OpenApiTypes.BINARY,
        },
    )
    @action(detail=True, methods=["get"], content_negotiation_class=AnyAccept)
    def content(self, request: Request, task_id: str, pk: str) -> HttpResponseBase:
        """Download the file or a range of it."""
        return inert_response(request._request, stored_of(self.get_object()))


@extend_schema_view(
    create=extend_schema(
        tags=FILES,
        operation_id="tasks_attachments_use",
        parameters=[*OF_TASK, IDEMPOTENCY_KEY],
        request=serializers.EvidenceUse,
        responses={200: serializers.AttachmentSerializer},
    )
)
class AttachmentEvidenceViewSet(TaskPartViewSet):
    """A file's use as evidence. Not below `AttachmentViewSet`, whose POST takes a file."""

    queryset = Attachment.objects.select_related("task__project")
    serializer_class = serializers.AttachmentSerializer

    def create(self, request: Request, task_id: str, pk: str) -> Response:
        """Register the file as evidence of its task, by its digest."""
        self.writable_task()
        given = self.valid(serializers.EvidenceUse)
        return self.shown(use_as_evidence(attachment=self.get_object(), principal=self.principal, **given))
