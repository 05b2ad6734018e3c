"""Dependencies, assignments and many tasks at once, over HTTP."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from agents.models import Agent
from common.api.serializers import StrictSerializer
from projects.models import TaskGroup
from tasks.api.serializers import CloseInput, TaskChange, TaskInput, TaskListSerializer, row_field
from tasks.models import Assignment, AssignmentRole, DependencyKind, Task, TaskDependency
from tasks.services.bulk import MAX_ITEMS


class DependencySerializer(serializers.ModelSerializer[TaskDependency]):
    """What a task waits for, or has to do with."""

    depends_on_key = serializers.CharField(source="depends_on.key", read_only=True)
    depends_on_title = serializers.CharField(source="depends_on.title", read_only=True)
    depends_on_status = serializers.CharField(source="depends_on.status", read_only=True)
    depends_on_resolution = serializers.CharField(source="depends_on.resolution", read_only=True, allow_null=True)

    class Meta:
        model = TaskDependency
        fields = (
            "id",
            "task",
            "depends_on",
            "depends_on_key",
            "depends_on_title",
            "depends_on_status",
            "depends_on_resolution",
            "kind",
            "reason",
            "satisfied_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class DependencyInput(StrictSerializer):
    depends_on = row_field(Task.objects.select_related("project"))
    kind = serializers.ChoiceField(choices=DependencyKind.choices, required=False)
    reason = serializers.CharField(max_length=500, allow_blank=True, required=False)

    def validate(self, given: Any) -> Any:
        if given.get("depends_on") is None:
            raise serializers.ValidationError({"depends_on": ["Required."]})
        return given


class AssignmentSerializer(serializers.ModelSerializer[Assignment]):
    """Who has which role in a task or a group."""

    class Meta:
        model = Assignment
        fields = (
            "id",
            "project",
            "task",
            "group",
            "user",
            "agent",
            "role",
            "scope",
            "condition",
            "rationale",
            "ended_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class TaskAssignmentInput(StrictSerializer):
    user = row_field(User.objects.all())
    agent = row_field(Agent.objects.all())
    role = serializers.ChoiceField(choices=AssignmentRole.choices)
    condition = serializers.CharField(max_length=500, allow_blank=True, required=False)
    rationale = serializers.CharField(max_length=10_000, allow_blank=True, required=False)


class AssignmentInput(TaskAssignmentInput):
    task = row_field(Task.objects.select_related("project"))
    group = row_field(TaskGroup.objects.select_related("phase__plan"))
    scope = serializers.ListField(child=serializers.CharField(max_length=100), max_length=100, required=False)


class BulkChangeItem(TaskChange):
    id = serializers.UUIDField()
    title = serializers.CharField(max_length=500, required=False)


class BulkCreateInput(StrictSerializer):
    items = TaskInput(many=True, min_length=1, max_length=MAX_ITEMS)  # type: ignore[call-arg]  # handed to the list


class BulkChangeInput(StrictSerializer):
    items = BulkChangeItem(many=True, min_length=1, max_length=MAX_ITEMS)  # type: ignore[call-arg]  # as above


def ids_field() -> serializers.ListField:
    return serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MAX_ITEMS)


class BulkAssignInput(StrictSerializer):
    """To a person or an agent; without either, to nobody in particular."""

    items = ids_field()
    assigned_user = row_field(User.objects.all())
    assigned_agent = row_field(Agent.objects.all())
    reason = serializers.CharField(max_length=2000, allow_blank=True, default="")


class BulkCloseInput(CloseInput):
    items = ids_field()


class BulkAnswer(serializers.Serializer[Any]):
    items = TaskListSerializer(many=True)
