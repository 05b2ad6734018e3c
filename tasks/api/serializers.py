"""What the API shows of work, and what it takes."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from accounts.models import User
from agents.models import Agent
from common.api.serializers import JSONObjectField, ReasonInput, StrictSerializer, VisibleField
from evidence.models import Grade
from projects.models import Phase, Plan, Project, TaskGroup
from tasks.models import (
    LONGEST_RUN,
    CriterionKind,
    Directive,
    Execution,
    Priority,
    Resolution,
    Task,
    TaskKind,
    TaskStatus,
    TaskType,
    Verification,
)
from tasks.services.waiting import holds_of

LONG = 100_000
LARGEST = 2**31 - 1
Members = dict[str, Any]


class TaskListSerializer(serializers.ModelSerializer[Task]):
    """A task in a list: without its texts and its output."""

    key = serializers.CharField(read_only=True)
    run_state = serializers.CharField(read_only=True, help_text="pending, working, completed, failed or cancelled")
    progress = serializers.IntegerField(read_only=True, help_text="Per cent; of a task with parts, of these.")

    class Meta:
        model = Task
        fields: tuple[str, ...] = (
            "id",
            "key",
            "number",
            "project",
            "plan",
            "phase",
            "group",
            "parent",
            "kind",
            "type",
            "code",
            "title",
            "target_path",
            "priority",
            "complexity",
            "labels",
            "estimated_minutes",
            "estimated_hours",
            "actual_hours",
            "due_date",
            "files_changed",
            "lines_added",
            "lines_deleted",
            "github_issue_number",
            "github_pr_number",
            "github_node_id",
            "github_url",
            "created_by",
            "assigned_user",
            "assigned_agent",
            "required_capabilities",
            "max_attempts",
            "soft_timeout_seconds",
            "hard_timeout_seconds",
            "inactivity_seconds",
            "status",
            "status_reason",
            "run_state",
            "resolution",
            "verification",
            "progress",
            "waiting_on",
            "attempt",
            "attempts_left",
            "claimable_from",
            "started_at",
            "closed_at",
            "deleted_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class TaskSerializer(TaskListSerializer):
    """A task."""

    input = JSONObjectField(read_only=True)
    metadata = JSONObjectField(read_only=True)
    ai_analysis = JSONObjectField(read_only=True)
    ai_suggestions = serializers.ListField(child=JSONObjectField(), read_only=True)
    output = JSONObjectField(read_only=True)
    waiting_for = serializers.SerializerMethodField()

    class Meta(TaskListSerializer.Meta):
        fields = (
            *TaskListSerializer.Meta.fields,
            "description",
            "instructions",
            "notes",
            "input",
            "metadata",
            "ai_analysis",
            "ai_suggestions",
            "output",
            "waiting_for",
        )
        read_only_fields = fields

    def get_waiting_for(self, task: Task) -> list[str]:
        """What holds it back, in words."""
        return [hold.words for hold in holds_of([task.id])[task.id]] if task.waiting_on else []


def count_field() -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=LARGEST, required=False)


def number_field(**limits: Any) -> serializers.IntegerField:
    known = {"min_value": 1, "max_value": LARGEST, "allow_null": True, "required": False}
    return serializers.IntegerField(**known | limits)


def text_field(longest: int) -> serializers.CharField:
    return serializers.CharField(max_length=longest, allow_blank=True, required=False)


def hours_field() -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=6, decimal_places=2, min_value=Decimal(0), allow_null=True, required=False
    )


def seconds_field() -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=LONGEST_RUN, required=False)


def words_field() -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(max_length=100), max_length=50, required=False)


def row_field(queryset: Any) -> VisibleField:
    return VisibleField(queryset=queryset, allow_null=True, required=False)


class TaskChange(StrictSerializer):
    """What may be changed."""

    title = serializers.CharField(max_length=500)
    description = text_field(LONG)
    instructions = text_field(LONG)
    notes = text_field(LONG)
    code = text_field(20)
    target_path = text_field(1000)
    input = JSONObjectField(required=False)
    metadata = JSONObjectField(required=False)
    type = serializers.ChoiceField(choices=TaskType.choices, required=False)
    kind = serializers.ChoiceField(choices=TaskKind.choices, required=False)
    priority = serializers.ChoiceField(choices=Priority.choices, required=False)
    labels = words_field()
    complexity = number_field(max_value=13)
    estimated_minutes = number_field(min_value=0)
    estimated_hours = hours_field()
    actual_hours = hours_field()
    due_date = serializers.DateTimeField(allow_null=True, required=False)
    files_changed = count_field()
    lines_added = count_field()
    lines_deleted = count_field()
    ai_analysis = JSONObjectField(required=False)
    ai_suggestions = serializers.ListField(child=JSONObjectField(), max_length=100, required=False)
    github_issue_number = number_field()
    github_pr_number = number_field()
    github_node_id = text_field(255)
    github_url = serializers.URLField(max_length=500, allow_blank=True, required=False)
    plan = row_field(Plan.objects.all())
    phase = row_field(Phase.objects.select_related("plan"))
    group = row_field(TaskGroup.objects.select_related("phase__plan"))
    parent = row_field(Task.objects.select_related("project"))  # type: ignore[assignment]  # the name in the API
    assigned_user = row_field(User.objects.all())
    assigned_agent = row_field(Agent.objects.all())
    required_capabilities = words_field()
    max_attempts = serializers.IntegerField(min_value=1, max_value=100, required=False)
    soft_timeout_seconds = seconds_field()
    hard_timeout_seconds = seconds_field()
    inactivity_seconds = seconds_field()
    verification = serializers.ChoiceField(choices=Verification.choices, required=False)


class TaskInput(TaskChange):
    """A new task."""

    project = VisibleField(queryset=Project.objects.all())
    status = serializers.ChoiceField(
        choices=[choice for choice in TaskStatus.choices if choice[0] in {"open", "draft"}], required=False
    )


class CloseInput(ReasonInput):
    """How a task ends."""

    resolution = serializers.ChoiceField(choices=Resolution.choices)


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
    run_state = serializers.CharField(read_only=True, help_text="pending, working, completed, failed or cancelled")
    total_tokens = serializers.IntegerField(read_only=True, allow_null=True)
    execution_time_ms = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = Execution
        fields: tuple[str, ...] = (
            "id",
            "task",
            "task_key",
            "project",
            "agent",
            "parent",
            "attempt",
            "status",
            "run_state",
            "directive",
            "lease_seconds",
            "lease_expires_at",
            "last_heartbeat_at",
            "last_activity_at",
            "soft_limit_at",
            "hard_limit_at",
            "cancel_requested_at",
            "progress",
            "message",
            "input_tokens",
            "output_tokens",
            "total_tokens",
            "cost_usd",
            "started_at",
            "ended_at",
            "execution_time_ms",
            "summary",
            "error",
            "error_code",
            "error_category",
            "retryable",
            "evidence",
            "input_hash",
            "output_hash",
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
        fields = (*ExecutionListSerializer.Meta.fields, "result")
        read_only_fields = fields


class DirectInput(ReasonInput):
    """What a running attempt is told."""

    directive = serializers.ChoiceField(choices=Directive.choices)
