# ruff: noqa: S608  # writing SQL by hand is what an intruder does
"""The SQL that tenant A runs against B, and what comes back. `{b}` is B's tenant id, `{b_…}` ids of its rows."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
from django.conf import settings
from psycopg import sql

from common.tenancy.signing import sign
from tests.guarantees.statements import SPECIAL
from tests.guarantees.twins import Twins, app_url, owner_url
from tests.world import World

# statement: what A is told where B is, and where B is not
Answers = dict[str, tuple[str, str]]
UUID_PATTERN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Known:
    """Ids of both tenants: `ids` are shown in answers as they are, all others are the answer's own random ones."""

    ids: frozenset[str]
    of_b: dict[str, str]
    columns: dict[str, list[str]]
    references: list[tuple[str, str, str]]


def know(twins: Twins) -> Known:
    """Look at the database that has both tenants, as its superuser."""
    with psycopg.connect(owner_url(twins.with_b)) as owner:
        columns: dict[str, list[str]] = {}
        for table, column in owner.execute(
            """SELECT c.table_name, c.column_name FROM information_schema.columns c
               JOIN (SELECT DISTINCT tablename FROM pg_policies) p ON p.tablename = c.table_name
               WHERE c.table_schema = 'public' AND c.is_generated = 'NEVER' ORDER BY 1, c.ordinal_position"""
        ):
            columns.setdefault(table, []).append(column)
        references = owner.execute(
            """SELECT conrelid::regclass::text, (SELECT attname::text FROM pg_attribute a
                      WHERE a.attrelid = conrelid AND a.attnum = conkey[cardinality(conkey)]), confrelid::regclass::text
               FROM pg_constraint WHERE contype = 'f' AND confrelid::regclass::text IN
                    (SELECT tablename FROM pg_policies) ORDER BY 1, 2"""
        ).fetchall()
        of_b = {table: first_id(owner, table, twins.b) for table in columns}
        ids = {found for table in columns for found in all_ids(owner, table)}
    return Known(frozenset(ids), of_b, columns, references)


def first_id(owner: psycopg.Connection, table: str, world: World) -> str:
    column = "id" if table == "accounts_tenant" else "tenant_id"
    key = {"audit_position": "event_id", "audit_pending": "event_id"}.get(table, "id")
    statement = sql.SQL("SELECT {}::text FROM {} WHERE {} = %s ORDER BY 1 LIMIT 1").format(
        sql.Identifier(key), sql.Identifier(table), sql.Identifier(column)
    )
    row = owner.execute(statement, [world.tenant.id]).fetchone()
    return row[0] if row else str(world.tenant.id)


def all_ids(owner: psycopg.Connection, table: str) -> set[str]:
    rows = owner.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table))).fetchall()
    return {found for (text,) in rows for found in UUID_PATTERN.findall(text)}


def battery(twins: Twins, known: Known) -> list[str]:
    """Return every statement, with B's real ids in it."""
    names = {
        "a": str(twins.a.tenant.id),
        "b": str(twins.b.tenant.id),
        "a_project": str(twins.a.project.id),
        "b_project": str(twins.b.project.id),
        "b_user": str(twins.b.engineer.id),
        "b_agent": str(twins.b.agent.id),
        "b_task": known.of_b["tasks_task"],
        "b_event": known.of_b["audit_event"],
        "b_slug": twins.b.tenant.slug,
        "b_mail": twins.b.engineer.email,
    }
    special = [substitute(statement, names) for statement in SPECIAL]
    return [*special, *per_table(twins, known), *per_reference(twins, known)]


