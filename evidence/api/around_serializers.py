"""What the API shows of attestations, links and history, and what it takes."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api.serializers import JSONObjectField, StrictSerializer, VisibleField
from evidence.models import (
    Attestation,
    AttestationRevocation,
    CredibilityChange,
    Evidence,
    EvidenceLink,
    LinkKind,
    Method,
    Verdict,
)


class RevocationSerializer(serializers.ModelSerializer[AttestationRevocation]):
    class Meta:
        model = AttestationRevocation
        fields = ("user", "agent", "reason", "created_at")
        read_only_fields = fields


class AttestationListSerializer(serializers.ModelSerializer[Attestation]):
    """An attestation in a list: without its envelope."""

    revocation = serializers.SerializerMethodField()

    class Meta:
        model = Attestation
        fields: tuple[str, ...] = (
            "id",
            "evidence",
            "method",
            "verdict",
            "user",
            "agent",
            "envelope_sha256",
            "key_fingerprint",
            "predicate_type",
            "independence_group",
            "principal",
            "organisation",
            "model_family",
            "toolchain",
            "upstream_digest",
            "started_on",
            "finished_on",
            "note",
            "revocation",
            "created_at",
        )
        read_only_fields = fields

    @extend_schema_field(RevocationSerializer(allow_null=True))
    def get_revocation(self, attestation: Attestation) -> Any:
        revoked = list(attestation.revocations.all())
        return RevocationSerializer(revoked[0]).data if revoked else None


class AttestationSerializer(AttestationListSerializer):
    """An attestation with its DSSE envelope."""

    envelope = JSONObjectField(read_only=True)

    class Meta(AttestationListSerializer.Meta):
        fields = (*AttestationListSerializer.Meta.fields, "envelope")
        read_only_fields = fields


class AttestationInput(StrictSerializer):
    """People say method and verdict; agents send a signed envelope."""

    method = serializers.ChoiceField(choices=Method.choices, required=False)
    verdict = serializers.ChoiceField(choices=Verdict.choices, required=False)
    note = serializers.CharField(max_length=2000, allow_blank=True, required=False)
    toolchain = serializers.CharField(max_length=200, allow_blank=True, required=False)
    envelope = JSONObjectField(required=False, help_text="DSSE around an in-toto Statement v1.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "envelope" in attrs and len(attrs) > 1:
            raise serializers.ValidationError({"envelope": ["It says everything; send nothing beside it."]})
        if "envelope" not in attrs:
            missing = [name for name in ("method", "verdict") if name not in attrs]
            if missing:
                raise serializers.ValidationError({name: ["This field is required."] for name in missing})
        return attrs


class LinkSerializer(serializers.ModelSerializer[EvidenceLink]):
    """How two pieces of evidence stand to each other."""

    class Meta:
        model = EvidenceLink
        fields = (
            "id",
            "from_evidence",
            "to_evidence",
            "kind",
            "strength",
            "reason",
            "user",
            "agent",
            "retracted_at",
            "retracted_by",
            "retraction_reason",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


def strength_field() -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=5, decimal_places=4, min_value=Decimal(0), max_value=Decimal(1), required=False
    )


class LinkInput(StrictSerializer):
    """The evidence of the address stands to `to` like this."""

    to = VisibleField(queryset=Evidence.objects.select_related("agent"))
    kind = serializers.ChoiceField(choices=LinkKind.choices)
    strength = strength_field()
    reason = serializers.CharField(max_length=2000, allow_blank=True, required=False)


class HistorySerializer(serializers.ModelSerializer[CredibilityChange]):
    """One change of credibility, with all that was counted."""

    inputs = serializers.ListField(child=JSONObjectField(), read_only=True)
    policy_version = serializers.IntegerField(source="policy.version", read_only=True)
    policy_sha256 = serializers.CharField(source="policy.sha256", read_only=True)

    class Meta:
        model = CredibilityChange
        fields = (
            "id",
            "evidence",
            "previous_credibility",
            "previous_uncertainty",
            "new_credibility",
            "new_uncertainty",
            "confirming",
            "refuting",
            "base_rate",
            "as_of",
            "policy_version",
            "policy_sha256",
            "inputs",
            "reason_code",
            "reason",
            "user",
            "agent",
            "event_id",
            "created_at",
        )
        read_only_fields = fields
