"""What the holder of a lease tells about its task: the worker protocol's journal, and the files it attaches."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer

from agents.services import working_agent
from common.api.uploads import UPLOAD_BODY, UPLOAD_PARAMETERS, UploadMixin
from common.files.kinds import Stored
from tasks.api import conversation_serializers as conversation
from tasks.api import journal_serializers as serializers
from tasks.api.worker import LEASE_TOKEN, LEASED, WorkerView
from tasks.services import attach_file, report
from tasks.services.attachments import ATTACHMENTS
from tasks.services.leases import LeaseClaim, hold


class ReportView(WorkerView):
    """One kind of report: a child names the words the service knows it by, what it takes and what it shows."""

    what: str
    takes: type[Serializer[Any]]
    shows: type[BaseSerializer[Any]]

    def told(self, pk: UUID) -> Response:
        row = report(claim=self.claim(pk), what=self.what, **self.valid(self.takes))
        return Response(self.shows(row).data, status=201)


def report_view(what: str, words: str, takes: type[Serializer[Any]], shows: type[BaseSerializer[Any]]) -> Any:
    """Return the view of one kind of report."""

    @extend_schema(
        tags=["worker"],
        operation_id=f"executions_report_{what}",
        description=words,
        parameters=LEASED,
        request=takes,
        responses={201: shows},
    )
    def post(self: ReportView, request: Request, pk: UUID) -> Response:
        return self.told(pk)

    members = {"what": what, "takes": takes, "shows": shows, "post": post, "__doc__": words}
    return type(f"{what.title().replace('_', '')}ReportView", (ReportView,), members)


CommentReportView = report_view(
    "comment", "Say something about the task.", serializers.CommentReport, conversation.CommentSerializer
)
WorkLogReportView = report_view(
    "work_log", "Add a line to the work log.", serializers.WorkLogReport, serializers.WorkLogEntrySerializer
)
CommitReportView = report_view(
    "commit", "Note a commit that was made.", serializers.CommitReport, serializers.CommitSerializer
)
FileChangeReportView = report_view(
    "file_change", "Note a file that was changed.", serializers.FileChangeReport, serializers.FileChangeSerializer
)
ChecklistReportView = report_view(
    "checklist",
    "Tick a line of the task's checklist off, or untick it.",
    serializers.TickReport,
    conversation.ChecklistItemSerializer,
)
HandoffReportView = report_view(
    "handoff",
    "Offer the task to the next worker. Give it back afterwards: nobody begins it until the handoff is answered.",
    serializers.HandoffTaker,
    serializers.HandoffSerializer,
)
BlockerReportView = report_view(
    "blocker",
    "Say what stands in the way. The attempt ends and costs none; the task waits for a person.",
    serializers.BlockerReport,
    serializers.BlockerSerializer,
)


class AttachmentReportView(UploadMixin):
    kind = ATTACHMENTS
    write_scope = "work"
    upload_methods = frozenset({"POST"})

    def claim(self, request: Request, pk: UUID) -> LeaseClaim:
        working_agent(self.principal)
        return LeaseClaim(self.principal, pk, request.headers.get("Lease-Token", ""))

    def check(self, request: Request, **kwargs: Any) -> None:
        hold(self.claim(request, kwargs["pk"]))

    def keep(self, request: Request, stored: Stored, **kwargs: Any) -> Response:
        held = hold(self.claim(request, kwargs["pk"]))
        attachment = attach_file(task=held.task, principal=self.principal, stored=stored)
        return Response(conversation.AttachmentSerializer(attachment).data, status=201)

    @extend_schema(
        tags=["worker"],
        operation_id="executions_attach",
        parameters=[LEASE_TOKEN, *UPLOAD_PARAMETERS],
        request=UPLOAD_BODY,
        responses={201: conversation.AttachmentSerializer},
    )
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Attach a file to the task: as the raw body, or as the part `file` of a form."""
        return self.upload(request, **kwargs)
