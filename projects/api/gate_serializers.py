"""What the API shows of gates, checks and reviews, and what it takes."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from common.api.serializers import StrictSerializer, VisibleField
from projects.models import (
    CheckKind,
    CheckState,
    Gate,
    GateCheck,
    GateKind,
    PatternCheck,
    Phase,
    Review,
    TaskGroup,
    Verdict,
)
from projects.models.gate import MAX_OUTPUT
from projects.services import PatternInput

LONG = 100_000
MOST = 32_767
MOST_TASKS = 100
MOST_PATTERNS = 50


class GateSerializer(serializers.ModelSerializer[Gate]):
    """A gate. `cycle` counts the revisions that reviews asked for."""

    owner_agent = serializers.UUIDField(source="owner_agent_id", read_only=True, allow_null=True)

    class Meta:
        model = Gate
        fields = (
            "id",
            "phase",
            "kind",
            "number",
            "name",
            "after_group",
            "owner_user",
            "owner_agent",
            "status",
            "cycle",
            "required",
            "opened_at",
            "decided_at",
            "waived_by",
            "waived_reason",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class GateChange(StrictSerializer):
    name = serializers.CharField(max_length=255)
    number = serializers.IntegerField(min_value=0, max_value=MOST, required=False)
    required = serializers.BooleanField(required=False)  # type: ignore[assignment]  # the name in the API
    owner_user = VisibleField(queryset=User.objects.all(), allow_null=True, required=False)
    owner_agent = serializers.UUIDField(source="owner_agent_id", allow_null=True, required=False)


class GateInput(GateChange):
    phase = VisibleField(queryset=Phase.objects.select_related("plan"))
    kind = serializers.ChoiceField(choices=GateKind.choices)
    after_group = VisibleField(queryset=TaskGroup.objects.all(), allow_null=True, required=False)


class CheckSerializer(serializers.ModelSerializer[GateCheck]):
    """One thing a gate looks at. A waiver stands beside the state: what failed stays failed, and is let through."""

    evidence = serializers.UUIDField(source="evidence_id", read_only=True, allow_null=True)
    checked_by_agent = serializers.UUIDField(source="checked_by_agent_id", read_only=True, allow_null=True)

    class Meta:
        model = GateCheck
        fields: tuple[str, ...] = (
            "id",
            "gate",
            "section",
            "ordinal",
            "text",
            "kind",
            "command",
            "state",
            "evidence",
            "exit_code",
            "checked_by_user",
            "checked_by_agent",
            "checked_at",
            "skipped_reason",
            "waived_by",
            "waived_at",
            "waived_reason",
            "output",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class CheckListSerializer(CheckSerializer):
    """A check in a list: without the output of its run."""

    class Meta(CheckSerializer.Meta):
        fields = tuple(name for name in CheckSerializer.Meta.fields if name != "output")
        read_only_fields = fields


class CheckInput(StrictSerializer):
    text = serializers.CharField(max_length=LONG)
    kind = serializers.ChoiceField(choices=CheckKind.choices, required=False)
    command = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    section = serializers.CharField(max_length=100, allow_blank=True, required=False)
    ordinal = serializers.IntegerField(min_value=0, max_value=MOST, required=False)


class CheckVerdict(StrictSerializer):
    """A person's verdict on a manual check."""

    state = serializers.ChoiceField(choices=CheckState.choices)
    reason = serializers.CharField(max_length=2000, allow_blank=True, required=False)
    evidence = serializers.UUIDField(source="evidence_id", allow_null=True, required=False)


class CheckRun(StrictSerializer):
    """A run of a check's command, with the evidence that it happened."""

    exit_code = serializers.IntegerField(min_value=-(2**31), max_value=2**31 - 1)
    output = serializers.CharField(max_length=4 * MAX_OUTPUT, allow_blank=True, trim_whitespace=False)
    evidence = serializers.UUIDField(source="evidence_id")


class PatternSerializer(serializers.ModelSerializer[PatternCheck]):
    class Meta:
        model = PatternCheck
        fields = ("name", "preserved", "note")
        read_only_fields = fields


class ReviewSerializer(serializers.ModelSerializer[Review]):
    """What one reviewer said in one cycle of a gate."""

    reviewer_agent = serializers.UUIDField(source="reviewer_agent_id", read_only=True, allow_null=True)
    reopened_tasks = serializers.ListField(source="reopened_task_ids", child=serializers.UUIDField(), read_only=True)
    patterns = PatternSerializer(many=True, read_only=True)

    class Meta:
        model = Review
        fields = (
            "id",
            "gate",
            "cycle",
            "reviewer_user",
            "reviewer_agent",
            "verdict",
            "comments",
            "reopened_tasks",
            "patterns",
            "created_at",
        )
        read_only_fields = fields


class PatternFinding(StrictSerializer):
    name = serializers.CharField(max_length=100)
    preserved = serializers.BooleanField()
    note = serializers.CharField(max_length=LONG, allow_blank=True, required=False)


class ReviewInput(StrictSerializer):
    """Approve an open gate, or ask for changes: that needs comments and may send tasks back."""

    gate = VisibleField(queryset=Gate.objects.select_related("phase__plan"))
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    comments = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    patterns = PatternFinding(many=True, required=False, max_length=MOST_PATTERNS)  # type: ignore[call-arg]  # of lists
    reopen_tasks = serializers.ListField(
        source="reopen_task_ids", child=serializers.UUIDField(), max_length=MOST_TASKS, required=False
    )

    def validate_patterns(self, patterns: list[dict[str, Any]]) -> list[PatternInput]:
        return [PatternInput(**pattern) for pattern in patterns]
