"""Lists by keyset: `?cursor=&limit=`, links to the next and previous page, no total.

Unlike DRF's cursor pages, which count an offset among rows that share the first column's value, the cursor holds the
whole key (the chosen column and the id): rows that arrive, also a thousand in one transaction, never shift a page.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from common.errors import Invalid


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: behind the row with these values, or, backwards, before it."""

    ordering: str
    backwards: bool
    values: tuple[str, ...]

    def encode(self) -> str:
        raw = json.dumps([self.ordering, self.backwards, *self.values], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Return the cursor of a link; raises `ValueError`."""
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        ordering, backwards, *values = json.loads(raw)
        if not isinstance(backwards, bool) or not all(isinstance(value, str) for value in (ordering, *values)):
            raise ValueError("not a cursor of ours")
        return cls(ordering, backwards, tuple(values))


class KeysetPagination(BasePagination):
    """Pages by `view.orderings` (fields that are never null); the newest first without a choice."""

    page_size = 50
    max_page_size = 100
    default_ordering = "-id"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.ordering = self.ordering_of(request, view)
        limit = self.limit_of(request)
        cursor = self.cursor_of(request, queryset.model)
        backwards = cursor is not None and cursor.backwards
        if cursor:
            queryset = queryset.filter(self.beyond(cursor))
        rows = list(queryset.order_by(*self.columns(backwards))[: limit + 1])
        more, page = len(rows) > limit, rows[:limit]
        if backwards:
            page.reverse()
        self.next = self.link(page[-1:], backwards=False) if more or backwards else None
        self.previous = self.link(page[:1], backwards=True) if (more if backwards else cursor) else None
        return page

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the key; it ends with the id, so that the order is total."""
        name = self.ordering.removeprefix("-")
        return (name,) if name == "id" else (name, "id")

    def columns(self, backwards: bool) -> list[str]:
        descending = self.ordering.startswith("-") is not backwards
        return [f"-{name}" if descending else name for name in self.names]

    def beyond(self, cursor: Cursor) -> Q:
        """Return the condition of the rows that follow the cursor in its direction."""
        comparison = "lt" if cursor.ordering.startswith("-") is not cursor.backwards else "gt"
        name, value = self.names[0], cursor.values[0]
        if len(self.names) == 1:
            return Q(**{f"{name}__{comparison}": value})
        tie = Q(**{name: value, f"id__{comparison}": cursor.values[1]})
        # The first condition says nothing new; it is there for the index.
        return Q(**{f"{name}__{comparison}e": value}) & (Q(**{f"{name}__{comparison}": value}) | tie)

    def link(self, rows: list[Any], *, backwards: bool) -> str | None:
        if not rows:
            return None
        fields = rows[0]._meta
        values = tuple(fields.get_field(name).value_to_string(rows[0]) for name in self.names)
        cursor = Cursor(self.ordering, backwards, values).encode()
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)

    def ordering_of(self, request: Request, view: Any) -> str:
        allowed = getattr(view, "orderings", ("id",))
        chosen: str = request.query_params.get("ordering", self.default_ordering)
        if chosen.removeprefix("-") in allowed:
            return chosen
        names = ", ".join(f"{name}, -{name}" for name in allowed)
        raise Invalid("The ordering is not valid.", errors={"ordering": [f"Choose from {names}."]})

    def limit_of(self, request: Request) -> int:
        given = request.query_params.get("limit")
        if given is None:
            return self.page_size
        if given.isascii() and given.isdigit() and len(given) < 4 and 1 <= int(given) <= self.max_page_size:
            return int(given)
        raise Invalid("The limit is not valid.", errors={"limit": [f"A number from 1 to {self.max_page_size}."]})

    def cursor_of(self, request: Request, model: type[Model]) -> Cursor | None:
        """Return the request's cursor, with every value checked to be one of its column."""
        text = request.query_params.get("cursor")
        if text is None:
            return None
        try:
            cursor = Cursor.decode(text)
            if cursor.ordering != self.ordering or len(cursor.values) != len(self.names):
                raise ValueError("a cursor of another list")
            for name, value in zip(self.names, cursor.values, strict=True):
                model._meta.get_field(name).clean(value, None)  # type: ignore[union-attr]  # a column, not a relation
        except (ValueError, TypeError, ValidationError, RecursionError) as error:
            raise Invalid(
                "The cursor is not one of this list: start again without it.",
                code="bad_cursor",
                errors={"cursor": ["Not valid."]},
            ) from error
        return cursor

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next, "previous": self.previous, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        allowed = getattr(view, "orderings", ("id",))
        orderings = [choice for name in allowed for choice in (name, f"-{name}")]
        limit = {"type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        ordering = {"type": "string", "enum": orderings, "default": self.default_ordering}
        return [
            parameter("cursor", {"type": "string"}, "Where to go on, from a page's next or previous link."),
            parameter("limit", limit, "Rows in a page."),
            parameter("ordering", ordering, "The order of the list; a minus turns it round."),
        ]


def parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}
