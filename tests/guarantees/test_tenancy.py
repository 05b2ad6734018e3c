"""G6: SQL that runs in A's transaction answers the same, to the byte, whether B exists or not."""

from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest
from django.conf import settings
from pytest_django.plugin import DjangoDbBlocker

from common.tenancy.signing import sign
from tests.guarantees.battery import (
    Answers,
    Battery,
    Known,
    answers,
    ask_all,
    battery,
    betrayals,
    differences,
    know,
    substitute,
)
from tests.guarantees.catalogue import tenant_tables
from tests.guarantees.statements import RESIDUE
from tests.guarantees.twins import Twins, app_url, owner_url, rows_of, twins


@pytest.fixture(scope="module")
def pair(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Twins]:
    with django_db_blocker.unblock(), twins() as made:
        yield made


@pytest.fixture(scope="module")
def known(pair: Twins) -> Known:
    return know(pair)


def test_every_table_holds_rows_of_b(pair: Twins, known: Known) -> None:
    """Else the battery would ask about nothing."""
    empty = [table for table, digest in rows_of(pair.with_b, pair.b.tenant.id).items() if digest == md5_of_nothing()]
    assert empty == [], "a new table gets its first row in tests/guarantees/filling.py"


def md5_of_nothing() -> str:
    return "d41d8cd98f00b204e9800998ecf8427e"


@pytest.fixture(scope="module")
def asked(pair: Twins, known: Known) -> Answers:
    return answers(pair, known, battery(pair, known))


def test_every_table_is_asked_about(pair: Twins, asked: Answers) -> None:
    with psycopg.connect(owner_url(pair.with_b)) as owner:
        counts = {f"SELECT count(*) FROM {table}" for table in tenant_tables(owner)}  # noqa: S608
    assert counts <= set(asked)


def test_the_battery(pair: Twins, known: Known, asked: Answers) -> None:
    assert len(asked) >= 1000
    assert differences(asked) == {}
    assert betrayals(asked, pair, known) == []


def test_the_battery_asks_real_questions(asked: Answers) -> None:
    """Many statements must succeed for A and show its own rows, else equal errors would prove nothing."""
    assert sum(here.startswith(("('SELECT", "('UPDATE", "('EXPLAIN", "[b'")) for here, _ in asked.values()) >= 100


def test_the_battery_changes_nothing_of_b(pair: Twins, known: Known) -> None:
    before = rows_of(pair.with_b, pair.b.tenant.id)
    ask_all(pair.with_b, battery(pair, known), pair, known, then="COMMIT")
    assert rows_of(pair.with_b, pair.b.tenant.id) == before


def test_the_known_residue_is_all_there(pair: Twins, known: Known) -> None:
    """What we say an outsider can still tell; a statement that no longer tells belongs into the battery."""
    names = {"b_mail": pair.b.engineer.email, "b_slug": pair.b.tenant.slug}
    statements = [substitute(statement, names) for statement in RESIDUE]
    assert len(differences(answers(pair, known, Battery(statements, [])))) == len(RESIDUE)


def test_without_a_context_there_are_no_rows(pair: Twins, known: Known) -> None:
    with psycopg.connect(app_url(pair.with_b)) as app:
        for table in known.columns:
            if table == "audit_pending":
                continue
            assert app.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table  # noqa: S608


def test_three_hundred_turns_on_one_connection_leave_nothing_behind(pair: Twins) -> None:
    """A and B take turns, some end in errors or savepoints; each sees itself, between them nobody sees anything."""
    with psycopg.connect(app_url(pair.with_b), autocommit=True) as app:
        for turn in range(300):
            world = (pair.a, pair.b)[turn % 2]
            with suppress(psycopg.errors.DivisionByZero), app.transaction():
                assert seen_by(app, str(world.tenant.id)) == str(world.tenant.id)
                end(app, turn % 5)
            assert app.execute("SELECT sec.tenant(), (SELECT count(*) FROM accounts_user)").fetchone() == (None, 0)


def seen_by(app: psycopg.Connection, tenant_id: str) -> str:
    context = sign(tenant_id, backend_pid=app.info.backend_pid, lifetime=60, key=settings.CONTEXT_KEYS[0])
    app.execute("SELECT set_config('app.ctx', %s, true)", [context])
    row = app.execute("SELECT string_agg(DISTINCT tenant_id::text, ',') FROM tasks_task").fetchone()
    return str(row[0]) if row else ""


def end(app: psycopg.Connection, way: int) -> None:
    """End a turn in one of five ways."""
    if way == 1:
        app.execute("SELECT 1/0")
    if way == 2:
        with app.transaction():
            app.execute("SELECT set_config('app.ctx', current_setting('app.ctx'), true)")
    if way == 3:
        raise psycopg.Rollback
    if way == 4:
        with suppress(psycopg.errors.DivisionByZero), app.transaction():
            app.execute("SELECT 1/0")
