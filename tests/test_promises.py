"""Each column, literal, index, model, address and deed that the specification names is there: literally, not by count.

What differs from the specification says so in `tests/promises.py`, beside its name there.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.apps import apps
from django.contrib import admin

from accounts.models import StaffRole
from tests import promises
from tests.test_indexes import INDEXES, OURS, Index

OPENAPI = Path(__file__).parents[1] / "docs" / "openapi.yaml"
COLUMNS = "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'"
CHECKS = "SELECT conrelid::regclass::text, pg_get_constraintdef(oid, true) FROM pg_constraint WHERE contype = 'c'"
ONE_OF = re.compile(r"CHECK \((\w+)::text = ANY \(ARRAY\[([^\]]+)\]::text\[\]\)\)")


@pytest.fixture(scope="module")
def owner(django_db_setup: None) -> Iterator[psycopg.Connection]:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        yield connection


@pytest.fixture(scope="module")
def columns(owner: psycopg.Connection) -> set[str]:
    return {name for (name,) in owner.execute(COLUMNS).fetchall()}


@pytest.fixture(scope="module")
def checks(owner: psycopg.Connection) -> list[tuple[str, str]]:
    return owner.execute(CHECKS).fetchall()


@pytest.fixture(scope="module")
def indexes(owner: psycopg.Connection) -> list[Index]:
    rows = owner.execute(INDEXES, [OURS]).fetchall()
    return [Index(table, name, unique, method, tuple(keys), when) for table, name, unique, method, keys, when in rows]


@pytest.mark.parametrize("table", promises.COLUMNS)
def test_a_table_has_the_columns_that_are_promised(columns: set[str], table: str) -> None:
    ours = [promised.rpartition("=")[2] for promised in promises.COLUMNS[table].split()]
    assert {name for name in ours if (name if "." in name else f"{table}.{name}") not in columns} == set()


@pytest.mark.parametrize("column", promises.LITERALS)
def test_the_database_takes_exactly_the_promised_literals(checks: list[tuple[str, str]], column: str) -> None:
    promised, _, left_out = promises.LITERALS[column].partition(" - ")
    wanted = set(promised.split()) - {"+"} - set(left_out.split())
    table, _, name = column.partition(".")
    [taken] = [
        set(re.findall(r"'(\w+)'", found[2]))
        for relation, definition in checks
        if relation == table and (found := ONE_OF.fullmatch(definition)) and found[1] == name
    ]
    assert taken >= wanted - {"…"}
    assert taken == wanted or "…" in wanted


def leads(index: Index, promised: str) -> bool:
    """Whether an index begins with what is promised, after the tenant; an expression counts as its column."""
    if promised.startswith("?"):
        return promised[1:] in index.condition
    keys = [re.sub(r"^lower\((\w+).*", r"\1", key.split()[0].replace("((", "(")) for key in index.keys]
    wanted = promised.split(",")
    return [key for key in keys if key != "tenant_id"][: len(wanted)] == wanted


@pytest.mark.parametrize("table", promises.INDEXES)
def test_what_is_to_be_found_fast_has_its_index(indexes: list[Index], table: str) -> None:
    known = [index for index in indexes if index.table == table]
    missing = [one for one in promises.INDEXES[table].split() if not any(leads(index, one) for index in known)]
    assert missing == []


def test_documents_are_searched_by_gin(indexes: list[Index]) -> None:
    found = {(index.table, key.split()[0]) for index in indexes if index.method == "gin" for key in index.keys}
    assert {(table, column) for table, names in promises.GIN.items() for column in names} <= found


@pytest.mark.parametrize("table", promises.PERCENTAGES)
def test_a_percentage_ends_at_a_hundred(checks: list[tuple[str, str]], table: str) -> None:
    rules = " ".join(definition for relation, definition in checks if relation == table).replace("::numeric", "")
    for column in promises.PERCENTAGES[table]:
        assert re.search(rf"\b{column} >= 0\b", rules), column
        assert re.search(rf"\b{column} <= 100\b", rules), column


@pytest.mark.parametrize("app", promises.MODELS)
def test_every_model_of_the_design_is_there(app: str) -> None:
    known = {model.__name__ for model in apps.get_app_config(app).get_models()}
    assert set(promises.MODELS[app].split()) - known == set()


def test_every_address_of_the_design_answers_its_methods() -> None:
    described: dict[str, set[str]] = {}
    path = ""
    for line in OPENAPI.read_text().splitlines():
        if line.startswith("  /"):
            path = re.sub(r"\{\w+\}", "{}", line.strip().removesuffix(":").removeprefix("/api/v1/"))
        elif method := re.fullmatch(r"    (get|post|put|patch|delete):", line):
            described.setdefault(path, set()).add(method[1].upper())
    missing = {
        path for path, methods in promises.ROUTES.items() if not set(methods.split()) <= described.get(path, set())
    }
    assert missing == set()


def test_staff_can_do_what_is_promised() -> None:
    pages = {model._meta.label: set(page.actions or ()) for model, page in admin.site._registry.items()}
    assert {label for label, deeds in promises.DEEDS.items() if not deeds <= pages[label]} == set()
    assert set(StaffRole.values) == promises.STAFF_ROLES
