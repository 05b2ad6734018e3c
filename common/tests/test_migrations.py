"""Migrations run forwards, again, backwards to nothing, and forwards once more."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.database import ROOT, administration, prepare, url_of

NAME = f"cm_migrations_{os.getpid()}"


@pytest.fixture
def database() -> Iterator[dict[str, str]]:
    """An empty database with roles and keys, as a set-up leaves it; the environment that points at it."""
    environment = {variable: url_of(os.environ[variable], NAME) for variable in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    with administration() as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
    try:
        prepare(environment["DATABASE_OWNER_URL"])
        yield environment
    finally:
        with administration() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(NAME)))


def manage(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def migrate(environment: dict[str, str], *arguments: str) -> str:
    return manage(environment, "migrate", "--database", "owner", *arguments)


def rows(environment: dict[str, str], statement: str) -> list[Any]:
    with psycopg.connect(environment["DATABASE_OWNER_URL"]) as connection:
        return [row for (row,) in connection.execute(statement)]


STRUCTURE = """
SELECT kind || ' ' || what FROM (
  SELECT 'column', table_schema || '.' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
         || ' ' || coalesce(column_default, '')
  FROM information_schema.columns WHERE table_schema IN ('public', 'sec')
  UNION ALL SELECT 'constraint', conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace IN ('public'::regnamespace, 'sec'::regnamespace)
  UNION ALL SELECT 'index', indexdef FROM pg_indexes WHERE schemaname IN ('public', 'sec')
  UNION ALL SELECT 'trigger', pg_get_triggerdef(oid) || ' ' || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT 'policy', tablename || ' ' || policyname || ' ' || roles::text || coalesce(qual, '')
  FROM pg_policies
  UNION ALL SELECT 'function', p.oid::regprocedure || ' ' || md5(p.prosrc) || ' ' || p.prosecdef || ' '
         || p.proowner::regrole || ' ' || coalesce(p.proacl::text, '')
  FROM pg_proc p WHERE pronamespace = 'sec'::regnamespace
  UNION ALL SELECT 'grant', c.oid::regclass || ' ' || coalesce(c.relacl::text, '') || ' ' || c.relforcerowsecurity
  FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
) AS found (kind, what) ORDER BY 1
"""
LEFT_OVER = """
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'
AND split_part(table_name, '_', 1) IN ('tasks', 'evidence', 'agents', 'projects', 'accounts', 'audit', 'common')
UNION ALL SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'sec'::regnamespace
"""


@pytest.mark.long
def test_migrations_run_forwards_twice_backwards_and_forwards_again(database: dict[str, str]) -> None:
    assert "Applying tasks.0002_tenancy... OK" in migrate(database)
    first = rows(database, STRUCTURE)
    assert "No migrations to apply" in migrate(database)
    migrate(database, "common", "zero")  # every other app stands on it, so this takes back all of them
    assert rows(database, LEFT_OVER) == []
    migrate(database)
    assert rows(database, STRUCTURE) == first


def test_the_models_say_what_the_migrations_say() -> None:
    assert "No changes detected" in manage({}, "makemigrations", "--check", "--dry-run")


def test_the_application_role_cannot_migrate(database: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "migrate"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | database, capture_output=True, text=True)
    assert done.returncode != 0
    assert "MissingTenantContextError" in done.stderr  # and without this guard the database refuses its DDL
