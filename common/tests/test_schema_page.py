"""docs/SCHEMA.md says what the database holds."""

import os
from pathlib import Path

import pytest

from common.management.commands.describe_schema import page
from common.schema import Table, secondary_index_count, tables
from common.schema_documents import MEANINGS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "SCHEMA.md"


@pytest.fixture
def found(db: None) -> list[Table]:
    return tables()


def test_the_page_says_what_the_database_holds(db: None) -> None:
    if os.environ.get("UPDATE_SCHEMA"):
        PAGE.write_text(page())
    assert PAGE.read_text() == page(), "UPDATE_SCHEMA=1 writes docs/SCHEMA.md anew"


def test_every_secondary_index_says_what_it_serves(found: list[Table]) -> None:
    silent = [index.name for table in found for index in table.secondary_indexes if not index.serves]
    assert silent == []


def test_there_are_as_many_indexes_as_the_specification_asks_for(found: list[Table]) -> None:
    assert secondary_index_count(found) >= 67


def test_the_reference_of_documents_is_complete(found: list[Table]) -> None:
    assert {f"{table.name}.{entry.column}" for table in found for entry in table.documents} == set(MEANINGS)
