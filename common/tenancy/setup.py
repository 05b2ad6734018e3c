"""Roles and keys of a database: what must exist before the first migration, and what no migration may contain.

Run through `DATABASE_OWNER_URL`, whose login must be a superuser (or be replaced by an administrator who runs the same
statements). Every statement may run again: it is how keys are rotated too.
"""

from collections.abc import Sequence

import psycopg
from psycopg import sql

from common.tenancy.signing import key_id, pads

OWNER, APP, SYSTEM_ROLE = "cm_owner", "cm_app", "cm_system"
# Reads everything, for backups: a login of its own becomes a member of it (docs/OPERATIONS.md).
BACKUP = "cm_backup"
# Wanted for search; nothing stored needs them yet, so a server without pgvector (Debian's own 15) will do.
EXTENSIONS = ("vector", "pg_trgm")

# The app role: no DDL, no temporary tables, no ownership, and blind to what other sessions run (their literals are
# other tenants' data). Time limits so that no request holds a lock for ever.
ROLE_STATEMENTS = (
    "ALTER ROLE {app} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE",
    "ALTER ROLE {backup} NOLOGIN NOSUPERUSER BYPASSRLS",
    "GRANT pg_read_all_data TO {backup}",
    "ALTER ROLE {app} SET track_activities = off",
    "ALTER ROLE {app} SET statement_timeout = '30s'",
    "ALTER ROLE {app} SET lock_timeout = '5s'",
    "ALTER ROLE {app} SET idle_in_transaction_session_timeout = '60s'",
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    "GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
    "GRANT USAGE ON SCHEMA public TO {app}, {system}",
    "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC",
    "GRANT CONNECT ON DATABASE {database} TO {app}",
    "CREATE SCHEMA IF NOT EXISTS sec AUTHORIZATION {owner}",
    "GRANT USAGE ON SCHEMA sec TO {app}",
    "GRANT USAGE, CREATE ON SCHEMA sec TO {system}",
    "CREATE TABLE IF NOT EXISTS sec.context_key"
    " (key_id text PRIMARY KEY, inner_pad bytea NOT NULL, outer_pad bytea NOT NULL)",
    "ALTER TABLE sec.context_key OWNER TO {owner}",
    "REVOKE ALL ON sec.context_key FROM PUBLIC, {app}",
    "GRANT SELECT ON sec.context_key TO {system}",
)

# The owner may hand functions over to the system role, but does not act with its rights: else the system policies
# (`USING (true)`) would hold for the owner too, and FORCE row security would be empty.
MEMBERSHIP = ("ALTER ROLE {owner} NOINHERIT", "GRANT {system} TO {owner}")
MEMBERSHIP_SINCE_16 = ("GRANT {system} TO {owner} WITH INHERIT FALSE, SET TRUE",)


def prepare_database(owner_dsn: str, *, app_password: str, context_keys: Sequence[bytes]) -> None:
    """Create roles and extensions, grant what each role needs, and replace the context keys by `context_keys`.

    Raises `psycopg.Error` where the login may not do that.
    """
    with psycopg.connect(owner_dsn) as connection:
        create_roles(connection, app_password)
        _create_extensions(connection)
        names = {
            "owner": sql.Identifier(OWNER),
            "app": sql.Identifier(APP),
            "system": sql.Identifier(SYSTEM_ROLE),
            "backup": sql.Identifier(BACKUP),
            "database": sql.Identifier(connection.info.dbname),
        }
        since_16 = MEMBERSHIP_SINCE_16 if connection.info.server_version >= 160000 else ()
        for statement in (*MEMBERSHIP, *since_16, *ROLE_STATEMENTS):
            connection.execute(sql.SQL(statement).format(**names))
        _replace_keys(connection, context_keys)


def _create_extensions(connection: psycopg.Connection) -> None:
    available = connection.execute("SELECT name FROM pg_available_extensions WHERE name = ANY(%s)", [list(EXTENSIONS)])
    for (name,) in available.fetchall():
        connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))


def create_roles(connection: psycopg.Connection, app_password: str) -> None:
    """Create the roles that are missing; the application's gets its password."""
    for role in (OWNER, SYSTEM_ROLE, BACKUP, APP):
        # Two processes may set up at once (a test run beside a server): the loser of the race finds the role there.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('countermark-setup'))")
        exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        if not exists:
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
    connection.execute(
        sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(APP), sql.Literal(app_password))
    )


def _replace_keys(connection: psycopg.Connection, context_keys: Sequence[bytes]) -> None:
    connection.execute("DELETE FROM sec.context_key")
    for key in context_keys:
        inner, outer = pads(key)
        connection.execute(
            "INSERT INTO sec.context_key (key_id, inner_pad, outer_pad) VALUES (%s, %s, %s)",
            [key_id(key), inner, outer],
        )
