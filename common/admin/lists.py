"""Change lists by key, newest first: no COUNT, no OFFSET, the same cost on every page of a table of any size."""

from typing import Any, cast
from uuid import UUID

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

COUNTED = 1000
CURSORS = ("after", "before")


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Count no further than a thousand rows: nothing here may scan a table to print a number."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return len(rows.values("pk")[: COUNTED + 1]) if isinstance(rows, QuerySet) else len(rows)


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


class KeysetChangeList(ChangeList):
    """`?after=<id>` and `?before=<id>` instead of page numbers. The order is fixed: newest first."""

    next_query: str | None = None
    previous_query: str | None = None

    def get_filters_params(self, params: Any = None) -> Any:
        # Django takes every parameter it does not know for a filter, and answers an unknown one with a redirect.
        kept = super().get_filters_params(params)
        return {name: value for name, value in kept.items() if name not in CURSORS}

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        return ["-pk"]

    def get_results(self, request: HttpRequest) -> None:
        after, before = (as_uuid(request.GET.get(name, "")) for name in CURSORS)
        page, older, newer = self.page(after, before)
        if older:
            self.next_query = self.cursor_query("after", page[-1].pk)
        if newer:
            self.previous_query = self.cursor_query("before", page[0].pk)
        self.result_list: Any = page
        # Nothing is counted, so nothing is said about a total; "select all across pages" does not exist either.
        self.result_count = self.full_result_count = len(page)
        self.show_full_result_count = False
        self.can_show_all = self.multi_page = False
        self.show_admin_actions = bool(page)
        self.paginator = self.model_admin.get_paginator(request, cast(Any, page), self.list_per_page)

    def page(self, after: UUID | None, before: UUID | None) -> tuple[list[Any], bool, bool]:
        """Return the rows of this page, and whether there are older and newer ones."""
        size = self.list_per_page
        if before:
            rows = list(self.queryset.filter(pk__gt=before).order_by("pk")[: size + 1])
            return rows[size - 1 :: -1] if len(rows) > size else rows[::-1], bool(rows), len(rows) > size
        queryset = self.queryset.filter(pk__lt=after) if after else self.queryset
        rows = list(queryset[: size + 1])
        return rows[:size], len(rows) > size, bool(after and rows)

    def cursor_query(self, name: str, value: UUID) -> str:
        return self.get_query_string({name: str(value)}, remove=list(CURSORS))
