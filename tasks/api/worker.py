"""The worker protocol over HTTP (design/api.md): each endpoint parses, calls one service and answers."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from agents.services import working_agent
from common.api.negotiation import AnyAccept
from common.api.parsers import RawParser
from common.api.schema import IDEMPOTENCY_KEY
from common.api.serializers import NoInput
from common.api.views import ApiView
from common.errors import NotFound
from tasks.api import worker_serializers as messages
from tasks.api.run_log import log_response
from tasks.models import ApprovalRequest, Execution
from tasks.queries import briefings
from tasks.services import (
    append_log,
    ask_if_needed,
    claim_tasks,
    complete_execution,
    context_for,
    fail_execution,
    hand_in_evidence,
    heartbeat,
    leave_run_artifact,
    redeem_approval,
    release_execution,
    request_approval,
)
from tasks.services.approvals import approval_for_worker
from tasks.services.leases import LeaseClaim
from tasks.services.oversight import Circumstances
from tasks.services.run_log import MAX_CHUNK

ASK_AGAIN_SECONDS = 2
MAX_EVIDENCE_BODY = 4 * 1024 * 1024
"""512 KiB of content may take six times as much as escaped JSON"""

LEASE_TOKEN = OpenApiParameter(
    "Lease-Token", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True, description="From the claim."
)
LEASED = [LEASE_TOKEN, IDEMPOTENCY_KEY]
LOG_BYTES = {"application/octet-stream": {"type": "string", "format": "binary"}}
Members = dict[str, Any]


class WorkerView(ApiView):
    """An endpoint for agents."""

    write_scope = "work"

    def claim(self, execution_id: UUID) -> LeaseClaim:
        """Return what the caller shows of its lease; the service judges it."""
        working_agent(self.principal)
        return LeaseClaim(self.principal, execution_id, self.request.headers.get("Lease-Token", ""))


class ClaimView(WorkerView):
    secret_members = ("lease_token",)

    def restore(self, item: Members) -> Members:
        return messages.with_lease_token(item)

    @extend_schema(
        tags=["worker"],
        operation_id="tasks_claim",
        parameters=[IDEMPOTENCY_KEY],
        request=messages.ClaimInput,
        responses={
            200: messages.ClaimedSerializer(many=True),
            204: OpenApiResponse(description="Nothing to do; ask again after Retry-After seconds."),
        },
    )
    def post(self, request: Request) -> Response:
        """Get the most urgent tasks this agent may do now, each with a new attempt under a lease."""
        asked = self.valid(messages.ClaimInput)
        claimed = claim_tasks(
            principal=self.principal,
            agent=working_agent(self.principal),
            project_ids=asked.pop("projects", None),
            capabilities=asked.pop("capabilities", None),
            **asked,
        )
        if not claimed:
            return Response(status=204, headers={"Retry-After": str(ASK_AGAIN_SECONDS)})
        known = briefings([each.task.id for each in claimed])
        members = [messages.claimed_members(each, known[each.task.id], context_for(claimed=each)) for each in claimed]
        return Response(messages.ClaimedSerializer(members, many=True).data)


class HeartbeatView(WorkerView):
    @extend_schema(
        tags=["worker"],
        operation_id="executions_heartbeat",
        parameters=LEASED,
        request=messages.HeartbeatInput,
        responses=messages.HeartbeatAnswer,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Renew the lease; the answer says how to go on."""
        execution = heartbeat(claim=self.claim(pk), **self.valid(messages.HeartbeatInput))
        members: Members = {
            "directive": execution.directive,
            "lease_expires_at": execution.lease_expires_at,
            "lease_seconds": execution.lease_seconds,
            "notes": list(execution.notes),
        }
        return Response(messages.HeartbeatAnswer(members).data)


