"""What the API shows of work, and what it takes."""

from typing import Any

from rest_framework import serializers

from agents.models import Agent
from common.api.serializers import JSONObjectField, ReasonInput, StrictSerializer, VisibleField
from evidence.models import Grade
from projects.models import Plan, Project
from tasks.models import (
    ApprovalAction,
    ApprovalRequest,
    CriterionKind,
    Directive,
    Execution,
    Priority,
    Task,
    TaskKind,
    TaskStatus,
    TaskType,
)

LONG = 100_000
Members = dict[str, Any]


class TaskListSerializer(serializers.ModelSerializer[Task]):
    """A task in a list: without its texts and its output."""

    key = serializers.CharField(read_only=True)

    class Meta:
        model = Task
        fields: tuple[str, ...] = (
            "id",
            "key",
            "number",
            "project",
            "plan",
            "parent",
            "kind",
            "type",
            "title",
            "priority",
            "complexity",
            "labels",
            "github_issue_number",
            "github_url",
            "created_by",
            "assigned_agent",
            "required_capabilities",
            "max_attempts",
            "status",
            "status_reason",
            "resolution",
            "verification",
            "attempt",
            "attempts_left",
            "claimable_from",
            "started_at",
            "closed_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class TaskSerializer(TaskListSerializer):
    """A task."""

    input = JSONObjectField(read_only=True)
    output = JSONObjectField(read_only=True)

    class Meta(TaskListSerializer.Meta):
        fields = (*TaskListSerializer.Meta.fields, "description", "instructions", "input", "output")
        read_only_fields = fields


class TaskChange(StrictSerializer):
    """What may be changed."""

    title = serializers.CharField(max_length=500)
    description = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    instructions = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    input = JSONObjectField(required=False)
    type = serializers.ChoiceField(choices=TaskType.choices, required=False)
    priority = serializers.ChoiceField(choices=Priority.choices, required=False)
    labels = serializers.ListField(child=serializers.CharField(max_length=100), max_length=50, required=False)
    complexity = serializers.IntegerField(min_value=1, max_value=13, allow_null=True, required=False)
    plan = VisibleField(queryset=Plan.objects.all(), allow_null=True, required=False)
    assigned_agent = VisibleField(queryset=Agent.objects.all(), allow_null=True, required=False)
    required_capabilities = serializers.ListField(
        child=serializers.CharField(max_length=100), max_length=50, required=False
    )


class TaskInput(TaskChange):
    """A new task."""

    project = VisibleField(queryset=Project.objects.all())
    kind = serializers.ChoiceField(choices=TaskKind.choices, required=False)
    status = serializers.ChoiceField(
        choices=[choice for choice in TaskStatus.choices if choice[0] in {"open", "draft"}], required=False
    )
    max_attempts = serializers.IntegerField(min_value=1, max_value=100, required=False)


class CriterionInputSerializer(StrictSerializer):
    kind = serializers.ChoiceField(choices=CriterionKind.choices)
    title = serializers.CharField(max_length=500)
    parameters = JSONObjectField(required=False)
    minimum_grade = serializers.ChoiceField(choices=Grade.choices, required=False)
    fresh_for_seconds = serializers.IntegerField(min_value=1, max_value=2**31 - 1, allow_null=True, required=False)


class ContractInput(StrictSerializer):
    # `many=True` hands these to the list; the stubs do not know.
    criteria = CriterionInputSerializer(many=True, min_length=1, max_length=50)  # type: ignore[call-arg]


class JudgedCriterionSerializer(serializers.Serializer[Any]):
    """A criterion with its last finding; `is_met` is null until evidence speaks about it."""

    id = serializers.UUIDField(source="criterion.id")
    kind = serializers.ChoiceField(source="criterion.kind", choices=CriterionKind.choices)
    title = serializers.CharField(source="criterion.title")
    parameters = JSONObjectField(source="criterion.parameters")
    minimum_grade = serializers.ChoiceField(source="criterion.minimum_grade", choices=Grade.choices)
    fresh_for_seconds = serializers.IntegerField(source="criterion.fresh_for_seconds", allow_null=True)
    is_met = serializers.BooleanField(source="evaluation.is_met", allow_null=True, default=None)
    reason = serializers.CharField(source="evaluation.reason", allow_null=True, default=None)
    evidence = serializers.UUIDField(source="evaluation.evidence_id", allow_null=True, default=None)


class ContractSerializer(serializers.Serializer[Any]):
    task = serializers.UUIDField()
    criteria = JudgedCriterionSerializer(many=True)


class SignoffInput(StrictSerializer):
    approved = serializers.BooleanField()
    comment = serializers.CharField(max_length=10_000)


class ExecutionListSerializer(serializers.ModelSerializer[Execution]):
    """A run in a list: without its result."""

    task_key = serializers.CharField(source="task.key", read_only=True)
    project = serializers.UUIDField(source="task.project_id", read_only=True)

    class Meta:
        model = Execution
        fields: tuple[str, ...] = (
            "id",
            "task",
            "task_key",
            "project",
            "agent",
            "attempt",
            "status",
            "directive",
            "lease_seconds",
            "lease_expires_at",
            "last_heartbeat_at",
            "progress",
            "message",
            "input_tokens",
            "output_tokens",
            "cost_usd",
            "started_at",
            "ended_at",
            "summary",
            "error",
            "trace_id",
            "log_size",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class ExecutionSerializer(ExecutionListSerializer):
    """A run."""

    result = JSONObjectField(read_only=True)

    class Meta(ExecutionListSerializer.Meta):
        fields = (*ExecutionListSerializer.Meta.fields, "result", "output_hash")
        read_only_fields = fields


class OfferedOption(serializers.Serializer[Any]):
    """An answer that is offered."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the name in the API
    action = serializers.ChoiceField(choices=ApprovalAction.choices)
    effect = serializers.CharField(allow_blank=True)


class ApprovalSerializer(serializers.ModelSerializer[ApprovalRequest]):
    """A question to a person, its answer, and everything its digest binds."""

    task_key = serializers.CharField(source="task.key", read_only=True)
    project = serializers.UUIDField(source="task.project_id", read_only=True)
    agent_name = serializers.CharField(source="agent.name", read_only=True)
    action = JSONObjectField(read_only=True)
    amended_content = JSONObjectField(read_only=True, allow_null=True)
    target_commit = serializers.SerializerMethodField()
    options = OfferedOption(many=True, read_only=True)

    class Meta:
        model = ApprovalRequest
        fields = (
            "id",
            "task",
            "task_key",
            "project",
            "execution",
            "agent",
            "agent_name",
            "kind",
            "question",
            "action",
            "target_commit",
            "nonce",
            "digest",
            "options",
            "status",
            "expires_at",
            "decided_at",
            "decided_by",
            "comment",
            "selected_option",
            "amended_content",
            "redeemed_at",
            "redeemed_by",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def get_target_commit(self, approval: ApprovalRequest) -> str | None:
        return approval.target_commit or None


class RespondInput(StrictSerializer):
    action = serializers.ChoiceField(choices=ApprovalAction.choices)
    comment = serializers.CharField(max_length=10_000)
    digest = serializers.RegexField(r"^[0-9a-f]{64}$", help_text="Of the request as it was shown.")
    amended_content = JSONObjectField(required=False)
    selected_option = serializers.CharField(max_length=100, required=False)


class DirectInput(ReasonInput):
    """What a running attempt is told."""

    directive = serializers.ChoiceField(choices=Directive.choices)
