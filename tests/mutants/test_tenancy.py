"""G6 can turn red: each break of the isolation is found by the battery or by the catalogue."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.guarantees.battery import answers, battery, betrayals, differences, know
from tests.guarantees.catalogue import complaints
from tests.guarantees.twins import twins

pytestmark = pytest.mark.mutant

PLAIN_SETTING = """
CREATE OR REPLACE FUNCTION sec.tenant() RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('app.tenant', true), ''),
                  nullif(split_part(current_setting('app.ctx', true), '|', 1), ''))::uuid
$$
"""
# What this function once was: a missing signature and an unknown key are both NULL, and NULL is not distinct from NULL.
NULL_MATCHES_NULL = """
DO $do$ BEGIN
  EXECUTE replace(replace(pg_get_functiondef('sec.verified(text)'::regprocedure),
                          'cardinality(part) IS DISTINCT FROM 5 OR mac IS NULL OR ', ''), 'OR mac IS NULL', '');
END $do$
"""
OPEN_FUNCTION = """
CREATE FUNCTION sec.list_tenants() RETURNS TABLE (tenant_id uuid) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$ SELECT id FROM accounts_tenant ORDER BY id $$
"""
SIMPLE_REFERENCE = (
    "ALTER TABLE projects_project ADD UNIQUE (id)",
    "ALTER TABLE projects_plan DROP CONSTRAINT projects_plan_project_fk,"
    " ADD FOREIGN KEY (project_id) REFERENCES projects_project (id) DEFERRABLE INITIALLY DEFERRED",
)
READS_A_SECRET = {"plain setting", "null matches null", "row security off", "open function"}


@pytest.mark.parametrize(
    ("name", "breaks"),
    [
        ("plain setting", [PLAIN_SETTING]),
        ("null matches null", [NULL_MATCHES_NULL]),
        ("row security off", ["ALTER TABLE tasks_task DISABLE ROW LEVEL SECURITY"]),
        ("open function", [OPEN_FUNCTION, "ALTER FUNCTION sec.list_tenants() OWNER TO cm_system"]),
        ("simple reference", SIMPLE_REFERENCE),
        ("simple key", ["ALTER TABLE audit_event DROP CONSTRAINT audit_event_pkey, ADD PRIMARY KEY (id)"]),
    ],
)
def test_the_battery_finds(
    name: str, breaks: list[str], django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), twins(breaks) as pair:
        known = know(pair)
        asked = answers(pair, known, battery(pair, known))
        assert differences(asked)
        assert bool(betrayals(asked, pair, known)) == (name in READS_A_SECRET)


@pytest.fixture
def spoiled(django_db_setup: None) -> Iterator[psycopg.Connection]:
    """The owner's connection in a transaction that is rolled back: what a test breaks, nobody else sees."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        yield owner
        owner.rollback()


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        ("ALTER TABLE tasks_task NO FORCE ROW LEVEL SECURITY", "tasks_task: row security"),
        ("ALTER TABLE audit_event_2026_12 NO FORCE ROW LEVEL SECURITY", "audit_event_2026_12: row security"),
        ("CREATE TABLE public.notes (id uuid PRIMARY KEY)", "notes has no tenant_id"),
        ("CREATE POLICY more ON tasks_task TO cm_app USING (true)", "tasks_task: policies"),
        ("DROP POLICY tasks_task_tenant ON tasks_task", "tasks_task: policies"),
        ("CREATE UNIQUE INDEX by_title ON tasks_task (title, id)", "by_title on tasks_task"),
        ("ALTER TABLE tasks_task DROP CONSTRAINT tasks_task_plan_fk", "Task.plan has no composite"),
        ("; ".join(SIMPLE_REFERENCE), "projects_plan['project_id']"),
        ("ALTER ROLE cm_app BYPASSRLS", "cm_app has rolbypassrls"),
        ("GRANT cm_system TO cm_app", "cm_app is a member of cm_system"),
        ("GRANT cm_system TO cm_owner WITH INHERIT TRUE", "cm_owner inherits cm_system"),
        ("GRANT CREATE ON SCHEMA public TO cm_app", "cm_app may create"),
        ("ALTER TABLE tasks_task OWNER TO cm_app", "cm_app owns the table tasks_task"),
        ("ALTER ROLE cm_app RESET track_activities", "pg_stat_activity"),
        (OPEN_FUNCTION, "sec.list_tenants() is not known"),
        ("ALTER FUNCTION sec.find_login(text, text) RESET search_path", "no pinned search path"),
        ("GRANT EXECUTE ON FUNCTION sec.admit(text) TO PUBLIC", "sec.admit(text) is not known"),
        ("CREATE VIEW public.everything AS SELECT * FROM tasks_task", "everything (kind v)"),
        ("GRANT SELECT ON audit_event_2026_12 TO cm_app", "cm_app has SELECT on audit_event_2026_12"),
        ("GRANT UPDATE ON audit_event TO cm_app", "cm_app may UPDATE audit_event"),
        ("GRANT SELECT ON sec.context_key TO cm_app", "cm_app has SELECT on context_key"),
    ],
)
def test_the_catalogue_finds(spoiled: psycopg.Connection, spoil: str, complaint: str) -> None:
    for statement in spoil.split("; ") if "$$" not in spoil else [spoil]:
        spoiled.execute(statement)
    assert any(complaint in said for said in complaints(spoiled)), complaints(spoiled)
