"""verify_infrastructure: each thing that must hold is broken, and named with its remedy."""

import json
import os
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from common.health import heartbeat
from common.redis import get_redis_client
from common.redis.client import RedisClient
from common.tests.elsewhere import AWAY
from common.upkeep import database, servers
from common.upkeep.complaints import Check, Complaint
from common.upkeep.verification import CHECKS

Verify = Callable[[str], list[str]]


@pytest.fixture
def broken(django_db_setup: None) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A superuser's connection; what it breaks is whole again after the test."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        yield connection
        connection.rollback()


def told(check: Callable[[database.Ask], Iterator[Complaint]], connection: psycopg.Connection[tuple[Any, ...]]) -> str:
    """Return everything a check complains of, problems and remedies."""

    def ask(statement: str) -> database.Rows:
        return connection.execute(statement).fetchall()

    return "\n".join(f"{one.problem}: {one.remedy}" for one in check(ask))


OF_THE_CATALOGUE = (
    database.version,
    database.extensions,
    database.roles,
    database.migrations,
    database.row_security,
    database.log_is_guarded,
)

BREAKS = [
    ("DROP EXTENSION vector CASCADE", database.extensions, "the extension vector is missing"),
    ("ALTER ROLE cm_app SUPERUSER", database.roles, "cm_app has SUPERUSER: ALTER ROLE cm_app NOSUPERUSER"),
    ("ALTER ROLE cm_app BYPASSRLS", database.roles, "cm_app has BYPASSRLS"),
    ("ALTER ROLE cm_system BYPASSRLS", database.roles, "cm_system has BYPASSRLS"),
    ("ALTER ROLE cm_owner SUPERUSER", database.roles, "cm_owner has SUPERUSER"),
    ("GRANT cm_owner TO cm_app", database.roles, "cm_app is a member of cm_owner"),
    ("ALTER TABLE tasks_task OWNER TO cm_app", database.roles, "cm_app owns tables"),
    ("DELETE FROM django_migrations WHERE app = 'tasks'", database.migrations, "not applied: tasks.0001_initial"),
    ("ALTER TABLE tasks_task DISABLE ROW LEVEL SECURITY", database.row_security, "row security of tasks_task is off"),
    (
        "ALTER TABLE tasks_task NO FORCE ROW LEVEL SECURITY",
        database.row_security,
        "row security of tasks_task is not forced",
    ),
    ("DROP POLICY tasks_task_tenant ON tasks_task", database.row_security, "the policies of tasks_task are not those"),
    (
        "CREATE POLICY extra ON evidence_evidence TO cm_app USING (true)",
        database.row_security,
        "the policies of evidence_evidence are not those",
    ),
    ("ALTER POLICY accounts_tenant_tenant ON accounts_tenant USING (true)", database.row_security, "accounts_tenant"),
    ("CREATE TABLE stray (tenant_id uuid)", database.row_security, "row security of stray is off"),
    (
        "DROP TRIGGER audit_event_immutable ON audit_event",
        database.log_is_guarded,
        "lacks its trigger audit_event_immutable",
    ),
    ("ALTER TABLE audit_event DISABLE TRIGGER audit_event_enqueue", database.log_is_guarded, "audit_event_enqueue"),
    # Switched to "origin": a session in replica mode would slip past it.
    ("ALTER TABLE audit_event ENABLE TRIGGER audit_event_stamp", database.log_is_guarded, "it can be switched off"),
    ("GRANT UPDATE ON audit_event TO cm_app", database.log_is_guarded, "cm_app may UPDATE the log: REVOKE UPDATE"),
]


@pytest.mark.parametrize("check", OF_THE_CATALOGUE)
def test_a_database_as_it_was_set_up_is_well(
    broken: psycopg.Connection[tuple[Any, ...]], check: Callable[[database.Ask], Iterator[Complaint]]
) -> None:
    assert told(check, broken) == ""


@pytest.mark.parametrize(("statement", "check", "words"), BREAKS, ids=[statement for statement, *_ in BREAKS])
def test_what_is_broken_in_the_database_is_named(
    broken: psycopg.Connection[tuple[Any, ...]],
    statement: str,
    check: Callable[[database.Ask], Iterator[Complaint]],
    words: str,
) -> None:
    broken.execute(statement)
    assert words in told(check, broken)


def test_the_trigger_of_a_single_partition_is_missed_too(broken: psycopg.Connection[tuple[Any, ...]]) -> None:
    [(partition,)] = broken.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit_event'::regclass LIMIT 1"
    ).fetchall()
    broken.execute(f"ALTER TABLE {partition} DISABLE TRIGGER {partition}_no_truncate")
    assert f"{partition} lacks its trigger {partition}_no_truncate" in told(database.log_is_guarded, broken)


