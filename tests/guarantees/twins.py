"""Two databases that differ in one thing: in the first, tenant B exists with rows in every table; in the second it does
not. Whatever SQL tenant A runs, it must get the same answer in both.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg
from django.db import connections
from psycopg import sql

from audit.tests.places import place_all
from tests.database import administration, prepare, template_database, url_of
from tests.guarantees.catalogue import tenant_tables
from tests.guarantees.filling import fill
from tests.world import World, make_world


@dataclass(frozen=True, slots=True)
class Twins:
    """`with_b` and `without_b` are database names; `a` and `b` the tenants."""

    with_b: str
    without_b: str
    a: World
    b: World

    @property
    def names(self) -> tuple[str, str]:
        return self.with_b, self.without_b


def app_url(database: str) -> str:
    return url_of(os.environ["DATABASE_URL"], database)


def owner_url(database: str) -> str:
    return url_of(os.environ["DATABASE_OWNER_URL"], database)


@contextmanager
def twins(breaks: Sequence[str] = ()) -> Iterator[Twins]:
    """Make both databases, drop them afterwards. `breaks` are statements that spoil the protection first (mutants)."""
    mark = uuid4().hex[:8]
    base, with_b, without_b = (f"cm_twin_{mark}_{name}" for name in ("base", "with", "without"))
    try:
        make_database(base, None)
        with psycopg.connect(owner_url(base)) as owner:
            for statement in breaks:
                owner.execute(statement)
            keep_statistics(owner)
        a = populate(base)
        # What waited for its position would get it while B is made, in one of the twins only.
        with using(base):
            place_all()
        make_database(with_b, base)
        make_database(without_b, base)
        yield Twins(with_b, without_b, a, populate(with_b))
    finally:
        with administration() as connection:
            for name in (base, with_b, without_b):
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def keep_statistics(owner: psycopg.Connection) -> None:
    """Let nobody gather statistics in one twin only: plans are among the answers, and follow them."""
    for (table,) in owner.execute(
        "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    ).fetchall():
        owner.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)".encode())


def make_database(name: str, source: str | None) -> None:
    """Copy `source`, or the template, and grant what a copy does not carry over."""
    with administration() as connection:
        template = source or template_database(connection)
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        prepare(owner_url(name))


def populate(database: str) -> World:
    """Put a tenant with rows in every table into a database that is not the suite's."""
    with using(database):
        world = make_world()
        fill(world)
        return world


@contextmanager
def using(database: str) -> Iterator[None]:
    """Let Django work in another database."""
    settings = [connection.settings_dict for connection in connections.all()]
    before = [entry["NAME"] for entry in settings]
    connections.close_all()
    try:
        for entry in settings:
            entry["NAME"] = database
        yield
    finally:
        connections.close_all()
        for entry, name in zip(settings, before, strict=True):
            entry["NAME"] = name


def tenant_column(table: str) -> str:
    """Return the name of the column that says whose a row is."""
    return "id" if table == "accounts_tenant" else "tenant_id"


def rows_of(database: str, tenant_id: UUID) -> dict[str, str]:
    """Return a digest of each table's rows of one tenant, as the superuser sees them."""
    with psycopg.connect(owner_url(database)) as owner:
        digests = {}
        for table in tenant_tables(owner):
            column = tenant_column(table)
            row = owner.execute(
                sql.SQL(
                    "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t WHERE {} = %s"
                ).format(sql.Identifier(table), sql.Identifier(column)),
                [tenant_id],
            ).fetchone()
            digests[table] = row[0] if row else ""
    return digests
