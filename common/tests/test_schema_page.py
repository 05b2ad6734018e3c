"""docs/SCHEMA.md says what the database holds."""

from pathlib import Path

import pytest

from common.management.commands.describe_schema import page
from common.schema import Table, secondary_index_count, tables
from common.schema_documents import MEANINGS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def found(db: None) -> list[Table]:
    return tables()


def test_the_page_says_what_the_database_holds(db: None) -> None:
    assert (ROOT / "docs" / "SCHEMA.md").read_text() == page(), "run: manage.py describe_schema > docs/SCHEMA.md"


def test_every_secondary_index_says_what_it_serves(found: list[Table]) -> None:
    silent = [index.name for table in found for index in table.secondary_indexes if not index.serves]
    assert silent == []


def test_there_are_as_many_indexes_as_the_specification_asks_for(found: list[Table]) -> None:
    assert secondary_index_count(found) >= 67


def test_the_reference_of_documents_is_complete(found: list[Table]) -> None:
    assert {f"{table.name}.{entry.column}" for table in found for entry in table.documents} == set(MEANINGS)
