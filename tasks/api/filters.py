"""What lists of work can be narrowed by."""

from typing import Any

from django_filters import rest_framework as filters

from common.api.filters import FilterSet, MomentFilter, id_filter
from common.http import require_principal
from tasks.models import (
    ApprovalKind,
    ApprovalStatus,
    ApprovalTrigger,
    AssignmentRole,
    DependencyKind,
    ErrorCategory,
    ExecutionStatus,
    FileStatus,
    HandoffPhase,
    HandoffStatus,
    Priority,
    Risk,
    TaskKind,
    TaskStatus,
    TaskType,
    Verification,
    WorkKind,
)


def unset_filter(field: str) -> filters.TypedChoiceFilter:
    """A filter by whether a column is empty: `true` finds the rows where it is."""
    choices = (("true", "true"), ("false", "false"))
    return filters.TypedChoiceFilter(
        field_name=field, lookup_expr="isnull", choices=choices, coerce=lambda value: value == "true"
    )


class ChildFilter(FilterSet):
    status = filters.MultipleChoiceFilter(choices=TaskStatus.choices)
    type = filters.MultipleChoiceFilter(choices=TaskType.choices)


class TaskFilter(ChildFilter):
    project = id_filter("project_id")
    plan = id_filter("plan_id")
    phase = id_filter("phase_id")
    group = id_filter("group_id")
    parent = id_filter("parent_id")
    assigned_user = id_filter("assigned_user_id")
    assigned_agent = id_filter("assigned_agent_id")
    kind = filters.MultipleChoiceFilter(choices=TaskKind.choices)
    priority = filters.MultipleChoiceFilter(choices=Priority.choices)
    verification = filters.MultipleChoiceFilter(choices=Verification.choices)
    label = filters.CharFilter(method="with_labels", help_text="Named more than once: with all of them.")
    due_after = MomentFilter(field_name="due_date", lookup_expr="gte")
    due_before = MomentFilter(field_name="due_date", lookup_expr="lt")
    github_issue_number = filters.NumberFilter()
    github_pr_number = filters.NumberFilter()
    q = filters.CharFilter(field_name="title", lookup_expr="begins", help_text="How the title begins.")
    deleted = filters.ChoiceFilter(
        choices=(("true", "true"), ("false", "false")),
        method="as_narrowed",
        help_text="true: those that were deleted, for owners, maintainers, managers and administrators.",
    )

    def with_labels(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.labelled(self.request.query_params.getlist(name), with_all=True)

    def as_narrowed(self, queryset: Any, name: str, value: str) -> Any:
        """The view has chosen already: who may see what was deleted is a matter of right."""
        return queryset


class DependencyFilter(FilterSet):
    kind = filters.MultipleChoiceFilter(choices=DependencyKind.choices)


class TaskAssignmentFilter(FilterSet):
    role = filters.MultipleChoiceFilter(choices=AssignmentRole.choices)


class AssignmentFilter(TaskAssignmentFilter):
    project = id_filter("project_id")
    task = id_filter("task_id")
    group = id_filter("group_id")
    user = id_filter("user_id")
    agent = id_filter("agent_id")


class ExecutionFilter(FilterSet):
    project = id_filter("project_id")
    task = id_filter("task_id")
    agent = id_filter("agent_id")
    parent = id_filter("parent_id")
    status = filters.MultipleChoiceFilter(choices=ExecutionStatus.choices)
    error_category = filters.MultipleChoiceFilter(choices=ErrorCategory.choices)
    trace_id = filters.CharFilter()


class StatisticsFilter(FilterSet):
    project = id_filter("project_id")
    agent = id_filter("agent_id")
    kind = filters.MultipleChoiceFilter(choices=ApprovalKind.choices)
    trigger = filters.MultipleChoiceFilter(choices=ApprovalTrigger.choices)
    risk = filters.MultipleChoiceFilter(choices=Risk.choices)


class ApprovalFilter(StatisticsFilter):
    task = id_filter("task_id")
    execution = id_filter("execution_id")
    phase = id_filter("phase_id")
    gate = id_filter("gate_id")
    status = filters.MultipleChoiceFilter(choices=ApprovalStatus.choices)
    mine = filters.TypedChoiceFilter(
        method="to_decide", choices=(("true", "true"),), coerce=bool, label="What the caller may decide now."
    )

    def to_decide(self, queryset: Any, name: str, value: bool) -> Any:
        return queryset.decidable_by(require_principal(self.request._request))


class StandingRuleFilter(FilterSet):
    project = id_filter("project_id")
    agent = id_filter("agent_id")
    in_force = unset_filter("revoked_at")


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
