"""What the API shows of evidence, and what it takes."""

from rest_framework import serializers

from common.api.serializers import JSONObjectField, StrictSerializer
from evidence.models import Evidence


class EvidenceListSerializer(serializers.ModelSerializer[Evidence]):
    """Evidence in a list: without its content."""

    task = serializers.UUIDField(source="task_id", read_only=True, allow_null=True)
    execution = serializers.UUIDField(source="execution_id", read_only=True, allow_null=True)
    data = JSONObjectField(read_only=True)  # type: ignore[assignment]  # the name in the API

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
            "grade",
            "title",
            "description",
            "data",
            "content_sha256",
            "content_size",
            "credibility",
            "uncertainty",
            "verified_at",
            "verified_by",
            "rejected_at",
            "rejected_by",
            "review_note",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class EvidenceSerializer(EvidenceListSerializer):
    """Evidence with its content; null where only the digest was handed in."""

    class Meta(EvidenceListSerializer.Meta):
        fields = (*EvidenceListSerializer.Meta.fields, "content")
        read_only_fields = fields


class VerifyInput(StrictSerializer):
    note = serializers.CharField(max_length=10_000, allow_blank=True, required=False)


class RejectInput(StrictSerializer):
    note = serializers.CharField(max_length=10_000, help_text="Why it does not hold.")
