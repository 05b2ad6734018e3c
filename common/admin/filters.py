"""Filters for big tables: they ask for an id or a word instead of listing every choice, and an index serves each."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from common.admin.lists import as_uuid
from common.ids import uuid7_floor

PERIODS = {
    "hour": ("The last hour", timedelta(hours=1)),
    "day": ("The last day", timedelta(days=1)),
    "week": ("The last 7 days", timedelta(days=7)),
    "month": ("The last 30 days", timedelta(days=30)),
}


class TypedFilter(admin.SimpleListFilter):
    """A text box in the filter bar."""

    template = "admin/typed_filter.html"
    hint = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        # Django hides a filter without choices; this one is never drawn as a list.
        return [("", "")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        others = {
            name: value
            for name, value in changelist.params.items()
            if name != self.parameter_name and name not in {"after", "before"}
        }
        yield {
            "selected": bool(self.value()),
            "query_string": changelist.get_query_string(remove=[self.parameter_name or ""]),
            "display": "All",
            "others": others,
        }


def reference_filter(field: str, title: str, *, word: str = "") -> type[TypedFilter]:
    """Return a filter by the object `field` points at: by its id, or by `word` (for example `project__key`)."""

    class ReferenceFilter(TypedFilter):
        hint = "An id" if not word else f"An id, or a {word.rpartition('__')[2].replace('_', ' ')}"

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            value = (self.value() or "").strip()
            identifier = as_uuid(value)
            if not value:
                return queryset
            if identifier:
                return queryset.filter(**{field: identifier})
            return queryset.filter(**{word: value}) if word and "\x00" not in value else queryset.none()

    ReferenceFilter.title = title
    ReferenceFilter.parameter_name = field
    return ReferenceFilter


class MadeFilter(admin.SimpleListFilter):
    """When a row was made: a range of its time-ordered key, so the primary key serves it."""

    title = "made"
    parameter_name = "made"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, words) for name, (words, _) in PERIODS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in PERIODS:
            return queryset
        return queryset.filter(pk__gte=uuid7_floor(timezone.now() - PERIODS[str(self.value())][1]))
