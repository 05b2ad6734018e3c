"""What the database holds, said from the models and the running database: docs/SCHEMA.md is written from this.

The models know names, meanings and the query behind each index; the database knows types, constraints and definitions.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from inspect import cleandoc
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import ForeignKey, JSONField, Model

from common.models import QueryIndex
from common.tenancy.guard import unguarded

APPS = ("accounts", "audit", "projects", "agents", "evidence", "tasks")


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    is_nullable: bool
    default: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Index:
    name: str
    definition: str
    is_unique: bool
    serves: str


@dataclass(slots=True)
class Table:
    """One table: `kind` says who may write to it."""

    app: str
    model: type[Model]
    columns: list[Column] = field(default_factory=list)
    constraints: list[tuple[str, str]] = field(default_factory=list)
    indexes: list[Index] = field(default_factory=list)
    triggers: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @property
    def description(self) -> str:
        return cleandoc(self.model.__doc__ or "")

    @property
    def is_append_only(self) -> bool:
        return any(name.endswith("_immutable") for name in self.triggers)

    @property
    def is_soft_deleted(self) -> bool:
        return any(column.name == "deleted_at" for column in self.columns)

    @property
    def references(self) -> list[tuple[str, str]]:
        """Return (column, table it points at), without the tenant."""
        return [
            (entry.column, entry.remote_field.model._meta.db_table)
            for entry in self.model._meta.local_fields
            if isinstance(entry, ForeignKey) and entry.name != "tenant"
        ]

    @property
    def documents(self) -> list[Any]:
        return [entry for entry in self.model._meta.local_fields if isinstance(entry, JSONField | ArrayField)]

    @property
    def secondary_indexes(self) -> list[Index]:
        return [index for index in self.indexes if not index.is_unique]


def tables() -> list[Table]:
    """Return every table of ours with what the database says about it."""
    with unguarded():
        return [described(app, model) for app in APPS for model in managed_models(app)]


def managed_models(app: str) -> Iterator[type[Model]]:
    for model in sorted(apps.get_app_config(app).get_models(), key=lambda entry: entry._meta.db_table):
        if model._meta.managed:
            yield model


def described(app: str, model: type[Model]) -> Table:
    name = model._meta.db_table
    meanings = {entry.column: meaning_of(entry) for entry in model._meta.local_fields}
    purposes = index_purposes(model)
    return Table(
        app=app,
        model=model,
        columns=[
            Column(column, kind, is_nullable, default, meanings.get(column, ""))
            for column, kind, is_nullable, default in query(COLUMNS, name)
        ],
        constraints=list(query(CONSTRAINTS, name)),
        indexes=[
            Index(
                index,
                short(definition),
                is_unique,
                purposes.get(index, "") or column_purpose(model, definition, columns),
            )
            for index, definition, is_unique, columns in query(INDEXES, name)
        ],
        triggers=[row[0] for row in query(TRIGGERS, name)],
    )


def query(statement: str, table: str) -> list[Any]:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(statement, [f"public.{table}"])
        return list(cursor.fetchall())


def meaning_of(entry: Any) -> str:
    """Return the help text, the literals of an enum, or what a reference points at."""
    if entry.help_text:
        return str(entry.help_text)
    if entry.choices:
        return ", ".join(f"`{value}`" for value, _ in entry.flatchoices)
    if isinstance(entry, ForeignKey):
        return f"→ `{entry.remote_field.model._meta.db_table}`"
    return ""


def index_purposes(model: type[Model]) -> dict[str, str]:
    return {index.name: index.serves for index in model._meta.indexes if isinstance(index, QueryIndex)}


def column_purpose(model: type[Model], definition: str, columns: list[str]) -> str:
    """Return what an index that Django made of one column is for."""
    if len(columns) != 1:
        return ""
    if "_pattern_ops" in definition:
        return f"prefix search by {columns[0]}"
    found = next((entry for entry in model._meta.local_fields if entry.column == columns[0]), None)
    if isinstance(found, ForeignKey):
        return f"the rows of one {found.remote_field.model._meta.verbose_name}; the foreign key"
    return f"look-up by {columns[0]}" if getattr(found, "db_index", False) else ""


def short(definition: str) -> str:
    """`CREATE INDEX x ON public.t USING btree (a)` becomes `btree (a)`."""
    return definition.partition(" USING ")[2].replace("::text", "").replace("character varying", "varchar")


def secondary_index_count(found: Iterable[Table]) -> int:
    return sum(len(table.secondary_indexes) for table in found)


COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
       coalesce(CASE WHEN a.attgenerated <> '' THEN 'generated' ELSE pg_get_expr(d.adbin, d.adrelid) END, '')
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
# NOT NULL is a constraint of its own from PostgreSQL 18 on; the columns say it here.
CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid, true) FROM pg_constraint
WHERE conrelid = %s::regclass AND contype IN ('c', 'f', 'u', 'p', 'x') ORDER BY contype, conname
"""
INDEXES = """
SELECT c.relname, pg_get_indexdef(i.indexrelid), i.indisunique,
       ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, true) FROM generate_series(1, i.indnkeyatts) k)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = %s::regclass ORDER BY c.relname
"""
TRIGGERS = "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal ORDER BY tgname"
