"""Indexes as the database has them: enough of them, none for nothing, and one for every reference.

That each large table's indexes are used, by which query, is shown at a hundred thousand rows in `tests/scale/`.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from django.apps import apps
from django.db.models import ForeignKey

APPS = ("audit", "accounts", "projects", "agents", "evidence", "tasks")
# The tables that the specification names, and at least as many indexes as it promises over them (requirements S2-44).
PROMISED = {
    "accounts_user": 6,
    "projects_project": 7,
    "agents_agent": 7,
    "tasks_task": 12,
    "evidence_evidence": 7,
    "tasks_execution": 6,
    "tasks_comment": 4,
    "tasks_attachment": 3,
    "audit_event": 9,
    "audit_activityitem": 6,
}

# Django makes one for prefixes beside each unique text; its sign-in insists on this one (auth.E003).
UNIQUE_FOR_DJANGO = ("accounts_user", "email")


@dataclass(frozen=True, slots=True)
class Index:
    """An index: its columns or expressions in order, each with its direction, and its condition."""

    table: str
    name: str
    is_unique: bool
    method: str
    keys: tuple[str, ...]
    condition: str

    @property
    def columns(self) -> list[str]:
        return [key.split()[0] for key in self.keys]

    def begins(self, other: "Index") -> bool:
        """Whether `other` can do all that this one can: it has the same condition and begins with the same keys."""
        return (
            (self.table, self.method, self.condition) == (other.table, other.method, other.condition)
            and self.keys == other.keys[: len(self.keys)]
            and (len(self.keys) < len(other.keys) or other.is_unique or self.name > other.name)
        )


INDEXES = """
SELECT t.relname, c.relname, i.indisunique, m.amname,
       array(SELECT concat_ws(' ', pg_get_indexdef(c.oid, k, true), o.opcname, i.indoption[k - 1])
             FROM generate_series(1, i.indnkeyatts) k JOIN pg_opclass o ON o.oid = i.indclass[k - 1] ORDER BY k),
       coalesce(pg_get_expr(i.indpred, i.indrelid, true), '')
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_am m ON m.oid = c.relam
WHERE NOT t.relispartition AND t.relname = ANY(%s)
"""
OURS = [model._meta.db_table for app in APPS for model in apps.get_app_config(app).get_models()]
REFERENCES = """
SELECT conrelid::regclass::text, conname,
       array(SELECT attname::text FROM unnest(conkey) k JOIN pg_attribute ON attrelid = conrelid AND attnum = k)
FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)
"""


@pytest.fixture(scope="module")
def owner(django_db_setup: None) -> Iterator[psycopg.Connection]:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        yield connection


@pytest.fixture(scope="module")
def indexes(owner: psycopg.Connection) -> list[Index]:
    rows = owner.execute(INDEXES, [OURS]).fetchall()
    return [Index(table, name, unique, method, tuple(keys), when) for table, name, unique, method, keys, when in rows]


def test_the_promised_tables_have_the_promised_indexes(indexes: list[Index]) -> None:
    secondary = [index.table for index in indexes if index.table in PROMISED and not index.is_unique]
    assert sum(PROMISED.values()) == 67
    assert len(secondary) >= 67
    counts = {table: secondary.count(table) for table in PROMISED}
    uniques = {table: sum(index.is_unique for index in indexes if index.table == table) for table in PROMISED}
    # The specification counts unique ones too.
    assert {table: count for table, count in counts.items() if count + uniques[table] < PROMISED[table]} == {}


def test_no_index_is_the_beginning_of_another(indexes: list[Index]) -> None:
    redundant = {(one.name, other.name) for one in indexes for other in indexes if one != other and one.begins(other)}
    assert {(one, other) for one, other in redundant if not is_unique(indexes, one)} == set()


def is_unique(indexes: list[Index], name: str) -> bool:
    """Whether an index is there for its rule, not for its speed."""
    return next(index.is_unique for index in indexes if index.name == name)


def test_every_reference_is_indexed(owner: psycopg.Connection, indexes: list[Index]) -> None:
    missing = [
        name
        for table, name, columns in owner.execute(REFERENCES, [OURS]).fetchall()
        if not any(serves(index, columns) for index in indexes if index.table == table)
    ]
    assert missing == []


def serves(index: Index, columns: list[str]) -> bool:
    """Whether an index finds the rows that point at one: it begins with the reference and leaves none of them out."""
    reference = [column for column in columns if column != "tenant_id"]
    first = index.columns[: len(columns)]
    begins = first[: len(reference)] == reference or set(first) == set(columns)
    return begins and index.condition in {"", *(f"{column} IS NOT NULL" for column in reference)}


def test_every_index_is_declared_with_its_query_or_stands_for_a_reference(indexes: list[Index]) -> None:
    models = [model for app in APPS for model in apps.get_app_config(app).get_models()]
    declared = {index.name for model in models for index in model._meta.indexes}
    references = {
        (model._meta.db_table, field.column)
        for model in models
        for field in model._meta.local_fields
        if isinstance(field, ForeignKey) and getattr(field, "db_index", False)
    }
    made = [index for index in indexes if not index.is_unique and index.name not in declared]
    others = [(index.table, *index.columns) for index in made]
    assert [other for other in others if other not in references] == [UNIQUE_FOR_DJANGO]


def test_the_busiest_tables_are_analysed_after_a_hundredth_has_changed(owner: psycopg.Connection) -> None:
    rows = owner.execute("SELECT relname, reloptions FROM pg_class WHERE relname IN ('tasks_task', 'tasks_execution')")
    found = {name: set(options or ()) for name, options in rows.fetchall()}
    assert {name for name, options in found.items() if "autovacuum_analyze_scale_factor=0.01" in options} == set(found)
    assert len(found) == 2
