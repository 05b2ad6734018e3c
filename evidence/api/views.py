"""Evidence over HTTP."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.schema import IDEMPOTENCY_KEY, IF_MATCH
from common.api.views import VisibleViewSet, require
from evidence.api import serializers
from evidence.api.artifact_serializers import TagsInput
from evidence.api.filters import EvidenceFilter
from evidence.models import Evidence, EvidenceLink
from evidence.queries import explain
from evidence.services import (
    About,
    contribute_all,
    contribute_evidence,
    override_credibility,
    reject_evidence,
    tag_evidence,
    verify_evidence,
)
from projects.permissions import can_contribute

EVIDENCE = ["evidence"]
MAX_EVIDENCE_BODY = 4 * 1024 * 1024
"""content is at most half a megabyte; as JSON escapes it may take several times that"""


def about_of(given: dict[str, Any]) -> tuple[About, dict[str, Any]]:
    """Split input into what evidence is about and what it is."""
    piece = dict(given)
    about = About(project_id=piece.pop("project").id, task_id=piece.pop("task", None))
    return about, piece


@extend_schema_view(retrieve=extend_schema(tags=EVIDENCE))
class EvidenceViewSet(VisibleViewSet):
    """Evidence of visible projects."""

    queryset = Evidence.objects.select_related("agent", "policy")
    serializer_class = serializers.EvidenceSerializer
    list_serializer_class = serializers.EvidenceListSerializer
    filterset_class = EvidenceFilter
    orderings = ("id", "credibility")

    @property
    def write_scope(self) -> str:  # type: ignore[override]  # what judges needs another scope than what tags
        return "approve" if self.action in {"verify", "reject", "override"} else "write"

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        visible: Any = super().narrowed(queryset)
        standing = EvidenceLink.objects.standing()
        linked: Any = visible.prefetch_related(
            Prefetch("links", standing, to_attr="standing_links"),
            Prefetch("linked_from", standing, to_attr="standing_linked_from"),
        )
        return linked.without_content() if self.action == "list" else linked  # type: ignore[no-any-return]

    def read(self, evidence: Evidence, status: int = 200) -> Response:
        """Return the representation of what a service has just written."""
        return self.shown(self.get_queryset().get(pk=evidence.pk), status=status)

    @extend_schema(tags=EVIDENCE, parameters=[IF_MATCH], request=TagsInput, responses=serializers.EvidenceSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Replace the tags: nothing else about evidence changes."""
        evidence = self.object_to_change()
        allowed = not self.principal.is_agent and can_contribute(self.principal, evidence.project_id)
        require(allowed, "Contributors of the project tag its evidence.")
        return self.read(tag_evidence(evidence=evidence, **self.valid(TagsInput)))

    @extend_schema(
        tags=EVIDENCE,
        operation_id="evidence_verify",
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.VerifyInput,
        responses=serializers.EvidenceSerializer,
    )
    def verify(self, request: Request, pk: str) -> Response:
        """Say, as a maintainer who did not make it, that it holds."""
        evidence = self.get_object()
        given = self.valid(serializers.VerifyInput)
        return self.read(verify_evidence(evidence=evidence, principal=self.principal, **given))

    @extend_schema(
        tags=EVIDENCE,
        operation_id="evidence_reject",
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.RejectInput,
        responses=serializers.EvidenceSerializer,
    )
    def reject(self, request: Request, pk: str) -> Response:
        """Say that it does not hold: from now on it counts for no criterion."""
        evidence = self.get_object()
        given = self.valid(serializers.RejectInput)
        return self.read(reject_evidence(evidence=evidence, principal=self.principal, **given))

    @extend_schema(
        tags=EVIDENCE,
        operation_id="evidence_override",
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.OverrideInput,
        responses=serializers.EvidenceSerializer,
    )
    def override(self, request: Request, pk: str) -> Response:
        """Set a maintainer's word against the formula: an attestation with a reason, not a number."""
        evidence = self.get_object()
        given = self.valid(serializers.OverrideInput)
        return self.read(override_credibility(evidence=evidence, principal=self.principal, **given).evidence)

    @extend_schema(
        tags=EVIDENCE,
        operation_id="evidence_explain",
        parameters=[OpenApiParameter("as_of", {"type": "string", "format": "date-time"})],
        responses=serializers.ExplanationSerializer,
    )
    def explain(self, request: Request, pk: str) -> Response:
        """Compute its credibility of a moment (now, unless told) again, and say what it is made of."""
        evidence = self.get_object()
        told = explain(evidence, self.valid_query(serializers.MomentInput).get("as_of"))
        own = explain(evidence, evidence.as_of).matches(evidence) if evidence.as_of else False
        stored = {
            "credibility": evidence.credibility,
            "uncertainty": evidence.uncertainty,
            "as_of": evidence.as_of,
            "matches": own,
        }
        return Response(serializers.ExplanationSerializer(Explained(told, stored)).data)


class Explained:
    """An explanation with what is stored beside it."""

    def __init__(self, told: Any, stored: dict[str, Any]) -> None:
        self.told, self.stored = told, stored

    def __getattr__(self, name: str) -> Any:
        return getattr(self.told, name)


@extend_schema_view(list=extend_schema(tags=EVIDENCE))
class AllEvidenceViewSet(EvidenceViewSet):
    """Evidence of visible projects, and handing in more."""

    max_body = MAX_EVIDENCE_BODY

    @extend_schema(
        tags=EVIDENCE,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.ContributedEvidenceInput,
        responses={201: serializers.EvidenceSerializer},
    )
    def create(self, request: Request) -> Response:
        """Hand in evidence as a contributor. It is your assertion: what a runner saw, agents hand in in their runs."""
        about, piece = about_of(self.valid(serializers.ContributedEvidenceInput))
        return self.read(contribute_evidence(principal=self.principal, about=about, **piece), status=201)


class BulkViewSet(EvidenceViewSet):
    """Many pieces at once."""

    @extend_schema(
        tags=EVIDENCE,
        operation_id="evidence_bulk",
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.BulkInput,
        responses={201: serializers.EvidenceBulk},
    )
    def create(self, request: Request) -> Response:
        """Hand in up to a hundred pieces of evidence, all or none."""
        items = self.valid(serializers.BulkInput)["items"]
        made = contribute_all(principal=self.principal, pieces=[about_of(item) for item in items])
        rows = {row.id: row for row in self.get_queryset().filter(id__in=[row.id for row in made])}
        shown = serializers.EvidenceBulk({"items": [rows[row.id] for row in made]})
        return Response(shown.data, status=201)
