"""What lists of agents can be narrowed by."""

from django_filters import rest_framework as filters

from agents.models import AgentType, Runtime
from common.api.filters import FilterSet, flag_filter, id_filter


class AgentFilter(FilterSet):
    agent_type = filters.MultipleChoiceFilter(choices=AgentType.choices)
    runtime = filters.MultipleChoiceFilter(choices=Runtime.choices)
    owner = id_filter("owner_id")
    is_active = flag_filter("is_active")
