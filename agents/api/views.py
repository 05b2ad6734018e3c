"""Agents over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import check_may_issue
from accounts.queries import person
from agents.api import serializers
from agents.api.filters import AgentFilter
from agents.models import Agent, AgentKey, AgentStatus, AgentStatusHistory
from agents.permissions import can_change_agent
from agents.queries import with_state
from agents.services import (
    delete_agent,
    deprecate_agent,
    issue_agent_token,
    register_agent,
    register_key,
    resume_agent,
    revoke_key,
    rotate_key,
    suspend_agent,
    update_agent,
)
from common.api.schema import IDEMPOTENCY_KEY, IF_MATCH
from common.api.serializers import ReasonInput
from common.api.views import VisibleViewSet, require
from common.errors import Invalid, NotFound

AGENTS = ["agents"]
OWNERS_ONLY = "The owner of an agent changes it."


reasoned = extend_schema(
    tags=AGENTS, parameters=[IDEMPOTENCY_KEY], request=ReasonInput, responses=serializers.AgentSerializer
)


@extend_schema_view(list=extend_schema(tags=AGENTS), retrieve=extend_schema(tags=AGENTS))
class AgentViewSet(VisibleViewSet):
    """The caller's agents, and those that work on projects the caller sees."""

    queryset = Agent.objects.all()
    serializer_class = serializers.AgentSerializer
    filterset_class = AgentFilter
    secret_members = ("secret",)

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        return with_state(super().narrowed(queryset))

    def changed(self, service: Callable[..., Agent]) -> Response:
        """Call a service that takes an agent and a reason."""
        agent = self.get_object()
        require(can_change_agent(self.principal, agent), OWNERS_ONLY)
        return self.shown(service(agent=agent, reason=self.valid(ReasonInput)["reason"]))

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

    @extend_schema(tags=AGENTS, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take an agent out of use for good. What it did stays."""
        agent = self.object_to_change()
        require(can_change_agent(self.principal, agent), OWNERS_ONLY)
        delete_agent(agent=agent, reason="Deleted by API.")
        return Response(status=204)

    @reasoned
    @action(detail=True, methods=["post"])
    def suspend(self, request: Request, pk: str) -> Response:
        """Stop an agent: it can claim nothing, and its tokens end."""
        return self.changed(suspend_agent)

    @reasoned
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Let a suspended agent work again; it needs a new token."""
        return self.changed(resume_agent)

    @reasoned
    @action(detail=True, methods=["post"])
    def deprecate(self, request: Request, pk: str) -> Response:
        """Say that an agent should not be chosen any more. It goes on working."""
        return self.changed(deprecate_agent)

    @extend_schema(tags=AGENTS, operation_id="agents_status", responses=serializers.AgentStatusSerializer)
    @action(detail=True, methods=["get"])
    def status(self, request: Request, pk: str) -> Response:
        """What the agent is doing now."""
        agent = self.get_object()
        row = AgentStatus.objects.filter(agent=agent).first() or AgentStatus(agent=agent)
        return Response(serializers.AgentStatusSerializer(row).data)

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
        check_may_issue(self.principal, (), timezone.now() + lifetime)
        issued = issue_agent_token(agent=agent, lifetime=lifetime)
        shown = serializers.AgentTokenSerializer(issued.token).data
        return Response({**shown, "secret": issued.secret}, status=201)


class OfAgent(VisibleViewSet):
    """Rows about the agent of the URL."""

    def agent(self) -> Agent:
        """Return the agent of the URL; raises `NotFound`."""
        agent = Agent.objects.visible_to(self.principal).filter(id=self.kwargs["agent_id"]).first()
        if agent is None:
            raise NotFound("It does not exist, or you may not see it.")
        return agent

    def own_agent(self) -> Agent:
        agent = self.agent()
        require(can_change_agent(self.principal, agent), OWNERS_ONLY)
        return agent

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        return super().narrowed(queryset).filter(agent=self.agent())


OF_AGENT = [OpenApiParameter("agent_id", OpenApiTypes.UUID, OpenApiParameter.PATH)]


@extend_schema_view(list=extend_schema(tags=AGENTS, parameters=OF_AGENT))
class StatusHistoryViewSet(OfAgent):
    """The changes of an agent's status, newest first."""

    queryset = AgentStatusHistory.objects.all()
    serializer_class = serializers.StatusChangeSerializer


@extend_schema_view(list=extend_schema(tags=AGENTS, parameters=OF_AGENT))
class KeyViewSet(OfAgent):
    """The keys with which an agent signs."""

    queryset = AgentKey.objects.all()
    serializer_class = serializers.KeySerializer

    @extend_schema(
        tags=AGENTS,
        parameters=[*OF_AGENT, IDEMPOTENCY_KEY],
        request=serializers.KeyInput,
        responses={201: serializers.KeySerializer},
    )
    def create(self, request: Request, agent_id: str) -> Response:
        """Register a key, or put it in the place of another one."""
        agent = self.own_agent()
        given = self.valid(serializers.KeyInput)
        overlap, old = timedelta(seconds=given.pop("overlap_seconds")), given.pop("replaces", None)
        if old is None:
            return self.shown(register_key(agent=agent, **given), status=201)
        replaced = self.get_queryset().filter(id=old).first()
        if replaced is None:
            raise Invalid("There is no such key.", errors={"replaces": ["There is none with this id."]})
        return self.shown(rotate_key(key=replaced, overlap=overlap, **given), status=201)

    @extend_schema(
        tags=AGENTS,
        operation_id="agents_keys_revoke",
        parameters=[*OF_AGENT, IDEMPOTENCY_KEY],
        request=ReasonInput,
        responses=serializers.KeySerializer,
    )
    def revoke(self, request: Request, agent_id: str, pk: str) -> Response:
        """End a key at once."""
        self.own_agent()
        key = self.get_object()
        return self.shown(revoke_key(key=key, reason=self.valid(ReasonInput)["reason"]))
