"""Nobody changes the log: not the application, not the owner of the tables, not a superuser by ordinary means."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import transaction
from psycopg import sql as pieces

from audit.models import Event
from common.tenancy.signing import sign
from tests.world import World

REFUSED = (psycopg.errors.InsufficientPrivilege,)
CHANGES = (
    "UPDATE {table} SET reason = 'forged'",
    "UPDATE {table} SET recorded_at = now() - interval '1 year'",
    "UPDATE {table} SET tenant_id = gen_random_uuid()",
    "UPDATE {table} SET id = id",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "TRUNCATE {table} CASCADE",
    "INSERT INTO {table} SELECT * FROM {table} LIMIT 1 ON CONFLICT (tenant_id, id) DO UPDATE SET reason = 'forged'",
)


@contextmanager
def connected(who: str, world: World) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """Connect as the app, as the owner or as a superuser, in the world's tenant; nothing is kept."""
    url = os.environ["DATABASE_URL" if who == "app" else "DATABASE_OWNER_URL"]
    with psycopg.connect(url) as connection:
        if who == "owner":
            connection.execute("SET ROLE cm_owner")
        if who == "superuser in replica mode":
            connection.execute("SET session_replication_role = replica")
        context = signed(world.tenant.id, connection)
        connection.execute("SELECT set_config('app.ctx', %s, false)", [context])
        connection.commit()
        try:
            yield connection
        finally:
            connection.rollback()


def signed(tenant_id: UUID, connection: psycopg.Connection[Any]) -> str:
    pid = connection.info.backend_pid
    return sign(tenant_id, backend_pid=pid, lifetime=60, key=settings.CONTEXT_KEYS[0])


def partitions(connection: psycopg.Connection[Any]) -> list[str]:
    """Return the log's partitions, those of the coming months included."""
    rows = connection.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit_event'::regclass ORDER BY 1"
    )
    return [name for (name,) in rows]


def snapshot(world: World) -> list[str]:
    """Return every row of the tenant, as the database writes it."""
    with connected("app", world) as connection:
        return [row for (row,) in connection.execute("SELECT e::text FROM audit_event e ORDER BY id")]


ATTACKERS = ("app", "owner", "superuser", "superuser in replica mode")


@pytest.mark.parametrize("who", ATTACKERS)
@pytest.mark.parametrize("change", CHANGES)
def test_no_statement_changes_the_log(committed_world: World, who: str, change: str) -> None:
    before = snapshot(committed_world)
    assert before
    with connected(who, committed_world) as connection:
        for table in ["audit_event", *partitions(connection)]:
            if change.startswith(("UPDATE", "DELETE", "INSERT")) and table != "audit_event":
                continue  # row by row below: a partition without rows has nothing to refuse
            statement = pieces.SQL(change).format(table=pieces.Identifier(table))
            with pytest.raises(REFUSED), connection.transaction():
                connection.execute(statement)
    assert snapshot(committed_world) == before


@pytest.mark.parametrize("who", ATTACKERS)
@pytest.mark.parametrize("change", ["UPDATE {table} SET reason = 'forged'", "DELETE FROM {table}"])
def test_the_partition_of_this_month_refuses_too(committed_world: World, who: str, change: str) -> None:
    with connected("superuser", committed_world) as connection:
        [(table,)] = connection.execute(
            "SELECT DISTINCT tableoid::regclass::text FROM audit_event WHERE tenant_id = %s",
            [committed_world.tenant.id],
        )
    with connected(who, committed_world) as connection:
        statement = pieces.SQL(change).format(table=pieces.Identifier(table))
        refused = pytest.raises(REFUSED)
        if who == "owner":
            # Row security is forced on partitions and they have no policy: the owner does not even see a row there.
            assert connection.execute(statement).rowcount == 0
        else:
            with refused, connection.transaction():
                connection.execute(statement)


def test_the_coming_months_are_there_and_guarded(committed_world: World) -> None:
    with connected("superuser", committed_world) as connection:
        names = partitions(connection)
        guards = connection.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger"
            " WHERE tgname = tgrelid::regclass::text || '_no_truncate' AND tgenabled = 'A'"
        ).fetchall()
        assert len(names) >= 4
        assert {name for (name,) in guards} >= {*names, "audit_event"}


@pytest.mark.parametrize("who", ["app", "owner"])
@pytest.mark.parametrize(
    "statement",
    ["SET session_replication_role = replica", "SET row_security = off; SELECT * FROM audit_event"],
)
def test_the_ways_around_are_closed_for_app_and_owner(committed_world: World, who: str, statement: str) -> None:
    with connected(who, committed_world) as connection, pytest.raises(REFUSED):
        connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        "ALTER TABLE audit_event DISABLE ROW LEVEL SECURITY",
        "DROP TRIGGER audit_event_immutable ON audit_event",
        "DROP TABLE audit_event",
        "ALTER TABLE audit_event OWNER TO cm_app",
        "SET ROLE cm_owner",
        "SET ROLE cm_system",
        "DELETE FROM audit_pending",
        "INSERT INTO audit_position SELECT tenant_id, 1, id FROM audit_event LIMIT 1",
        "UPDATE audit_position SET pos = pos + 1",
        "DELETE FROM audit_position",
        "CREATE TABLE mine ()",
    ],
)
def test_the_application_may_not_touch_the_machinery(committed_world: World, statement: str) -> None:
    with connected("app", committed_world) as connection, pytest.raises(REFUSED):
        connection.execute(statement)


def test_the_model_itself_cannot_change_or_delete_a_row(world: World) -> None:
    with world.as_("admin"):
        event = Event.objects.order_by("id")[0]
        for change in (
            lambda: event.save(update_fields=["reason"]),
            lambda: Event.objects.filter(pk=event.pk).delete(),
        ):
            with pytest.raises(Exception, match=r"permission denied|append-only"), transaction.atomic():
                change()
