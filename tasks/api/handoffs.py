"""Handoffs over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.schema import IDEMPOTENCY_KEY, IF_MATCH
from common.api.serializers import NoInput, ReasonInput
from common.api.views import VisibleViewSet, require
from tasks.api import journal_serializers as serializers
from tasks.api.filters import HandoffFilter
from tasks.api.parts import JOURNAL_RIGHTS
from tasks.models import Handoff
from tasks.permissions import can_change_journal, can_offer, can_take_over
from tasks.services import (
    accept_handoff,
    change_handoff,
    complete_handoff,
    create_handoff,
    reject_handoff,
    submit_handoff,
)
from tasks.services.handoffs import project_of

TAGS = ["handoffs"]
SHOWN = serializers.HandoffSerializer
GIVERS = "Who drafted a handoff or manages the project offers it."
TAKERS = "The taker answers, the owner of the agent that takes over, or who manages the project; not the giver."


@extend_schema_view(list=extend_schema(tags=TAGS), retrieve=extend_schema(tags=TAGS))
class HandoffViewSet(VisibleViewSet):
    """Work that changes hands. An agent answers what is offered to it; it offers under a lease."""

    queryset = Handoff.objects.select_related("to_agent")
    serializer_class = SHOWN
    filterset_class = HandoffFilter

    def check_permissions(self, request: Request) -> None:
        if self.principal.is_agent:
            self.write_scope = "work"
        super().check_permissions(request)

    @extend_schema(tags=TAGS, parameters=[IDEMPOTENCY_KEY], request=serializers.HandoffInput, responses={201: SHOWN})
    def create(self, request: Request) -> Response:
        """Draft a handoff. It holds nothing back until it is submitted."""
        given = self.valid(serializers.HandoffInput)
        project = project_of(given.get("task"), given.get("group"))
        require(can_change_journal(self.principal, project.id), JOURNAL_RIGHTS)
        return self.shown(create_handoff(principal=self.principal, **given), status=201)

    def offered(self) -> Handoff:
        """Return the handoff if the caller may change and submit it."""
        handoff: Handoff = self.object_to_change()
        require(can_offer(self.principal, handoff), GIVERS)
        return handoff

    def taken(self) -> Handoff:
        """Return the handoff if the caller may answer it."""
        handoff: Handoff = self.get_object()
        require(can_take_over(self.principal, handoff), TAKERS)
        return handoff

    @extend_schema(tags=TAGS, parameters=[IF_MATCH], request=serializers.HandoffChange, responses=SHOWN)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a draft."""
        handoff = self.offered()
        return self.shown(change_handoff(handoff=handoff, **self.valid(serializers.HandoffChange, partial=True)))

    @extend_schema(tags=TAGS, parameters=[IDEMPOTENCY_KEY], request=NoInput, responses=SHOWN)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: str) -> Response:
        """Offer it to its taker; until the answer nobody may begin the work."""
        self.valid(NoInput)
        return self.shown(submit_handoff(handoff=self.offered()))

    @extend_schema(tags=TAGS, parameters=[IDEMPOTENCY_KEY], request=serializers.AcceptInput, responses=SHOWN)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """Take it over, having read the log, reviewed the commits and checked the blockers."""
        given: dict[str, Any] = self.valid(serializers.AcceptInput)
        return self.shown(accept_handoff(handoff=self.taken(), **given))

    @extend_schema(tags=TAGS, parameters=[IDEMPOTENCY_KEY], request=ReasonInput, responses=SHOWN)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Refuse it: the work stays with whoever offered it."""
        return self.shown(reject_handoff(handoff=self.taken(), **self.valid(ReasonInput)))

    @extend_schema(tags=TAGS, parameters=[IDEMPOTENCY_KEY], request=serializers.CompleteHandoffInput, responses=SHOWN)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: str) -> Response:
        """Say that what was handed over is delivered."""
        return self.shown(complete_handoff(handoff=self.taken(), **self.valid(serializers.CompleteHandoffInput)))
