"""What lists of agents, and of what is kept about them, can be narrowed by."""

from typing import Any

from django.db.models import Q
from django_filters import rest_framework as filters

from agents.models import (
    AgentState,
    AgentType,
    BudgetPeriod,
    BudgetScope,
    BudgetUnit,
    CostKind,
    ModelProvider,
    Runtime,
    StopScope,
    StopTrigger,
)
from agents.queries import GROUPS
from common.api.filters import FilterSet, MomentFilter, flag_filter, id_filter


class AgentFilter(FilterSet):
    agent_type = filters.MultipleChoiceFilter(choices=AgentType.choices)
    runtime = filters.MultipleChoiceFilter(choices=Runtime.choices)
    model_provider = filters.MultipleChoiceFilter(choices=ModelProvider.choices)
    status = filters.MultipleChoiceFilter(choices=AgentState.choices, method="of_status")
    owner = id_filter("owner_id")
    is_active = flag_filter("is_active")
    tag = filters.CharFilter(max_length=100, method="with_tag")
    capability = filters.CharFilter(max_length=100, method="with_capability")

    def of_status(self, queryset: Any, name: str, values: list[str]) -> Any:
        condition = Q(statuses__status__in=values)
        if AgentState.OFFLINE in values:
            condition |= Q(statuses=None)
        return queryset.filter(condition) if values else queryset

    def with_tag(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.tagged(value)

    def with_capability(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.able_to(value)


class BudgetFilter(FilterSet):
    scope = filters.MultipleChoiceFilter(choices=BudgetScope.choices)
    unit = filters.MultipleChoiceFilter(choices=BudgetUnit.choices)
    period = filters.MultipleChoiceFilter(choices=BudgetPeriod.choices)
    project = id_filter("project_id")
    agent = id_filter("agent_id")
    task = id_filter("task_id")
    is_active = flag_filter("is_active")


class EmergencyStopFilter(FilterSet):
    scope = filters.MultipleChoiceFilter(choices=StopScope.choices)
    triggered_by = filters.MultipleChoiceFilter(choices=StopTrigger.choices)
    project = id_filter("project_id")
    agent = id_filter("agent_id")
    is_active = filters.TypedChoiceFilter(
        choices=(("true", "true"), ("false", "false")),
        coerce=lambda value: value == "true",
        field_name="released_at",
        lookup_expr="isnull",
    )


class ProviderFilter(FilterSet):
    provider = filters.MultipleChoiceFilter(choices=ModelProvider.choices)


class CostFilter(FilterSet):
    project = id_filter("project_id")
    agent = id_filter("agent_id")
    task = id_filter("task_id")
    execution = id_filter("execution_id")
    kind = filters.MultipleChoiceFilter(choices=CostKind.choices)
    since = MomentFilter(field_name="created_at", lookup_expr="gte")
    until = MomentFilter(field_name="created_at", lookup_expr="lt")


class CostSummaryFilter(CostFilter):
    group = filters.ChoiceFilter(
        choices=[(name, name) for name in GROUPS], method="as_is", help_text="By what: `day` without it."
    )

    def as_is(self, queryset: Any, name: str, value: str) -> Any:
        """The view groups by it; no row is left out."""
        return queryset
