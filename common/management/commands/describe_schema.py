"""`manage.py describe_schema`: the tables as docs/SCHEMA.md."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import BaseCommand

from common.schema import APPS, Table, secondary_index_count, tables
from common.schema_documents import MEANINGS

HEADER = """# Schema

This page is written by `manage.py describe_schema` from the models and a migrated database; a test
compares the two. PostgreSQL 15 or later.

{numbers}

## How to read it

* **Keys.** Every table has `id`, a UUIDv7 (RFC 9562) made in Python, with a database default so that raw SQL works too.
  The primary key is `(tenant_id, id)`: an identifier of another tenant cannot even be noticed.
* **Tenants.** `tenant_id` is never NULL. Row security is forced on every table; references are composite foreign keys
  `(tenant_id, x_id)`, so a row cannot point into another tenant ([decision 2](decisions/0002-tenancy.md)).
* **Times.** `created_at` and `updated_at` are kept by the database, whoever writes. Append-only tables have
  `created_at` only: privileges and triggers refuse UPDATE, DELETE and TRUNCATE, the owner's too.
* **Soft deletion.** A table with `deleted_at` keeps its rows; uniques hold among the rows in use.
* **Enums** are text with a CHECK of exactly the literals that the column lists.
* **Nobody points at people or work from the log**: it holds plain ids and labels that outlive what they name.

## Index strategy

An index names the query it serves; a test refuses one that does not, and the scale test refuses one that no query uses.
Equality columns come first and the tenant before them, then the order of the page (`id` descending: pages are by key,
never by OFFSET). Partial indexes hold what a queue looks for (claimable tasks, pending approvals, expired leases).
JSON, arrays and full text have GIN indexes; row security hides those from the planner, so `sec.search_*` functions use
them inside the tenant ([decision 2](decisions/0002-tenancy.md)). References have an index of their own, or begin one.
"""


def page() -> str:
    """Return docs/SCHEMA.md as it should be."""
    return "\n".join(lines(tables())) + "\n"


def lines(found: list[Table]) -> Iterator[str]:
    yield HEADER.format(numbers=numbers(found)).rstrip()
    for app in APPS:
        mine = [table for table in found if table.app == app]
        yield f"\n## {app}\n"
        yield from diagram(mine)
        for table in mine:
            yield from section(table)
    yield from documents(found)


def numbers(found: list[Table]) -> str:
    columns = sum(len(table.columns) for table in found)
    constraints = sum(len(table.constraints) for table in found)
    return (
        f"{len(found)} tables, {columns} columns, {constraints} constraints, {secondary_index_count(found)} secondary"
        " indexes (neither primary keys nor uniques)."
    )


def diagram(mine: list[Table]) -> Iterator[str]:
    """The references inside and out of one app, as a Mermaid entity-relationship diagram."""
    yield "```mermaid\nerDiagram"
    seen = set()
    for table in mine:
        for column, target in table.references:
            edge = (table.name, target, column)
            if edge not in seen:
                seen.add(edge)
                yield f"    {target} ||--o{{ {table.name} : {column.removesuffix('_id')}"
        if not table.references:
            yield f"    {table.name}"
    yield "```"


def section(table: Table) -> Iterator[str]:
    yield f"\n### {table.name}\n"
    yield table.description
    marks = [
        words
        for holds, words in (
            (table.is_append_only, "append-only"),
            (table.is_soft_deleted, "deleted softly"),
        )
        if holds
    ]
    if marks:
        yield f"\n*{', '.join(marks).capitalize()}.*"
    yield "\n| column | type | null | default | meaning |\n|---|---|---|---|---|"
    for column in table.columns:
        cells = (f"`{column.name}`", column.type, "yes" if column.is_nullable else "", code(column.default))
        yield row(*cells, column.meaning)
    yield "\n| constraint | definition |\n|---|---|"
    yield from (row(f"`{name}`", code(definition)) for name, definition in table.constraints)
    yield "\n| index | definition | serves |\n|---|---|---|"
    for index in table.indexes:
        yield row(f"`{index.name}`", code(index.definition), "unique" if index.is_unique else index.serves)


def documents(found: Iterable[Table]) -> Iterator[str]:
    yield "\n## JSON and arrays\n"
    yield "| column | type | holds |\n|---|---|---|"
    for table in found:
        for entry in table.documents:
            kind = next(column.type for column in table.columns if column.name == entry.column)
            name = f"{table.name}.{entry.column}"
            yield row(f"`{name}`", kind, MEANINGS[name])


def row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in cells)} |"


def code(text: str) -> str:
    return f"`{text}`" if text else ""


class Command(BaseCommand):
    help = "Print the schema as a Markdown page."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(page(), ending="")
