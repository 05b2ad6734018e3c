"""What lists of work can be narrowed by."""

from django_filters import rest_framework as filters

from common.api.filters import FilterSet, id_filter
from tasks.models import ApprovalKind, ApprovalStatus, ExecutionStatus, Priority, TaskKind, TaskStatus, TaskType


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
