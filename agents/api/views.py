"""Agents over HTTP."""

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.queries import person
from agents.api import serializers
from agents.api.filters import AgentFilter
from agents.models import Agent
from agents.permissions import can_change_agent
from agents.services import issue_agent_token, register_agent, update_agent
from common.api.schema import IDEMPOTENCY_KEY, IF_MATCH
from common.api.views import VisibleViewSet, require

AGENTS = ["agents"]
OWNERS_ONLY = "The owner of an agent changes it."


@extend_schema_view(list=extend_schema(tags=AGENTS), retrieve=extend_schema(tags=AGENTS))
class AgentViewSet(VisibleViewSet):
    """The caller's agents, and those that work on projects the caller sees."""

    queryset = Agent.objects.all()
    serializer_class = serializers.AgentSerializer
    filterset_class = AgentFilter
    secret_members = ("secret",)

    def restore(self, item: dict[str, Any]) -> dict[str, Any]:
        return item | {"secret": None} if self.action == "tokens" else item

    @extend_schema(
        tags=AGENTS,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.AgentInput,
        responses={201: serializers.AgentSerializer},
    )
    def create(self, request: Request) -> Response:
        """Register an agent; the caller becomes its owner."""
        require(not self.principal.is_agent, "People register agents.")
        given = self.valid(serializers.AgentInput)
        return self.shown(register_agent(owner=person(self.principal.user_id), **given), status=201)

    @extend_schema(
        tags=AGENTS, parameters=[IF_MATCH], request=serializers.AgentChange, responses=serializers.AgentSerializer
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change an agent."""
        agent = self.object_to_change()
        require(can_change_agent(self.principal, agent), OWNERS_ONLY)
        return self.shown(update_agent(agent=agent, **self.valid(serializers.AgentChange, partial=True)))

    @extend_schema(
        tags=AGENTS,
        operation_id="agents_issue_token",
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.AgentTokenInput,
        responses={201: serializers.AgentTokenSerializer},
    )
    @action(detail=True, methods=["post"], write_scope="admin")
    def tokens(self, request: Request, pk: str) -> Response:
        """Make a token that acts as this agent and as nothing else. Its secret is in this answer only."""
        agent = self.get_object()
        require(can_change_agent(self.principal, agent), OWNERS_ONLY)
        lifetime = timedelta(days=self.valid(serializers.AgentTokenInput)["days"])
        issued = issue_agent_token(agent=agent, lifetime=lifetime)
        shown = serializers.AgentTokenSerializer(issued.token).data
        return Response({**shown, "secret": issued.secret}, status=201)
