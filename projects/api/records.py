"""Decisions and escalations over HTTP."""

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.schema import IDEMPOTENCY_KEY, IF_MATCH
from projects.api import filters
from projects.api import record_serializers as serializers
from projects.api.base import RECORDS, DeliveryViewSet
from projects.models import DecisionRecord, Escalation, EscalationRule
from projects.services import (
    accept_decision,
    add_escalation_rule,
    propose_decision,
    resolve_escalation,
    update_escalation_rule,
)


@extend_schema_view(list=extend_schema(tags=RECORDS), retrieve=extend_schema(tags=RECORDS))
class DecisionRecordViewSet(DeliveryViewSet):
    """Decisions of projects, numbered."""

    queryset = DecisionRecord.objects.all()
    serializer_class = serializers.DecisionRecordSerializer
    filterset_class = filters.DecisionRecordFilter

    @extend_schema(
        tags=RECORDS,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.DecisionRecordInput,
        responses={201: serializers.DecisionRecordSerializer},
    )
    def create(self, request: Request) -> Response:
        """Propose a decision; it gets the project's next number."""
        given = self.valid(serializers.DecisionRecordInput)
        self.for_contributors(given["project"])
        return self.shown(propose_decision(**given), status=201)

    @extend_schema(tags=RECORDS, request=serializers.DecisionAcceptance, responses=serializers.DecisionRecordSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """Accept a proposed decision; it may replace an accepted one."""
        decision = self.managed()
        given = self.valid(serializers.DecisionAcceptance)
        return self.shown(accept_decision(decision=decision, principal=self.principal, **given))


@extend_schema_view(list=extend_schema(tags=RECORDS), retrieve=extend_schema(tags=RECORDS))
class EscalationRuleViewSet(DeliveryViewSet):
    """Who is asked next when work of an area fails."""

    queryset = EscalationRule.objects.all()
    serializer_class = serializers.EscalationRuleSerializer
    filterset_class = filters.EscalationRuleFilter

    @extend_schema(
        tags=RECORDS,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.EscalationRuleInput,
        responses={201: serializers.EscalationRuleSerializer},
    )
    def create(self, request: Request) -> Response:
        """Add a rule for an area of a project, plan or phase."""
        given = self.valid(serializers.EscalationRuleInput)
        self.for_managers(given["project"])
        return self.shown(add_escalation_rule(**given), status=201)

    @extend_schema(
        tags=RECORDS,
        parameters=[IF_MATCH],
        request=serializers.EscalationRuleUpdate,
        responses=serializers.EscalationRuleSerializer,
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a rule, or take it out of force."""
        changes = self.valid(serializers.EscalationRuleUpdate, partial=True)
        return self.shown(update_escalation_rule(rule=self.managed(), **changes))


@extend_schema_view(list=extend_schema(tags=RECORDS), retrieve=extend_schema(tags=RECORDS))
class EscalationViewSet(DeliveryViewSet):
    """Steps taken about what failed."""

    queryset = Escalation.objects.select_related("rule")
    serializer_class = serializers.EscalationSerializer
    filterset_class = filters.EscalationFilter

    @extend_schema(tags=RECORDS, request=serializers.EscalationResolution, responses=serializers.EscalationSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Say how it ended."""
        escalation = self.object_to_change()
        self.for_contributors(escalation)
        given = self.valid(serializers.EscalationResolution)
        return self.shown(resolve_escalation(escalation=escalation, principal=self.principal, **given))
