"""What the API shows of phases: criteria, groups, metrics, the final review; and what it takes."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api.serializers import StrictSerializer, VisibleField
from projects.models import (
    CriterionState,
    MetricKind,
    Operator,
    Phase,
    PhaseApproval,
    Plan,
    SdlcPhase,
    SuccessCriterion,
    SuccessMetric,
    TaskGroup,
    TaskGroupDependency,
    Verdict,
)
from projects.queries import is_reached, missing_for_completion, next_actions

LONG = 100_000
MOST = 32_767


class ProgressSerializer(serializers.Serializer[Any]):
    """How far a phase is, counted from its tasks, criteria and required gates: never typed."""

    percentage = serializers.IntegerField(min_value=0, max_value=100)
    tasks_done = serializers.IntegerField()
    tasks_total = serializers.IntegerField()
    criteria_met = serializers.IntegerField()
    criteria_total = serializers.IntegerField()
    gates_passed = serializers.IntegerField()
    gates_total = serializers.IntegerField()
    approved = serializers.BooleanField()


class PhaseListSerializer(serializers.ModelSerializer[Phase]):
    """A phase in a list."""

    project = serializers.UUIDField(source="plan.project_id", read_only=True)
    progress = serializers.SerializerMethodField()

    class Meta:
        model = Phase
        fields: tuple[str, ...] = (
            "id",
            "project",
            "plan",
            "number",
            "name",
            "status",
            "sdlc_phase",
            "estimated_days_min",
            "estimated_days_max",
            "started_at",
            "completed_at",
            "branch",
            "depends_on",
            "progress",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    @extend_schema_field(ProgressSerializer)
    def get_progress(self, phase: Phase) -> dict[str, Any]:
        progress = self.context["view"].progress_of(phase)
        shown = asdict(progress) | {"percentage": progress.percentage}
        del shown["completed"]
        return shown


class PhaseSerializer(PhaseListSerializer):
    """A phase: what is missing for its completion (besides its tasks), and what comes next."""

    missing = serializers.SerializerMethodField()
    next_actions = serializers.SerializerMethodField()

    class Meta(PhaseListSerializer.Meta):
        fields = (*PhaseListSerializer.Meta.fields, "goal", "notes", "missing", "next_actions")
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_missing(self, phase: Phase) -> list[str]:
        return [] if phase.completed_at else missing_for_completion(phase)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_next_actions(self, phase: Phase) -> list[str]:
        return next_actions(phase, self.context["view"].progress_of(phase))


class PhaseChange(StrictSerializer):
    name = serializers.CharField(max_length=255)
    number = serializers.IntegerField(min_value=0, max_value=MOST, required=False)
    goal = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    sdlc_phase = serializers.ChoiceField(choices=SdlcPhase.choices, required=False)
    estimated_days_min = serializers.IntegerField(min_value=0, max_value=MOST, allow_null=True, required=False)
    estimated_days_max = serializers.IntegerField(min_value=0, max_value=MOST, allow_null=True, required=False)
    branch = serializers.CharField(max_length=255, allow_blank=True, required=False)
    depends_on = VisibleField(queryset=Phase.objects.all(), allow_null=True, required=False)
    notes = serializers.CharField(max_length=LONG, allow_blank=True, required=False)


class PhaseInput(PhaseChange):
    plan = VisibleField(queryset=Plan.objects.select_related("project"))


class PhaseApprovalSerializer(serializers.ModelSerializer[PhaseApproval]):
    """The final review's answer, with the criteria as they stood."""

    approver_agent = serializers.UUIDField(source="approver_agent_id", read_only=True, allow_null=True)

    class Meta:
        model = PhaseApproval
        fields = (
            "id",
            "phase",
            "approver_user",
            "approver_agent",
            "verdict",
            "criteria",
            "knowledge_updates",
            "transition_document",
            "decided_at",
        )
        read_only_fields = fields


class PhaseApprovalInput(StrictSerializer):
    """The final review. An approval needs the transition document."""

    phase = VisibleField(queryset=Phase.objects.select_related("plan"))
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    knowledge_updates = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    transition_document = serializers.CharField(max_length=LONG, allow_blank=True, required=False)


