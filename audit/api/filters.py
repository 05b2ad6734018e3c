"""What the log, the feed and deliveries can be narrowed by."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from audit.events import Action, Outcome, canonical_name
from audit.models import DeliveryStatus, SourceChoices
from common.api.filters import FilterSet, MomentFilter, flag_filter, id_filter
from common.ids import uuid7_floor


def by_name(queryset: Any, field: str, value: str) -> QuerySet[Any]:
    """Filter by an event's name, or by what the specifications call it."""
    found: QuerySet[Any] = queryset.filter(**{field: canonical_name(value)})
    return found


def name_filter(field: str) -> filters.CharFilter:
    return filters.CharFilter(field_name=field, method=by_name)


def since(queryset: Any, field: str, value: datetime) -> QuerySet[Any]:
    """Keep what was recorded at a moment or later: a range of the time-ordered key."""
    found: QuerySet[Any] = queryset.filter(**{f"{field}__gte": uuid7_floor(value)})
    return found


def until(queryset: Any, field: str, value: datetime) -> QuerySet[Any]:
    found: QuerySet[Any] = queryset.filter(**{f"{field}__lt": uuid7_floor(value)})
    return found


class EventFilter(FilterSet):
    type = name_filter("event_type")
    resource = id_filter("resource_id")
    resource_type = filters.CharFilter(field_name="resource_type", lookup_expr="exact")
    project = id_filter("project_id")
    task = id_filter("task_id")
    actor = id_filter("actor_id")
    request = id_filter("request_id")
    source = filters.MultipleChoiceFilter(choices=SourceChoices.choices)
    action = filters.MultipleChoiceFilter(choices=Action.choices)
    outcome = filters.MultipleChoiceFilter(choices=Outcome.choices)
    since = MomentFilter(field_name="id", method=since)
    until = MomentFilter(field_name="id", method=until)


class ActivityFilter(FilterSet):
    kind = name_filter("kind")
    project = id_filter("project_id")
    task = id_filter("task_id")
    user = id_filter("user_id")
    agent = id_filter("agent_id")
    public = flag_filter("is_public")
    since = MomentFilter(field_name="event_id", method=since)
    until = MomentFilter(field_name="event_id", method=until)


class EndpointFilter(FilterSet):
    project = id_filter("project_id")
    active = flag_filter("is_active")


class DeliveryFilter(FilterSet):
    endpoint = id_filter("endpoint_id")
    event = id_filter("event_id")
    status = filters.MultipleChoiceFilter(choices=DeliveryStatus.choices)
