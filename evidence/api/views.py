"""Evidence over HTTP."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.schema import IDEMPOTENCY_KEY
from common.api.views import VisibleViewSet
from evidence.api import serializers
from evidence.api.filters import EvidenceFilter
from evidence.models import Evidence
from evidence.services import reject_evidence, verify_evidence

EVIDENCE = ["evidence"]


@extend_schema_view(list=extend_schema(tags=EVIDENCE), retrieve=extend_schema(tags=EVIDENCE))
class EvidenceViewSet(VisibleViewSet):
    """Evidence of visible projects."""

    queryset = Evidence.objects.select_related("agent")
    serializer_class = serializers.EvidenceSerializer
    list_serializer_class = serializers.EvidenceListSerializer
    filterset_class = EvidenceFilter
    write_scope = "approve"

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        visible: Any = super().narrowed(queryset)
        return visible.without_content() if self.action == "list" else visible  # type: ignore[no-any-return]

    @extend_schema(
        tags=EVIDENCE,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.VerifyInput,
        responses=serializers.EvidenceSerializer,
    )
    @action(detail=True, methods=["post"])
    def verify(self, request: Request, pk: str) -> Response:
        """Say, as a maintainer who did not make it, that it holds."""
        evidence = self.get_object()
        given = self.valid(serializers.VerifyInput)
        return self.shown(verify_evidence(evidence=evidence, principal=self.principal, **given))

    @extend_schema(
        tags=EVIDENCE,
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.RejectInput,
        responses=serializers.EvidenceSerializer,
    )
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Say that it does not hold: from now on it counts for no criterion."""
        evidence = self.get_object()
        given = self.valid(serializers.RejectInput)
        return self.shown(reject_evidence(evidence=evidence, principal=self.principal, **given))
