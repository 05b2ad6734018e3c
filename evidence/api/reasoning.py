"""Claims, decisions, chains and the policy over HTTP."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Prefetch
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.schema import IDEMPOTENCY_KEY
from common.api.serializers import ReasonInput
from common.api.views import VisibleViewSet
from common.errors import NotFound
from evidence.api import reasoning_serializers as serializers
from evidence.api.filters import ChainFilter, ClaimFilter, DecisionFilter
from evidence.models import Claim, ClaimEvidence, CredibilityPolicy, Decision, Evidence, EvidenceChain
from evidence.services import (
    add_to_chain,
    argue_claim,
    assert_claim,
    make_chain,
    make_decision,
    publish_policy,
    remove_from_chain,
    retract_argument,
    withdraw_claim,
    withdraw_decision,
)

EVIDENCE = ["evidence"]
UNKNOWN = "It does not exist, or you may not see it."
READ = extend_schema(tags=EVIDENCE)


Handler = TypeVar("Handler", bound=Callable[..., Response])


def writes(request: Any, response: Any, **options: Any) -> Callable[[Handler], Handler]:
    """Describe an operation that takes `request` and answers with `response`."""
    parameters = [*options.pop("parameters", ()), IDEMPOTENCY_KEY]
    described: Callable[[Handler], Handler] = extend_schema(
        tags=EVIDENCE, parameters=parameters, request=request, responses=response, **options
    )
    return described


@extend_schema_view(list=READ, retrieve=READ)
class ClaimViewSet(VisibleViewSet):
    """Claims in visible projects."""

    queryset = Claim.objects.prefetch_related(
        Prefetch("evidence", ClaimEvidence.objects.standing().order_by("id"), to_attr="standing_arguments")
    )
    serializer_class = serializers.ClaimSerializer
    filterset_class = ClaimFilter

    def read(self, claim: Claim, status: int = 200) -> Response:
        return self.shown(self.get_queryset().get(pk=claim.pk), status=status)

    @writes(serializers.AssertedClaimInput, {201: serializers.ClaimSerializer})
    def create(self, request: Request) -> Response:
        """Claim something. It is open until evidence speaks for or against it."""
        return self.read(
            assert_claim(principal=self.principal, **self.valid(serializers.AssertedClaimInput)), status=201
        )

    @writes(serializers.ArgumentInput, {201: serializers.ClaimSerializer}, operation_id="claims_argue")
    @action(detail=True, methods=["post"], url_path="arguments")
    def argue(self, request: Request, pk: str) -> Response:
        """Put evidence to a claim: for it, against it, or beside it."""
        claim = self.get_object()
        argue_claim(claim=claim, principal=self.principal, **self.valid(serializers.ArgumentInput))
        return self.read(claim, status=201)

    @writes(
        ReasonInput,
        serializers.ClaimSerializer,
        operation_id="claims_retract_argument",
        parameters=[OpenApiParameter("argument_id", OpenApiTypes.UUID, OpenApiParameter.PATH)],
    )
    @action(detail=True, methods=["post"], url_path="arguments/<uuid:argument_id>/retract")
    def retract(self, request: Request, pk: str, argument_id: str) -> Response:
        """Take evidence back from a claim."""
        claim = self.get_object()
        entry = ClaimEvidence.objects.select_related("claim").filter(claim=claim, id=argument_id).first()
        if entry is None:
            raise NotFound(UNKNOWN)
        retract_argument(entry=entry, principal=self.principal, **self.valid(ReasonInput))
        return self.read(claim)

    @writes(ReasonInput, serializers.ClaimSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take a claim back."""
        claim = self.get_object()
        return self.read(withdraw_claim(claim=claim, principal=self.principal, **self.valid(ReasonInput)))


@extend_schema_view(list=READ, retrieve=READ)
class DecisionViewSet(VisibleViewSet):
    """Decisions in visible projects, with what they rest on."""

    queryset = Decision.objects.prefetch_related("basis")
    serializer_class = serializers.DecisionSerializer
    filterset_class = DecisionFilter

    @writes(serializers.DecisionInput, {201: serializers.DecisionSerializer})
    def create(self, request: Request) -> Response:
        """Decide on a basis. The credibility of each item is kept as it is now."""
        made = make_decision(principal=self.principal, **self.valid(serializers.DecisionInput))
        return self.shown(self.get_queryset().get(pk=made.pk), status=201)

    @writes(ReasonInput, serializers.DecisionSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take a decision back. It stays to be read."""
        decision = self.get_object()
        return self.shown(withdraw_decision(decision=decision, principal=self.principal, **self.valid(ReasonInput)))


@extend_schema_view(list=READ, retrieve=READ)
class ChainViewSet(VisibleViewSet):
    """Chains of evidence in visible projects."""

    queryset = EvidenceChain.objects.select_related("project").prefetch_related("items")
    serializer_class = serializers.ChainSerializer
    filterset_class = ChainFilter

    def read(self, chain: EvidenceChain, status: int = 200) -> Response:
        return self.shown(self.get_queryset().get(pk=chain.pk), status=status)

    @writes(serializers.ChainInput, {201: serializers.ChainSerializer})
    def create(self, request: Request) -> Response:
        """Put evidence in order. Its confidence is computed from its members."""
        given = self.valid(serializers.ChainInput)
        given["members"] = [(member["evidence"], member["role"]) for member in given.get("members", ())]
        return self.read(make_chain(principal=self.principal, **given), status=201)

    @writes(serializers.MemberOfChainInput, {201: serializers.ChainSerializer}, operation_id="chains_add")
    @action(detail=True, methods=["post"], url_path="items")
    def add(self, request: Request, pk: str) -> Response:
        """Put one more piece at the end."""
        chain = self.get_object()
        given = self.valid(serializers.MemberOfChainInput)
        return self.read(add_to_chain(chain=chain, principal=self.principal, **given), status=201)

    @extend_schema(
        tags=EVIDENCE,
        operation_id="chains_remove",
        parameters=[OpenApiParameter("evidence_id", OpenApiTypes.UUID, OpenApiParameter.PATH)],
        request=None,
        responses={204: None},
    )
    @action(detail=True, methods=["delete"], url_path="items/<uuid:evidence_id>")
    def remove(self, request: Request, pk: str, evidence_id: str) -> Response:
        """Take a member out."""
        chain = self.get_object()
        evidence = Evidence.objects.visible_to(self.principal).without_content().filter(id=evidence_id).first()
        if evidence is None:
            raise NotFound(UNKNOWN)
        remove_from_chain(chain=chain, principal=self.principal, evidence=evidence)
        return Response(status=204)


@extend_schema_view(list=READ, retrieve=READ)
class PolicyViewSet(VisibleViewSet):
    """The versions of the numbers that credibility is computed with."""

    queryset = CredibilityPolicy.objects.all()
    serializer_class = serializers.PolicySerializer
    write_scope = "admin"

    @writes(serializers.PolicyInput, {201: serializers.PolicySerializer})
    def create(self, request: Request) -> Response:
        """Publish the next version, as an administrator or manager. Scores follow within minutes."""
        return self.shown(publish_policy(principal=self.principal, **self.valid(serializers.PolicyInput)), status=201)
