"""The definer search functions see the indexes that row security hides: a rare word costs pages, not the table."""

from typing import Any

import pytest
from django.db import connection

from tests.guarantees.catalogue import SEARCH_FUNCTIONS
from tests.scale.company import ARTIFACTS, Company
from tests.scale.plans import watching

pytestmark = [pytest.mark.scale, pytest.mark.django_db]

MOST_PAGES = 2_000
TEAM = ["team-8"]
# function: what it is asked, its table, and the index that it must use
SEARCHES: dict[str, tuple[str, list[Any], str, str]] = {
    "sec.search_agent_capabilities(character varying[])": (
        "%s::varchar[]",
        [TEAM],
        "agents_agent",
        "agents_agent_capabilities",
    ),
    "sec.search_agent_tags(character varying[])": ("%s::varchar[]", [TEAM], "agents_agent", "agents_agent_tags"),
    "sec.search_artifacts(uuid,text,text,integer)": (
        "%s, %s, NULL, 20",
        ["{project}", "word7"],
        "evidence_artifact",
        "evidence_artifact_search",
    ),
    "sec.search_evidence_tags(character varying[],boolean)": (
        "%s::varchar[], true",
        [TEAM],
        "evidence_evidence",
        "evidence_evidence_tags",
    ),
    "sec.search_task_labels(character varying[],boolean)": (
        "%s::varchar[], true",
        [TEAM],
        "tasks_task",
        "tasks_task_labels",
    ),
}


def test_every_search_function_is_asked() -> None:
    assert set(SEARCHES) == SEARCH_FUNCTIONS


@pytest.mark.parametrize("function", SEARCHES)
def test_a_search_uses_its_index(big: Company, function: str) -> None:
    arguments, values, table, index = SEARCHES[function]
    given = [value.format(**big.names) if isinstance(value, str) else value for value in values]
    call = f"SELECT * FROM {function.partition('(')[0]}({arguments})"  # noqa: S608  # names of ours
    with big.as_("admin"), connection.cursor() as cursor:
        cursor.execute(call, given)  # the first call of a session also reads the catalogue
        before = scans(cursor, table), scans(cursor, index)
        with watching() as watch:
            cursor.execute(call, given)
            assert 0 < len(cursor.fetchall()) <= ARTIFACTS / 100
        # Explained and run: two calls, each by the index, none through the table.
        assert (scans(cursor, table), scans(cursor, index)) == (before[0], before[1] + 2)
    [plan] = watch.plans
    assert plan.buffers <= MOST_PAGES


def scans(cursor: Any, relation: str) -> int:
    """Return how often this transaction has read a table from one end, or looked into an index."""
    cursor.execute("SELECT pg_stat_get_xact_numscans(%s::regclass)", [relation])
    return int(cursor.fetchone()[0])


@pytest.mark.parametrize("function", SEARCHES)
def test_a_small_tenant_finds_nothing_of_the_big_one(big: Company, world: Any, function: str) -> None:
    arguments, values, *_ = SEARCHES[function]
    given = [value.format(**big.names) if isinstance(value, str) else value for value in values]
    with world.as_("admin"), connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {function.partition('(')[0]}({arguments})", given)  # noqa: S608
        assert cursor.fetchall() == []