class EvidenceView(WorkerView):
    max_body = MAX_EVIDENCE_BODY

    @extend_schema(
        tags=["worker"],
        operation_id="executions_evidence",
        parameters=LEASED,
        request=messages.EvidenceInput,
        responses={201: messages.EvidenceReceipt},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Hand in evidence: its content, or only the digest of it."""
        piece = self.valid(messages.EvidenceInput)
        evidence = hand_in_evidence(claim=self.claim(pk), **piece)
        return Response(messages.EvidenceReceipt(evidence).data, status=201)


class ArtifactView(WorkerView):
    max_body = MAX_EVIDENCE_BODY

    @extend_schema(
        tags=["worker"],
        operation_id="executions_artifacts",
        parameters=LEASED,
        request=messages.ArtifactInput,
        responses={201: messages.ArtifactReceipt},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Leave something for others to read, at a path: something new, or the next version of what is there."""
        piece = self.valid(messages.ArtifactInput)
        return Response(messages.ArtifactReceipt(leave_run_artifact(claim=self.claim(pk), **piece)).data, status=201)


class AskView(WorkerView):
    @extend_schema(
        tags=["worker"],
        operation_id="executions_ask",
        parameters=LEASED,
        request=messages.ApprovalInput,
        responses={200: messages.NotNeeded, 201: messages.GrantSerializer},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Ask a person. The lease is suspended until the answer; drop the task, the next claim carries the grant.

        With a `trigger`, 200 says that the project's oversight level asks nobody here: go on.
        """
        asked = self.valid(messages.ApprovalInput)
        seconds = asked.pop("expires_in", None)
        asked["target_commit"] = asked.pop("target_commit", None) or ""
        asked["expires_in"] = timedelta(seconds=seconds) if seconds else None
        approval = self.ask(self.claim(pk), asked)
        if approval is None:
            return Response({"needed": False})
        return Response(messages.GrantSerializer(approval).data, status=201)

    def ask(self, claim: LeaseClaim, asked: Members) -> ApprovalRequest | None:
        known = asked.pop("circumstances", {})
        if "trigger" not in asked:
            return request_approval(claim=claim, **asked)
        circumstances = Circumstances(confidence=asked.get("confidence"), **known)
        return ask_if_needed(claim=claim, circumstances=circumstances, **asked)


class ApprovalStateView(WorkerView):
    @extend_schema(tags=["worker"], operation_id="executions_approval", responses=messages.GrantSerializer)
    def get(self, request: Request, pk: UUID, approval_id: UUID) -> Response:
        """Look at an approval of the task this attempt works on."""
        approval = approval_for_worker(principal=self.principal, execution_id=pk, approval_id=approval_id)
        return Response(messages.GrantSerializer(approval).data)


class RedeemView(WorkerView):
    @extend_schema(
        tags=["worker"],
        operation_id="executions_redeem",
        parameters=LEASED,
        request=messages.RedeemInput,
        responses=messages.GrantSerializer,
    )
    def post(self, request: Request, pk: UUID, approval_id: UUID) -> Response:
        """Use a grant, immediately before acting on it. It works once."""
        digest = self.valid(messages.RedeemInput)["digest"]
        approval = redeem_approval(claim=self.claim(pk), approval_id=approval_id, digest=digest)
        return Response(messages.GrantSerializer(approval).data)


class CompleteView(WorkerView):
    @extend_schema(
        tags=["worker"],
        operation_id="executions_complete",
        parameters=LEASED,
        request=messages.CompleteInput,
        responses=messages.TaskState,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Hand in the result. The task closes if its contract is met; otherwise the attempt goes on."""
        task = complete_execution(claim=self.claim(pk), **self.valid(messages.CompleteInput))
        return Response({"task_status": task.status})


class FailView(WorkerView):
    @extend_schema(
        tags=["worker"],
        operation_id="executions_fail",
        parameters=LEASED,
        request=messages.FailInput,
        responses=messages.TaskState,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Report that the attempt failed."""
        task = fail_execution(claim=self.claim(pk), **self.valid(messages.FailInput))
        return Response({"task_status": task.status})


class ReleaseView(WorkerView):
    @extend_schema(
        tags=["worker"],
        operation_id="executions_release",
        parameters=LEASED,
        request=NoInput,
        responses=messages.TaskState,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Give the task back unfinished."""
        self.valid(NoInput)
        return Response({"task_status": release_execution(claim=self.claim(pk)).status})


class LogView(WorkerView):
    parser_classes = (RawParser,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = AnyAccept
    max_body = MAX_CHUNK

    @extend_schema(
        tags=["worker"],
        operation_id="executions_append_log",
        parameters=[LEASE_TOKEN, messages.LogPosition],
        request=LOG_BYTES,
        responses=messages.LogAnswer,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Append bytes at an offset. The same bytes again change nothing."""
        offset = self.valid_query(messages.LogPosition)["offset"]
        content: Any = request.data or b""
        return Response({"offset": append_log(claim=self.claim(pk), offset=offset, content=content)})

    @extend_schema(
        tags=["executions"],
        operation_id="executions_log",
        parameters=[OpenApiParameter("Range", OpenApiTypes.STR, OpenApiParameter.HEADER, description="bytes=0-1023")],
        responses={(200, "text/plain"): OpenApiTypes.BINARY, (206, "text/plain"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Read the log, or a range of it."""
        visible = Execution.objects.visible_to(self.principal).select_related("task__project")
        execution = visible.filter(id=pk).first()
        if execution is None:
            raise NotFound("It does not exist, or you may not see it.")
        return log_response(request._request, execution, self.principal)