def substitute(statement: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        statement = statement.replace(f"{{{name}}}", value)
    return statement


def per_table(twins: Twins, known: Known) -> Iterator[str]:
    """Read, change, delete, lock, insert and collide with B's rows, for each table that tenants share."""
    for table, columns in known.columns.items():
        tenant = "id" if table == "accounts_tenant" else "tenant_id"
        key = "event_id" if table in ("audit_position", "audit_pending") else "id"
        b, b_id = twins.b.tenant.id, known.of_b[table]
        yield f"SELECT count(*) FROM {table}"
        yield f"SELECT {tenant}, {key} FROM {table} WHERE {tenant} = '{b}' OR {key} = '{b_id}' ORDER BY 1, 2"
        yield f"EXPLAIN (COSTS OFF) SELECT * FROM {table} WHERE {key} = '{b_id}'"
        yield f"COPY (SELECT {tenant}, {key} FROM {table} ORDER BY 1, 2) TO STDOUT"
        yield f"COPY {table} TO STDOUT"
        yield f"UPDATE {table} SET {key} = {key} WHERE {key} = '{b_id}'"
        yield f"DELETE FROM {table} WHERE {tenant} = '{b}'"
        yield f"SELECT 1 FROM {table} WHERE {key} = '{b_id}' FOR UPDATE"
        yield f"TRUNCATE {table}"
        yield own_row_with(table, columns, tenant, str(b))
        yield own_row_with(table, columns, key, b_id) + " ON CONFLICT DO NOTHING"
        yield f"UPDATE {table} SET {tenant} = '{b}'"


def own_row_with(table: str, columns: list[str], column: str, value: str) -> str:
    """Return an INSERT of a copy of A's own row in which one column has B's value."""
    names = ", ".join(f'"{name}"' for name in columns)
    copied = ", ".join(f"'{value}'" if name == column else f'"{name}"' for name in columns)
    order = "id" if "id" in columns else "event_id"
    return f"INSERT INTO {table} ({names}) SELECT {copied} FROM {table} ORDER BY {order} LIMIT 1"


def per_reference(twins: Twins, known: Known) -> Iterator[str]:
    """Point A's rows at B's, at once and at the end of the transaction."""
    for table, column, target in known.references:
        if target == "accounts_tenant":
            continue
        b_id = known.of_b[target]
        yield f"UPDATE {table} SET {column} = '{b_id}'; SET CONSTRAINTS ALL IMMEDIATE"
        yield f"{own_row_with(table, known.columns[table], column, b_id)}; SET CONSTRAINTS ALL IMMEDIATE"


def answer(database: str, statement: str, twins: Twins, known: Known, *, then: str = "ROLLBACK") -> str:
    """Run a statement as A, in A's signed context, on a connection of its own, and return all that A gets to see."""
    with psycopg.connect(app_url(database)) as connection:
        pid = connection.info.backend_pid
        signed = partial(sign, backend_pid=pid, lifetime=60, key=settings.CONTEXT_KEYS[0])
        names = {
            "pid": str(pid),
            "a_context": signed(twins.a.tenant.id),
            "stolen": sign(twins.b.tenant.id, backend_pid=pid + 1, lifetime=60, key=settings.CONTEXT_KEYS[0]),
            "expired": signed(twins.b.tenant.id, lifetime=-5),
            "other_key": sign(twins.b.tenant.id, backend_pid=pid, lifetime=60, key=b"another key"),
        }
        connection.execute("SELECT set_config('app.ctx', %s, true)", [names["a_context"]])
        notices: list[str] = []
        connection.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
        said = f"{run(connection, substitute(statement, names))} {notices}"
        with suppress(psycopg.Error):
            connection.execute(then)
    return normalised(said, statement, database, names, known)


def run(connection: psycopg.Connection, statement: str) -> str:
    try:
        with connection.cursor() as cursor:
            if statement.startswith("COPY") and statement.endswith("STDOUT"):
                with cursor.copy(statement) as copy:
                    return repr([bytes(block) for block in copy])
            cursor.execute(statement)
            return "; ".join(results(cursor))
    except psycopg.Error as error:
        told = error.diag
        return repr(
            (error.sqlstate, told.message_primary, told.message_detail, told.message_hint, told.constraint_name)
        )


def results(cursor: psycopg.Cursor[Any]) -> Iterator[str]:
    more: bool | None = True
    while more:
        rows = cursor.fetchall() if cursor.description else []
        yield repr((cursor.statusmessage, cursor.rowcount, rows))
        more = cursor.nextset()


def normalised(said: str, statement: str, database: str, names: dict[str, str], known: Known) -> str:
    """Blot out what differs by itself: the database's name, the backend, its contexts, ids made by the answer."""
    for name, value in sorted(names.items(), key=lambda item: -len(item[1])):
        said = said.replace(value, f"<{name}>")
    said = said.replace(database, "<database>")
    return UUID_PATTERN.sub(
        lambda found: found[0] if found[0] in known.ids or found[0] in statement else "<uuid>", said
    )


def answers(twins: Twins, known: Known, statements: list[str]) -> Answers:
    """Ask every statement in both databases."""
    return {
        statement: (
            answer(twins.with_b, statement, twins, known),
            answer(twins.without_b, statement, twins, known),
        )
        for statement in statements
    }


def differences(asked: Answers) -> Answers:
    """Return the statements whose answers betray that B is there."""
    return {statement: (here, there) for statement, (here, there) in asked.items() if here != there}


def betrayals(asked: Answers, twins: Twins, known: Known) -> list[str]:
    """Return the statements that show A something of B that A did not put into them."""
    secrets = {str(twins.b.tenant.id), twins.b.engineer.email, *known.of_b.values()}
    return [
        statement
        for statement, (here, _) in asked.items()
        if any(secret in here and secret not in statement for secret in secrets)
    ]
