"""Everything that a list of the API can be asked: its filters with values that they take, and its orders."""

from collections.abc import Iterator
from typing import Any

from django_filters import rest_framework as filters

NOBODY = "01900000-0000-7000-8000-000000000000"
"""an id that nothing has: a filter must not look for it through the whole table"""


def queries_of(view: Any, names: dict[str, str]) -> Iterator[str]:
    yield ""
    for ordering in getattr(view.cls, "orderings", ("id",)):
        yield f"ordering={ordering}"
        yield f"ordering=-{ordering}"
    filterset = getattr(view.cls, "filterset_class", None)
    for name, one in (filterset.base_filters if filterset else {}).items():
        for value in values_of(name, one, names):
            yield f"{name}={value}"


def values_of(name: str, one: Any, names: dict[str, str]) -> Iterator[str]:
    if isinstance(one, filters.UUIDFilter):
        yield from {names.get(name, names["project"]), NOBODY}
    elif isinstance(one, filters.IsoDateTimeFilter):
        yield from ("2026-01-01T00:00:00Z", "2040-01-01T00:00:00Z")
    elif isinstance(one, filters.NumberFilter):
        yield "1"
    elif one.extra.get("choices"):
        yield from (str(value) for value, _ in one.extra["choices"])
    else:
        yield from ("team-8", "nothing-like-it")
