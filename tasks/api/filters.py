"""What lists of work can be narrowed by."""

from django_filters import rest_framework as filters

from common.api.filters import FilterSet, id_filter
from tasks.models import (
    ApprovalKind,
    ApprovalStatus,
    ExecutionStatus,
    FileStatus,
    HandoffPhase,
    HandoffStatus,
    Priority,
    TaskKind,
    TaskStatus,
    TaskType,
    WorkKind,
)


class TaskFilter(FilterSet):
    project = id_filter("project_id")
    plan = id_filter("plan_id")
    assigned_agent = id_filter("assigned_agent_id")
    status = filters.MultipleChoiceFilter(choices=TaskStatus.choices)
    type = filters.MultipleChoiceFilter(choices=TaskType.choices)
    kind = filters.MultipleChoiceFilter(choices=TaskKind.choices)
    priority = filters.MultipleChoiceFilter(choices=Priority.choices)


class ExecutionFilter(FilterSet):
    project = id_filter("task__project_id")
    task = id_filter("task_id")
    agent = id_filter("agent_id")
    status = filters.MultipleChoiceFilter(choices=ExecutionStatus.choices)


class ApprovalFilter(FilterSet):
    project = id_filter("task__project_id")
    task = id_filter("task_id")
    agent = id_filter("agent_id")
    execution = id_filter("execution_id")
    status = filters.MultipleChoiceFilter(choices=ApprovalStatus.choices)
    kind = filters.MultipleChoiceFilter(choices=ApprovalKind.choices)


def unset_filter(field: str) -> filters.TypedChoiceFilter:
    """A filter by whether a column is empty: `true` finds the rows where it is."""
    choices = (("true", "true"), ("false", "false"))
    return filters.TypedChoiceFilter(
        field_name=field, lookup_expr="isnull", choices=choices, coerce=lambda value: value == "true"
    )


class HandoffFilter(FilterSet):
    project = id_filter("project_id")
    task = id_filter("task_id")
    group = id_filter("group_id")
    to_user = id_filter("to_user_id")
    to_agent = id_filter("to_agent_id")
    status = filters.MultipleChoiceFilter(choices=HandoffStatus.choices)
    phase = filters.MultipleChoiceFilter(choices=HandoffPhase.choices)


class BlockerFilter(FilterSet):
    project = id_filter("task__project_id")
    task = id_filter("task_id")
    open = unset_filter("resolved_at")


class WorkLogFilter(FilterSet):
    project = id_filter("project_id")
    phase = id_filter("phase_id")
    task = id_filter("task_id")
    kind = filters.MultipleChoiceFilter(choices=WorkKind.choices)


class CommitFilter(FilterSet):
    project = id_filter("project_id")
    task = id_filter("task_id")
    pending = unset_filter("hash")


class FileChangeFilter(FilterSet):
    project = id_filter("project_id")
    task = id_filter("task_id")
    commit = id_filter("commit_id")
    path = filters.CharFilter(field_name="path")
    status = filters.MultipleChoiceFilter(choices=FileStatus.choices)