class SuccessCriterionSerializer(serializers.ModelSerializer[SuccessCriterion]):
    """What a phase must reach."""

    evidence = serializers.UUIDField(source="evidence_id", read_only=True, allow_null=True)

    class Meta:
        model = SuccessCriterion
        fields = (
            "id",
            "phase",
            "ordinal",
            "text",
            "state",
            "evidence",
            "waived_reason",
            "met_at",
            "decided_by",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class SuccessCriterionChange(StrictSerializer):
    text = serializers.CharField(max_length=LONG)
    ordinal = serializers.IntegerField(min_value=0, max_value=MOST, required=False)


class SuccessCriterionInput(SuccessCriterionChange):
    phase = VisibleField(queryset=Phase.objects.select_related("plan"))


class SuccessCriterionDecision(StrictSerializer):
    """Met by evidence, failed, or waived with a reason."""

    state = serializers.ChoiceField(choices=CriterionState.choices)
    evidence = serializers.UUIDField(source="evidence_id", allow_null=True, required=False)
    reason = serializers.CharField(max_length=2000, allow_blank=True, required=False)


class GroupSerializer(serializers.ModelSerializer[TaskGroup]):
    """A group of tasks. `step` is its place in the order that the dependencies make; equal steps run side by side."""

    step = serializers.SerializerMethodField()

    class Meta:
        model = TaskGroup
        fields = (
            "id",
            "phase",
            "name",
            "label",
            "calendar_label",
            "sequence",
            "parallel_key",
            "rationale",
            "step",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def get_step(self, group: TaskGroup) -> int:
        step: int = self.context["view"].step_of(group)
        return step


class GroupChange(StrictSerializer):
    name = serializers.CharField(max_length=255)
    label = serializers.CharField(  # type: ignore[assignment]  # the name in the API
        max_length=100, allow_blank=True, required=False
    )
    calendar_label = serializers.CharField(max_length=100, allow_blank=True, required=False)
    sequence = serializers.IntegerField(min_value=0, max_value=MOST, required=False)
    parallel_key = serializers.CharField(max_length=100, allow_blank=True, required=False)
    rationale = serializers.CharField(max_length=LONG, allow_blank=True, required=False)


class GroupInput(GroupChange):
    phase = VisibleField(queryset=Phase.objects.select_related("plan"))


class GroupDependencySerializer(serializers.ModelSerializer[TaskGroupDependency]):
    """`group` waits for `depends_on`."""

    class Meta:
        model = TaskGroupDependency
        fields = ("id", "group", "depends_on", "reason", "created_at", "updated_at")
        read_only_fields = fields


class GroupDependencyInput(StrictSerializer):
    group = VisibleField(queryset=TaskGroup.objects.select_related("phase__plan"))
    depends_on = VisibleField(queryset=TaskGroup.objects.all())
    reason = serializers.CharField(max_length=LONG, allow_blank=True, required=False)


class MetricSerializer(serializers.ModelSerializer[SuccessMetric]):
    """A target and what was reached: `actual` is derived now, `measured` was kept when the phase was completed."""

    actual = serializers.SerializerMethodField()
    reached = serializers.SerializerMethodField()

    class Meta:
        model = SuccessMetric
        fields = (
            "id",
            "phase",
            "name",
            "kind",
            "operator",
            "target",
            "target_max",
            "unit",
            "actual",
            "reached",
            "measured",
            "measured_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def value(self, metric: SuccessMetric) -> Decimal | None:
        found: Decimal | None = self.context["view"].actual_of(metric)
        return found

    @extend_schema_field(serializers.DecimalField(max_digits=14, decimal_places=4, allow_null=True))
    def get_actual(self, metric: SuccessMetric) -> str | None:
        value = self.value(metric)
        return None if value is None else f"{value:.4f}"

    def get_reached(self, metric: SuccessMetric) -> bool | None:
        return is_reached(metric, self.value(metric))


class MetricChange(StrictSerializer):
    name = serializers.CharField(max_length=255)
    kind = serializers.ChoiceField(choices=MetricKind.choices, required=False)
    operator = serializers.ChoiceField(choices=Operator.choices, required=False)
    target = serializers.DecimalField(max_digits=14, decimal_places=4)
    target_max = serializers.DecimalField(max_digits=14, decimal_places=4, allow_null=True, required=False)
    unit = serializers.CharField(max_length=50, allow_blank=True, required=False)


class MetricInput(MetricChange):
    phase = VisibleField(queryset=Phase.objects.select_related("plan"))
