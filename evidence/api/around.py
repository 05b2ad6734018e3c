"""What belongs to one piece of evidence over HTTP: attestations, links, history."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.schema import IDEMPOTENCY_KEY
from common.api.serializers import ReasonInput
from common.api.views import VisibleViewSet
from common.errors import NotFound
from evidence.api import around_serializers as serializers
from evidence.api.filters import AttestationFilter, HistoryFilter, LinkFilter
from evidence.models import Attestation, CredibilityChange, Evidence, EvidenceLink
from evidence.services import attest, attest_signed, link_evidence, retract_link, revoke_attestation

EVIDENCE = ["evidence"]
OF_EVIDENCE = [OpenApiParameter("evidence_id", OpenApiTypes.UUID, OpenApiParameter.PATH)]


class OfEvidenceViewSet(VisibleViewSet):
    """Rows about the evidence of the address."""

    def evidence(self) -> Evidence:
        """Return the evidence of the address; raises `NotFound`."""
        visible = Evidence.objects.visible_to(self.principal).without_content().select_related("agent")
        evidence = visible.filter(id=self.kwargs["evidence_id"]).first()
        if evidence is None:
            raise NotFound("It does not exist, or you may not see it.")
        return evidence

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        found: QuerySet[Any] = self.of(queryset, self.evidence())
        return found

    def of(self, queryset: Any, evidence: Evidence) -> Any:
        """Return the rows about it: whoever sees the evidence sees them."""
        return queryset.filter(evidence=evidence)


@extend_schema_view(
    list=extend_schema(tags=EVIDENCE, parameters=OF_EVIDENCE),
    retrieve=extend_schema(tags=EVIDENCE, parameters=OF_EVIDENCE),
)
class AttestationViewSet(OfEvidenceViewSet):
    """Checks of one piece of evidence, the revoked ones included."""

    queryset = Attestation.objects.select_related("agent", "evidence__agent").prefetch_related("revocations")
    serializer_class = serializers.AttestationSerializer
    list_serializer_class = serializers.AttestationListSerializer
    filterset_class = AttestationFilter

    @property
    def write_scope(self) -> str:  # type: ignore[override]  # agents attest as part of their work
        return "work" if self.principal.is_agent else "approve"

    @extend_schema(
        tags=EVIDENCE,
        parameters=[*OF_EVIDENCE, IDEMPOTENCY_KEY],
        request=serializers.AttestationInput,
        responses={201: serializers.AttestationSerializer},
    )
    def create(self, request: Request, evidence_id: str) -> Response:
        """Attest what somebody else issued: a person by method and verdict, an agent by a signed envelope."""
        evidence = self.evidence()
        given = self.valid(serializers.AttestationInput)
        service: Any = attest_signed if "envelope" in given else attest
        made = service(evidence=evidence, principal=self.principal, **given)
        return self.shown(self.get_queryset().get(pk=made.pk), status=201)

    @extend_schema(
        tags=EVIDENCE,
        operation_id="evidence_attestations_revoke",
        parameters=[*OF_EVIDENCE, IDEMPOTENCY_KEY],
        request=ReasonInput,
        responses=serializers.AttestationSerializer,
    )
    def revoke(self, request: Request, evidence_id: str, pk: str) -> Response:
        """Take an attestation back. It stays to be seen, and counts for nothing."""
        attestation = self.get_object()
        revoke_attestation(attestation=attestation, principal=self.principal, **self.valid(ReasonInput))
        return self.shown(self.get_object())


@extend_schema_view(list=extend_schema(tags=EVIDENCE, parameters=OF_EVIDENCE))
class LinkViewSet(OfEvidenceViewSet):
    """Links of one piece of evidence, from it and to it, the retracted ones included."""

    queryset = EvidenceLink.objects.select_related("agent", "from_evidence__agent", "to_evidence__agent").defer(
        "from_evidence__content", "to_evidence__content"
    )
    serializer_class = serializers.LinkSerializer
    filterset_class = LinkFilter

    def of(self, queryset: Any, evidence: Evidence) -> Any:
        return queryset.touching([evidence.id])

    @extend_schema(
        tags=EVIDENCE,
        parameters=[*OF_EVIDENCE, IDEMPOTENCY_KEY],
        request=serializers.LinkInput,
        responses={201: serializers.LinkSerializer},
    )
    def create(self, request: Request, evidence_id: str) -> Response:
        """Say how this evidence stands to other evidence of its project."""
        source = self.evidence()
        given = self.valid(serializers.LinkInput)
        link = link_evidence(source=source, target=given.pop("to"), principal=self.principal, **given)
        return self.shown(self.get_queryset().get(pk=link.pk), status=201)

    @extend_schema(
        tags=EVIDENCE,
        operation_id="evidence_links_retract",
        parameters=[*OF_EVIDENCE, IDEMPOTENCY_KEY],
        request=ReasonInput,
        responses=serializers.LinkSerializer,
    )
    def retract(self, request: Request, evidence_id: str, pk: str) -> Response:
        """Take a link back. It stays to be seen."""
        return self.shown(retract_link(link=self.get_object(), principal=self.principal, **self.valid(ReasonInput)))


@extend_schema_view(list=extend_schema(tags=EVIDENCE, parameters=OF_EVIDENCE))
class HistoryViewSet(OfEvidenceViewSet):
    """How its credibility came to be what it is."""

    queryset = CredibilityChange.objects.select_related("policy").defer("policy__document")
    serializer_class = serializers.HistorySerializer
    filterset_class = HistoryFilter
