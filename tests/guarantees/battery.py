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
from tests.guarantees.catalogue import tenant_tables
from tests.guarantees.statements import SPECIAL
from tests.guarantees.twins import Twins, app_url, owner_url, tenant_column
from tests.world import World

# statement: what A is told where B is, and where B is not
Answers = dict[str, tuple[str, str]]
UUID_PATTERN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Battery:
    """`special` statements may spoil the connection, so each has one of its own; `generated` ones share one."""

    special: list[str]
    generated: list[str]


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
        columns: dict[str, list[str]] = {table: [] for table in tenant_tables(owner)}
        for table, column in owner.execute(
            """SELECT table_name, column_name FROM information_schema.columns
               WHERE table_schema = 'public' AND is_generated = 'NEVER' AND table_name = ANY (%s)
               ORDER BY 1, ordinal_position""",
            [list(columns)],
        ):
            columns[table].append(column)
        references = owner.execute(
            """SELECT conrelid::regclass::text, (SELECT attname::text FROM pg_attribute a
                      WHERE a.attrelid = conrelid AND a.attnum = conkey[cardinality(conkey)]), confrelid::regclass::text
               FROM pg_constraint WHERE contype = 'f' AND confrelid::regclass::text = ANY (%s) ORDER BY 1, 2""",
            [list(columns)],
        ).fetchall()
        of_b = {table: first_id(owner, table, twins.b) for table in columns}
        ids = {found for table in columns for found in all_ids(owner, table)}
    return Known(frozenset(ids), of_b, columns, references)


def key_column(table: str) -> str:
    return "event_id" if table in ("audit_position", "audit_pending") else "id"


def first_id(owner: psycopg.Connection, table: str, world: World) -> str:
    statement = sql.SQL("SELECT {}::text FROM {} WHERE {} = %s ORDER BY 1 LIMIT 1").format(
        sql.Identifier(key_column(table)), sql.Identifier(table), sql.Identifier(tenant_column(table))
    )
    row = owner.execute(statement, [world.tenant.id]).fetchone()
    return row[0] if row else str(world.tenant.id)


def all_ids(owner: psycopg.Connection, table: str) -> set[str]:
    rows = owner.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table))).fetchall()
    return {found for (text,) in rows for found in UUID_PATTERN.findall(text)}


def battery(twins: Twins, known: Known) -> Battery:
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
    return Battery(special, [*per_table(twins, known), *per_reference(known)])


def substitute(statement: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        statement = statement.replace(f"{{{name}}}", value)
    return statement


def per_table(twins: Twins, known: Known) -> Iterator[str]:
    """Read, change, delete, lock, insert and collide with B's rows, for each table that tenants share."""
    for table, columns in known.columns.items():
        tenant, key = tenant_column(table), key_column(table)
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


def per_reference(known: Known) -> Iterator[str]:
    """Point A's rows at B's, at once and at the end of the transaction."""
    for table, column, target in known.references:
        if target == "accounts_tenant":
            continue
        b_id = known.of_b[target]
        yield f"UPDATE {table} SET {column} = '{b_id}'; SET CONSTRAINTS ALL IMMEDIATE"
        yield f"{own_row_with(table, known.columns[table], column, b_id)}; SET CONSTRAINTS ALL IMMEDIATE"


def ask_all(database: str, asked: Battery, twins: Twins, known: Known, *, then: str = "ROLLBACK") -> dict[str, str]:
    """Run every statement as A, each in a transaction and a signed context of its own; return what A gets to see."""
    said = {}
    for statement in asked.special:
        with psycopg.connect(app_url(database)) as connection:
            names = used_by(statement, contexts(twins, connection.info.backend_pid))
            said[statement] = normalised(answer(connection, statement, names, then), statement, database, names, known)
    with psycopg.connect(app_url(database)) as connection:
        names = {"a_context": contexts(twins, connection.info.backend_pid)["a_context"]}
        for statement in asked.generated:
            said[statement] = normalised(answer(connection, statement, names, then), statement, database, names, known)
    return said


def contexts(twins: Twins, pid: int) -> dict[str, str]:
    """Return A's own context for a backend, and those that an intruder might get hold of."""
    signed = partial(sign, backend_pid=pid, lifetime=600, key=settings.CONTEXT_KEYS[0])
    return {
        "pid": str(pid),
        "a_context": signed(twins.a.tenant.id),
        "stolen": signed(twins.b.tenant.id, backend_pid=pid + 1),
        "expired": signed(twins.b.tenant.id, lifetime=-5),
        "other_key": signed(twins.b.tenant.id, key=b"another key"),
    }


def used_by(statement: str, names: dict[str, str]) -> dict[str, str]:
    """Leave out what a statement does not say: a backend's number may stand in an answer by chance."""
    return {name: value for name, value in names.items() if name == "a_context" or f"{{{name}}}" in statement}


def answer(connection: psycopg.Connection, statement: str, names: dict[str, str], then: str) -> str:
    """Run a statement in A's context and end its transaction; return results, error and notices."""
    notices: list[str] = []
    note = notices.append
    connection.execute("SELECT set_config('app.ctx', %s, true)", [names["a_context"]])
    connection.add_notice_handler(handler := lambda notice: note(str(notice.message_primary)))
    said = f"{run(connection, substitute(statement, names))} {notices}"
    connection.remove_notice_handler(handler)
    with suppress(psycopg.Error):
        connection.execute(then)
    return said


def run(connection: psycopg.Connection, statement: str) -> str:
    try:
        with connection.cursor() as cursor:
            if statement.startswith("COPY") and statement.endswith("STDOUT"):
                with cursor.copy(statement) as copy:
                    return repr(sorted(bytes(row) for row in copy))  # which way the table is read tells its volume
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


def answers(twins: Twins, known: Known, asked: Battery) -> Answers:
    """Ask every statement in both databases."""
    here, there = (ask_all(database, asked, twins, known) for database in twins.names)
    return {statement: (here[statement], there[statement]) for statement in here}


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
