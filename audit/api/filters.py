"""What the log can be narrowed by."""

from django_filters import rest_framework as filters

from audit.events import Action, Outcome
from common.api.filters import FilterSet, id_filter


class EventFilter(FilterSet):
    type = filters.CharFilter(field_name="event_type", lookup_expr="exact")
    resource = id_filter("resource_id")
    project = id_filter("project_id")
    task = id_filter("task_id")
    actor = id_filter("actor_id")
    action = filters.MultipleChoiceFilter(choices=Action.choices)
    outcome = filters.MultipleChoiceFilter(choices=Outcome.choices)
