"""What the API shows of claims, decisions, chains and policies, and what it takes."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from common.api.serializers import JSONObjectField, StrictSerializer, VisibleField
from evidence.api.around_serializers import strength_field
from evidence.models import (
    ChainRole,
    Claim,
    ClaimEvidence,
    Combination,
    CredibilityPolicy,
    Decision,
    DecisionBasis,
    Evidence,
    EvidenceChain,
    EvidenceChainItem,
    Role,
)
from evidence.queries.support import combine
from evidence.services import Basis
from projects.models import Project

LONG = 20_000
PIECES = Evidence.objects.without_content().select_related("agent")


class ArgumentSerializer(serializers.ModelSerializer[ClaimEvidence]):
    """A piece of evidence for, against or beside a claim."""

    class Meta:
        model = ClaimEvidence
        fields = ("id", "evidence", "role", "strength", "reason", "user", "agent", "created_at")
        read_only_fields = fields


class ClaimSerializer(serializers.ModelSerializer[Claim]):
    """A claim with the evidence that stands for and against it."""

    evidence = ArgumentSerializer(source="standing_arguments", many=True, read_only=True)

    class Meta:
        model = Claim
        fields = (
            "id",
            "project",
            "subject",
            "predicate",
            "value",
            "scope",
            "status",
            "user",
            "agent",
            "evidence",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class AssertedClaimInput(StrictSerializer):
    project = VisibleField(queryset=Project.objects.all())
    subject = serializers.CharField(max_length=500)
    predicate = serializers.CharField(max_length=200)
    value = serializers.JSONField()
    scope = serializers.CharField(max_length=500, allow_blank=True, required=False)


class ArgumentInput(StrictSerializer):
    evidence = VisibleField(queryset=PIECES)
    role = serializers.ChoiceField(choices=Role.choices)
    strength = strength_field()
    reason = serializers.CharField(max_length=2000, allow_blank=True, required=False)


class BasisSerializer(serializers.ModelSerializer[DecisionBasis]):
    """What a decision rests on, with its credibility at that moment."""

    class Meta:
        model = DecisionBasis
        fields = ("id", "evidence", "claim", "role", "load_bearing", "credibility", "uncertainty", "leaf_index")
        read_only_fields = fields


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """A decision, what it rested on, and the item its credibility hung on."""

    options = serializers.ListField(read_only=True)
    basis = BasisSerializer(many=True, read_only=True)
    credibility = serializers.SerializerMethodField(help_text="Of the basis, at use.")
    weakest = serializers.SerializerMethodField(help_text="The item of the basis that carries it.")

    class Meta:
        model = Decision
        fields = (
            "id",
            "project",
            "question",
            "options",
            "outcome",
            "rationale",
            "authority",
            "user",
            "agent",
            "policy_sha256",
            "combination",
            "threshold",
            "credibility",
            "weakest",
            "basis",
            "made_at",
            "status",
            "support_degraded_at",
            "supersedes",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def get_credibility(self, decision: Decision) -> str:
        return str(at_use(decision).credibility)

    def get_weakest(self, decision: Decision) -> str | None:
        item = at_use(decision).item
        return str(item.id) if item else None


def at_use(decision: Decision) -> Any:
    """Return what a decision stood on when it was made."""
    items = [(item, item.credibility, item.uncertainty) for item in decision.basis.all() if item.load_bearing]
    return combine(decision.combination, items)


class BasisInput(StrictSerializer):
    evidence = VisibleField(queryset=PIECES, required=False)
    claim = VisibleField(queryset=Claim.objects.all(), required=False)
    role = serializers.ChoiceField(choices=Role.choices, required=False)
    load_bearing = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> Basis:
        return Basis(**attrs)


class DecisionInput(StrictSerializer):
    project = VisibleField(queryset=Project.objects.all())
    question = serializers.CharField(max_length=LONG)
    outcome = serializers.CharField(max_length=LONG)
    options = serializers.ListField(child=serializers.CharField(max_length=2000), max_length=50, required=False)
    rationale = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    combination = serializers.ChoiceField(choices=Combination.choices, required=False)
    threshold = serializers.DecimalField(
        max_digits=5, decimal_places=4, min_value=Decimal(0), max_value=Decimal(1), allow_null=True, required=False
    )
    supersedes = VisibleField(queryset=Decision.objects.all(), allow_null=True, required=False)
    # `many=True` hands these to the list; the stubs do not know.
    basis = BasisInput(many=True, min_length=1, max_length=100)  # type: ignore[call-arg]


class ChainItemSerializer(serializers.ModelSerializer[EvidenceChainItem]):
    class Meta:
        model = EvidenceChainItem
        fields = ("evidence", "ordinal", "role")
        read_only_fields = fields


class ChainSerializer(serializers.ModelSerializer[EvidenceChain]):
    """Evidence in order, as strong as the weakest of it."""

    items = ChainItemSerializer(many=True, read_only=True)

    class Meta:
        model = EvidenceChain
        fields = (
            "id",
            "project",
            "primary_evidence",
            "decision",
            "description",
            "confidence",
            "items",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


MEMBERS = [choice for choice in ChainRole.choices if choice[0] != ChainRole.PRIMARY]


class MemberOfChainInput(StrictSerializer):
    evidence = VisibleField(queryset=PIECES)
    role = serializers.ChoiceField(choices=MEMBERS, default=ChainRole.SUPPORTING.value)


class ChainInput(StrictSerializer):
    project = VisibleField(queryset=Project.objects.all())
    primary = VisibleField(queryset=PIECES)
    # as above
    members = MemberOfChainInput(many=True, max_length=99, required=False)  # type: ignore[call-arg]
    decision = VisibleField(queryset=Decision.objects.all(), allow_null=True, required=False)
    description = serializers.CharField(max_length=LONG, allow_blank=True, required=False)


class PolicySerializer(serializers.ModelSerializer[CredibilityPolicy]):
    """One version of the numbers that credibility is computed with."""

    document = JSONObjectField(read_only=True)

    class Meta:
        model = CredibilityPolicy
        fields = ("id", "version", "sha256", "effective_from", "note", "user", "document", "created_at")
        read_only_fields = fields


class PolicyInput(StrictSerializer):
    document = JSONObjectField(help_text="The whole document; its version is the next one.")
    note = serializers.CharField(max_length=2000, allow_blank=True, required=False)