def test_an_old_server_and_another_login_are_named() -> None:
    assert [one.problem for one in database.version(lambda _: [(140009,)])] == ["PostgreSQL is version 14"]
    assert [one.problem for one in database.login(lambda _: [("postgres",)])] == ["DATABASE_URL signs in as postgres"]


def test_an_unsigned_context_and_missing_months_are_named(
    db: None, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    assert list(database.context_key()) == list(database.partitions()) == []
    monkeypatch.setattr(database, "system_call", lambda _: [{"months_ahead": 1}])
    assert "for 1 months ahead" in next(database.partitions()).problem
    monkeypatch.undo()
    settings.CONTEXT_KEYS = [b"x" * 32]
    assert "refuses our signature" in next(database.context_key()).problem


# --- Redis and workers ------------------------------------------------------------------------------------------------
def info(run: str, **changes: Any) -> dict[str, Any]:
    return {"redis_version": "7.2.4", "maxmemory_policy": "noeviction", "run_id": run} | changes


REDIS = [
    ({"cache": info("1"), "broker": info("1"), "channels": info("1")}, []),
    ({"cache": info("1", maxmemory_policy="allkeys-lru"), "broker": info("2"), "channels": info("2")}, []),
    ({"cache": info("1"), "broker": info("2"), "channels": info("2")}, ["cache has maxmemory-policy noeviction"]),
    (
        {name: info("1", maxmemory_policy="allkeys-lru") for name in ("cache", "broker", "channels")},
        ["broker has maxmemory-policy allkeys-lru", "channels has maxmemory-policy allkeys-lru"],
    ),
    (
        {"cache": info("1"), "broker": info("1"), "channels": info("1", redis_version="6.0.9")},
        ["channels runs version 6.0.9"],
    ),
]


@pytest.mark.parametrize(("told", "expected"), REDIS)
def test_policies_and_versions_of_redis_are_judged(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, dict[str, Any]], expected: list[str]
) -> None:
    class Server:
        def __init__(self, name: str) -> None:
            self.connection = self
            self.info = lambda: told[name]

    monkeypatch.setattr(servers, "get_redis_client", Server)
    found = list(servers.redis())
    assert len(found) == len(expected)
    assert all(one.problem.startswith(words) for one, words in zip(found, expected, strict=True))


def test_a_server_that_is_away_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "get_redis_client", lambda _: RedisClient.from_url(AWAY))
    found = list(servers.redis())
    assert [one.problem for one in found] == [
        f"{name} does not answer (ConnectionError)" for name in ("cache", "broker", "channels")
    ]
    assert "a-password" not in str(found)


def test_each_queue_wants_a_worker(settings: Settings) -> None:
    settings.QUEUES = ("verify-a", "verify-b")
    assert len(list(servers.workers())) == 3
    heartbeat.note(["verify-a", heartbeat.BEAT])
    try:
        [one] = servers.workers()
        assert one.problem == "no worker serves the queue verify-b"
        assert one.remedy == "run: celery -A config worker -Q verify-a,verify-b"
    finally:
        get_redis_client("broker").connection.delete(*map(heartbeat.key, ("verify-a", heartbeat.BEAT)))


def test_a_message_comes_back_through_the_channel_layer(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(servers.channel_layer()) == []

    class Deaf:
        async def new_channel(self) -> str:
            return "c"

        async def send(self, *_: Any) -> None:
            """Lose it."""

        async def receive(self, _: str) -> None:
            raise TimeoutError

        async def flush(self) -> None:
            """Nothing to flush."""

    monkeypatch.setattr(servers, "get_channel_layer", Deaf)
    assert "did not come back" in next(servers.channel_layer()).problem


# --- the command ------------------------------------------------------------------------------------------------------
def test_a_check_that_cannot_ask_says_only_what_kind_of_error_it_was() -> None:
    def fail() -> list[Complaint]:
        raise RuntimeError("password hunter2")

    assert Check("thing", fail, "look").complaints() == [Complaint("cannot be asked (RuntimeError)", "look")]


def run(*options: str) -> tuple[int, str]:
    """Return the exit code that the command would have, and what it says."""
    out = StringIO()
    try:
        call_command("verify_infrastructure", *options, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def test_the_command_says_it_all_and_exits_by_it(db: None) -> None:
    # What runs in the suite: servers and a database, no workers.
    code, text = run("--without", "workers and beat")
    assert (code, "wrong" in text) == (0, False), text
    code, text = run()
    assert code == 1
    assert "wrong workers and beat\n" in text
    assert "no worker serves the queue agents\n        remedy: run: celery -A config worker" in text
    code, text = run("--json")
    document = json.loads(text)
    assert list(document) == [check.name for check in CHECKS]
    assert document["row security"] == []
    assert document["workers and beat"]
