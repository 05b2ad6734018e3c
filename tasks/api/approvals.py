"""Approvals and standing rules over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.schema import IDEMPOTENCY_KEY
from common.api.serializers import ReasonInput
from common.api.views import VisibleViewSet, require
from projects.permissions import can_contribute, can_manage
from tasks.api import approval_serializers as serializers
from tasks.api.filters import ApprovalFilter, StandingRuleFilter, StatisticsFilter
from tasks.models import ApprovalRequest, StandingRule
from tasks.queries import approval_history, approval_statistics
from tasks.services import (
    Answer,
    ask_people,
    create_standing_rule,
    respond_to_approval,
    respond_to_approvals,
    revoke_standing_rule,
)

TAGS = ["approvals"]
RULES = ["standing rules"]
SHOWN = serializers.ApprovalSerializer


@extend_schema_view(list=extend_schema(tags=TAGS), retrieve=extend_schema(tags=TAGS))
class ApprovalViewSet(VisibleViewSet):
    """Approvals of visible projects."""

    queryset = ApprovalRequest.objects.select_related("task__project", "agent")
    serializer_class = SHOWN
    filterset_class = ApprovalFilter
    write_scope = "approve"
    orderings = ("id", "expires_at")

    @extend_schema(tags=TAGS, parameters=[IDEMPOTENCY_KEY], request=serializers.AskInput, responses={201: SHOWN})
    def create(self, request: Request) -> Response:
        """Ask for a decision about a phase, a gate, a budget or a task. Who asks does not decide."""
        given = self.valid(serializers.AskInput)
        allowed = not self.principal.is_agent and can_contribute(self.principal, given["project"].id)
        require(allowed, "Contributors of the project ask; agents ask under a lease.")
        return self.shown(ask_people(principal=self.principal, **given), status=201)

    @extend_schema(tags=TAGS, parameters=[IDEMPOTENCY_KEY], request=serializers.RespondInput, responses=SHOWN)
    @action(detail=True, methods=["post"])
    def respond(self, request: Request, pk: str) -> Response:
        """Approve, reject or amend. Deciders are owners and maintainers who did not ask; the first answer counts."""
        approval = self.get_object()
        answer: dict[str, Any] = self.valid(serializers.RespondInput)
        return self.shown(respond_to_approval(approval=approval, principal=self.principal, **answer))

    @extend_schema(
        tags=TAGS,
        operation_id="approvals_bulk_respond",
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.BulkRespondInput,
        responses=SHOWN(many=True),
    )
    @action(detail=False, methods=["post"], url_path="bulk-respond", pagination_class=None)
    def bulk_respond(self, request: Request) -> Response:
        """Approve or reject up to ten requests together, each by its digest: all of them or none."""
        given = self.valid(serializers.BulkRespondInput)
        words = {"action": given["action"], "comment": given["comment"]}
        answers = [(item["approval"], Answer(digest=item["digest"], **words)) for item in given["items"]]
        decided = respond_to_approvals(principal=self.principal, answers=answers)
        return Response(self.get_serializer(decided, many=True).data)

    @extend_schema(
        tags=TAGS, operation_id="approvals_statistics", filters=True, responses=serializers.StatisticsSerializer
    )
    @action(detail=False, methods=["get"], pagination_class=None, filterset_class=StatisticsFilter)
    def statistics(self, request: Request) -> Response:
        """Count requests by what became of them, and say how long answers took."""
        found = approval_statistics(self.filter_queryset(self.get_queryset()))
        return Response(serializers.StatisticsSerializer(found).data)

    @extend_schema(
        tags=TAGS, operation_id="approvals_history", responses=serializers.ApprovalHistorySerializer(many=True)
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def history(self, request: Request, pk: str) -> Response:
        """Read what happened to a request, and every answer to it, late ones too."""
        return Response(serializers.ApprovalHistorySerializer(approval_history(self.get_object()), many=True).data)


@extend_schema_view(list=extend_schema(tags=RULES), retrieve=extend_schema(tags=RULES))
class StandingRuleViewSet(VisibleViewSet):
    """Answers given in advance, with who gave them."""

    queryset = StandingRule.objects.all()
    serializer_class = serializers.StandingRuleSerializer
    filterset_class = StandingRuleFilter
    write_scope = "approve"

    @extend_schema(
        tags=RULES,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.StandingRuleInput,
        responses={201: serializers.StandingRuleSerializer},
    )
    def create(self, request: Request) -> Response:
        """Let a class of requests be answered from now on: narrowly, for at most 90 days, never what is critical."""
        given = self.valid(serializers.StandingRuleInput)
        require(can_manage(self.principal, given["project"].id), "Owners and maintainers make standing rules.")
        return self.shown(create_standing_rule(principal=self.principal, **given), status=201)

    @extend_schema(
        tags=RULES,
        parameters=[IDEMPOTENCY_KEY],
        request=ReasonInput,
        responses=serializers.StandingRuleSerializer,
    )
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        """End a rule; what it approved and was not redeemed yet is not redeemed any more."""
        rule: StandingRule = self.get_object()
        require(can_manage(self.principal, rule.project_id), "Owners and maintainers revoke standing rules.")
        reason = self.valid(ReasonInput)["reason"]
        return self.shown(revoke_standing_rule(rule=rule, principal=self.principal, reason=reason))
