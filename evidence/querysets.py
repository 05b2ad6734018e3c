"""Evidence and context by right and by subject."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value

from common.context import Principal
from common.models import ClockTimestamp, found

if TYPE_CHECKING:
    from evidence.models import (  # noqa: F401
        Artifact,
        ArtifactUse,
        Attestation,
        AttestationRevocation,
        Claim,
        ClaimEvidence,
        CredibilityChange,
        CredibilityPolicy,
        Decision,
        DecisionBasis,
        Evidence,
        EvidenceChain,
        EvidenceChainItem,
        EvidenceLink,
    )

Row = TypeVar("Row", bound=models.Model)


class InProject(models.QuerySet[Row]):
    """Rows that belong to a project: its members see them, and those who see all projects."""

    project: ClassVar[str] = "project"

    def visible_to(self, principal: Principal) -> Self:
        if principal.sees_all_projects:
            return self
        return self.filter(**{f"{self.project}__members__user_id": principal.user_id})


class OfEvidence(InProject[Row]):
    """Rows about one piece of evidence."""

    project = "evidence__project"


class Retractable(InProject[Row]):
    """Statements that may be taken back."""

    def standing(self) -> Self:
        """Not retracted."""
        return self.filter(retracted_at=None)

    def at(self, moment: datetime) -> Self:
        """Made by then and not retracted by then."""
        return self.filter(Q(retracted_at=None) | Q(retracted_at__gt=moment), created_at__lte=moment)


class EvidenceQuerySet(InProject["Evidence"]):
    def about_task(self, task_id: UUID) -> Self:
        return self.filter(task_id=task_id)

    def counting(self) -> Self:
        """What may stand for something now: not rejected, not expired, not broken."""
        unexpired = Q(expires_at=None) | Q(expires_at__gt=ClockTimestamp())
        return self.filter(unexpired, rejected_at=None).exclude(status__in=["expired", "integrity_failed"])

    def tagged(self, tags: Sequence[str], *, with_all: bool) -> Self:
        """With all of these tags, or with any. The search function sees the index that row security hides."""
        wanted = Value(list(tags), ArrayField(models.CharField()))
        return self.filter(found("sec.search_evidence_tags", wanted, Value(with_all)))

    def without_content(self) -> Self:
        """Leave the (large) content in the database."""
        return self.defer("content")


class AttestationQuerySet(OfEvidence["Attestation"]):
    def standing(self) -> Self:
        """Not revoked."""
        return self.filter(revocations=None)

    def at(self, moment: datetime) -> Self:
        """Made by then and not revoked by then."""
        return self.filter(created_at__lte=moment).exclude(revocations__created_at__lte=moment)


class AttestationRevocationQuerySet(InProject["AttestationRevocation"]):
    project = "attestation__evidence__project"


class CredibilityPolicyQuerySet(models.QuerySet["CredibilityPolicy"]):
    def visible_to(self, principal: Principal) -> Self:
        """How scores are made is open to everybody of the tenant."""
        return self

    def in_force(self, moment: datetime) -> Self:
        """The newest first of those that were effective at a moment."""
        return self.filter(effective_from__lte=moment).order_by("-version")


class EvidenceLinkQuerySet(Retractable["EvidenceLink"]):
    def visible_to(self, principal: Principal) -> Self:
        """Who sees both ends."""
        if principal.sees_all_projects:
            return self
        return self.filter(
            from_evidence__project__members__user_id=principal.user_id,
            to_evidence__project__members__user_id=principal.user_id,
        )

    def touching(self, evidence_ids: Collection[UUID]) -> Self:
        return self.filter(Q(from_evidence__in=evidence_ids) | Q(to_evidence__in=evidence_ids))


class CredibilityChangeQuerySet(OfEvidence["CredibilityChange"]):
    pass


class ClaimQuerySet(InProject["Claim"]):
    pass


class ClaimEvidenceQuerySet(Retractable["ClaimEvidence"]):
    project = "claim__project"


class DecisionQuerySet(InProject["Decision"]):
    pass


class DecisionBasisQuerySet(InProject["DecisionBasis"]):
    project = "decision__project"


class EvidenceChainQuerySet(InProject["EvidenceChain"]):
    pass


class EvidenceChainItemQuerySet(InProject["EvidenceChainItem"]):
    project = "chain__project"


class ScalarProduct(Func):
    """The scalar product of two arrays of equal length, computed exactly."""

    template = "(SELECT sum(a * b) FROM unnest(%(expressions)s) AS pair (a, b))"
    output_field: ClassVar["models.Field[Any, Any]"] = models.FloatField()


class ArtifactQuerySet(InProject["Artifact"]):
    def current(self) -> Self:
        """The last version of each."""
        return self.filter(is_current=True)

    def versions_of(self, artifact: "Artifact") -> Self:
        """All versions of an artifact: they share its project, type and path."""
        return self.filter(project_id=artifact.project_id, artifact_type=artifact.artifact_type, path=artifact.path)

    def near(self, vector: Sequence[float], *, model: str) -> "models.QuerySet[Artifact, tuple[Any, Any]]":
        """Ids with their scalar products with a vector of length one, greatest first; of this embedding model only."""
        wanted = Value(list(vector), ArrayField(models.FloatField()))
        alike = self.filter(embedding_model=model, embedding_dimension=len(vector))
        ranked = alike.annotate(score=ScalarProduct(F("embedding"), wanted)).order_by("-score", "-id")
        return ranked.values_list("id", "score")

    def without_content(self) -> Self:
        """Leave what is large in the database."""
        return self.defer("content", "content_text", "search", "embedding")


class ArtifactUseQuerySet(InProject["ArtifactUse"]):
    project = "artifact__project"
