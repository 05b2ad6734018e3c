"""Every list of the API at a hundred thousand rows: each filter, each order, the first page and the one behind it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import resolve

from tests.api.table import LISTS
from tests.scale.bounds import MOST_ROWS, complaints
from tests.scale.company import Company
from tests.scale.plans import watching
from tests.scale.questions import queries_of
from tests.world import Client

pytestmark = [pytest.mark.scale, pytest.mark.django_db]

# Lists of one thing that the big tenant has none of are asked in tests/scale/test_indexes.py.
ASKED = [path for path in LISTS if "{" not in path or path.startswith(("projects/{project}", "agents/{agent}"))]

# Filters that no index knows: their values are common, so a page is soon full, and an index of them would be paid for
# with every write. A rare value is looked for through the whole table.
THROUGH_THE_TABLE: dict[str, set[str]] = {
    "agents/": {"runtime"},
    "audit/events/": {"source", "action"},
    "evidence/": {"grade", "confidence"},
    "tasks/": {"kind"},
    "users/": {"role"},
}

# What a member sees of the log is chosen row by row: here one in two hundred.
MOST_ROWS_OF_THE_LOG = 20_000


@pytest.mark.parametrize("path", ASKED)
@pytest.mark.parametrize("caller", ["admin", "engineer"])
def test_a_list_reads_no_more_than_it_must(big: Company, big_tables: frozenset[str], caller: str, path: str) -> None:
    client = Client(big.tokens[caller])
    target = path.format(**big.names)
    client.send("GET", "me/")
    most_rows = MOST_ROWS_OF_THE_LOG if (caller, path) == ("engineer", "audit/events/") else MOST_ROWS
    wrong = {}
    for query in queries_of(resolve(f"/api/v1/{target}").func, big.names):
        with watching() as watch:
            for page in pages(client, f"{target}?{query}"):
                assert page.status_code == 200, (query, page.content)
        found = [problem for plan in watch.plans for problem in complaints(plan, big_tables, most_rows)]
        if found and query.partition("=")[0] not in THROUGH_THE_TABLE.get(path, ()):
            wrong[query] = found
    assert wrong == {}


def pages(client: Client, path: str) -> Iterator[Any]:
    """Yield the first page and, where there is one, the second."""
    first = client.send("GET", path)
    yield first
    link = first.json().get("next") if first.status_code == 200 else None
    if link:
        parts = urlsplit(link)
        yield client.send("GET", f"{parts.path}?{parts.query}")
