"""List filters: explicit ones only, and an unknown parameter is an error instead of a silently unfiltered list."""

from datetime import UTC
from typing import Any

from django.core.exceptions import ValidationError
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import DjangoFilterBackend

from common.errors import Invalid

PAGING = frozenset({"cursor", "limit", "ordering", "format"})


class FilterSet(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """The filters of one list."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A choice of several values asks for DISTINCT, which reads every row before the first: none of ours joins many.
        for one in self.filters.values():
            one.distinct = False


class StrictFilterBackend(DjangoFilterBackend):  # type: ignore[misc]  # as above
    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        filterset = self.get_filterset(request, queryset, view)
        known = PAGING | set(filterset.filters if filterset else ())
        for name, values in request.query_params.lists():
            if name not in known:
                raise Invalid("Unknown filter.", code="unknown_filter", errors={name: ["There is no such filter."]})
            if any("\x00" in value or not value for value in values):
                raise Invalid("A filter is empty or holds the character NUL.", errors={name: ["Give a value."]})
        return super().filter_queryset(request, queryset, view)


class MomentField(IsoDateTimeField):  # type: ignore[misc]  # as above
    """A moment in UTC. The zone of what was said may be one that PostgreSQL does not know; UTC never is."""

    def clean(self, value: Any) -> Any:
        moment = super().clean(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError as error:
            raise ValidationError("A year of four digits, please.") from error


class MomentFilter(filters.IsoDateTimeFilter):  # type: ignore[misc]  # as above
    """A filter by a moment."""

    field_class = MomentField


def id_filter(field: str) -> filters.UUIDFilter:
    """A filter by the id of a related row. It looks nothing up, so an id one may not see finds nothing."""
    return filters.UUIDFilter(field_name=field)


def flag_filter(field: str) -> filters.TypedChoiceFilter:
    """A filter by a boolean. Unlike a `BooleanFilter` it refuses what is neither true nor false."""
    choices = (("true", "true"), ("false", "false"))
    return filters.TypedChoiceFilter(field_name=field, choices=choices, coerce=lambda value: value == "true")
