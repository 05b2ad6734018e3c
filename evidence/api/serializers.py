"""What the API shows of evidence, and what it takes."""

from typing import Any
from uuid import UUID

from rest_framework import serializers

from common.api.serializers import JSONObjectField, StrictSerializer, VisibleField
from evidence.models import Confidence, Evidence, LinkKind, SourceType, Verdict
from evidence.services import MAX_CONTENT
from projects.models import Project

SHA256 = r"^[0-9a-f]{64}$"
MOST_ITEMS = 100


class EvidenceListSerializer(serializers.ModelSerializer[Evidence]):
    """Evidence in a list: without its content."""

    task = serializers.UUIDField(source="task_id", read_only=True, allow_null=True)
    execution = serializers.UUIDField(source="execution_id", read_only=True, allow_null=True)
    data = JSONObjectField(read_only=True)  # type: ignore[assignment]  # the name in the API
    metadata = JSONObjectField(read_only=True)
    credibility_factors = JSONObjectField(read_only=True)
    confidence = serializers.ChoiceField(choices=Confidence.choices, read_only=True)
    is_verified = serializers.BooleanField(read_only=True)
    related_evidence = serializers.SerializerMethodField(help_text="What it is linked to, contradictions aside.")
    contradicting_evidence = serializers.SerializerMethodField(help_text="What contradicts it.")

    class Meta:
        model = Evidence
        fields: tuple[str, ...] = (
            "id",
            "project",
            "task",
            "execution",
            "agent",
            "author",
            "source_type",
            "source_name",
            "source_url",
            "grade",
            "title",
            "description",
            "data",
            "content_sha256",
            "content_size",
            "media_type",
            "subject_uri",
            "subject_digest",
            "mutable",
            "collected_at",
            "expires_at",
            "metadata",
            "tags",
            "status",
            "credibility",
            "uncertainty",
            "confidence",
            "disputed",
            "credibility_factors",
            "historical_accuracy",
            "policy",
            "as_of",
            "related_evidence",
            "contradicting_evidence",
            "is_verified",
            "verified_at",
            "verified_by",
            "rejected_at",
            "rejected_by",
            "review_note",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def get_related_evidence(self, evidence: Evidence) -> list[UUID]:
        return other_ends(evidence, contradicting=False)

    def get_contradicting_evidence(self, evidence: Evidence) -> list[UUID]:
        return other_ends(evidence, contradicting=True)


def other_ends(evidence: Any, *, contradicting: bool) -> list[UUID]:
    """Return the other ends of the standing links that the view has read for a whole page at once."""
    links = [(link.to_evidence_id, link) for link in evidence.standing_links]
    links += [(link.from_evidence_id, link) for link in evidence.standing_linked_from]
    return sorted({end for end, link in links if (link.kind == LinkKind.CONTRADICTS) is contradicting})


class EvidenceSerializer(EvidenceListSerializer):
    """Evidence with its content; null where only the digest was handed in."""

    class Meta(EvidenceListSerializer.Meta):
        fields = (*EvidenceListSerializer.Meta.fields, "content")
        read_only_fields = fields


class VerifyInput(StrictSerializer):
    note = serializers.CharField(max_length=10_000, allow_blank=True, required=False)


class RejectInput(StrictSerializer):
    note = serializers.CharField(max_length=10_000, help_text="Why it does not hold.")


class OverrideInput(StrictSerializer):
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    reason = serializers.CharField(max_length=10_000, help_text="Why the formula is wrong here.")


def tags_field(**options: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(max_length=100), max_length=50, **options)


class ContributedEvidenceInput(StrictSerializer):
    """Evidence that a person hands in: its content, or only the digest of it."""

    project = VisibleField(queryset=Project.objects.all())
    task = serializers.UUIDField(allow_null=True, required=False)
    source_type = serializers.ChoiceField(choices=SourceType.choices)
    source_name = serializers.CharField(max_length=255, allow_blank=True, required=False)
    source_url = serializers.URLField(max_length=1000, allow_blank=True, required=False)
    title = serializers.CharField(max_length=500)
    description = serializers.CharField(max_length=100_000, allow_blank=True, required=False)
    data = JSONObjectField(required=False)  # type: ignore[assignment]  # the name in the API
    content = serializers.CharField(max_length=MAX_CONTENT, trim_whitespace=False, allow_blank=True, required=False)
    content_sha256 = serializers.RegexField(SHA256, required=False)
    media_type = serializers.CharField(max_length=255, allow_blank=True, required=False)
    subject_uri = serializers.CharField(max_length=1000, allow_blank=True, required=False)
    subject_digest = serializers.CharField(max_length=200, allow_blank=True, required=False)
    mutable = serializers.BooleanField(required=False)
    collected_at = serializers.DateTimeField(required=False)
    expires_at = serializers.DateTimeField(allow_null=True, required=False)
    metadata = JSONObjectField(required=False)
    tags = tags_field(required=False)


class BulkInput(StrictSerializer):
    # `many=True` hands these to the list; the stubs do not know.
    items = ContributedEvidenceInput(many=True, min_length=1, max_length=MOST_ITEMS)  # type: ignore[call-arg]


class EvidenceBulk(serializers.Serializer[Any]):
    items = EvidenceListSerializer(many=True)


class MomentInput(StrictSerializer):
    as_of = serializers.DateTimeField(required=False)


class InputSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the name in the API
    group = serializers.CharField(help_text="Checks of one group depend on each other.")
    alone = serializers.CharField(help_text="Its weight by itself.")
    weight = serializers.CharField(help_text="What it came to; what refutes is negative.")


class MissingCheckSerializer(serializers.Serializer[Any]):
    method = serializers.CharField()
    credibility = serializers.CharField(help_text="What credibility would be if it confirmed.")
    gain = serializers.CharField()


class StoredSerializer(serializers.Serializer[Any]):
    credibility = serializers.CharField()
    uncertainty = serializers.CharField()
    as_of = serializers.DateTimeField(allow_null=True)
    matches = serializers.BooleanField(help_text="Whether its own moment computes to it again.")


class ExplanationSerializer(serializers.Serializer[Any]):
    """A score computed again: C = (p + W a) / (p + n + W), u = W / (p + n + W)."""

    as_of = serializers.DateTimeField()
    credibility = serializers.CharField(source="opinion.credibility")
    uncertainty = serializers.CharField(source="opinion.uncertainty")
    belief = serializers.CharField(source="opinion.belief")
    disbelief = serializers.CharField(source="opinion.disbelief")
    confirming = serializers.CharField(source="opinion.confirming", help_text="p")
    refuting = serializers.CharField(source="opinion.refuting", help_text="n")
    base_rate = serializers.CharField(source="opinion.base_rate", help_text="a")
    prior_weight = serializers.CharField(help_text="W")
    disputed = serializers.BooleanField(source="opinion.disputed")
    admiralty = serializers.CharField()
    stix = serializers.IntegerField()
    policy_version = serializers.IntegerField()
    policy_sha256 = serializers.CharField()
    inputs = InputSerializer(many=True)
    missing_checks = MissingCheckSerializer(many=True, source="missing")
    stored = StoredSerializer()
