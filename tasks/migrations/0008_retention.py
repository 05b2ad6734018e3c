"""Run logs and quarantined writes are append-only for everybody, and end when they are old enough."""

from typing import Any

from django.db import migrations

from common.tenancy.migrations import system_function

TABLES = ("tasks_executionlog", "tasks_quarantinedwrite")

KEPT = """
CREATE FUNCTION sec.refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user <> 'cm_system' OR OLD.created_at > clock_timestamp() - interval '1 day' THEN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN OLD;
END
$$
"""

PURGE_LOGS = """
RETURNS TABLE (removed bigint)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH gone AS (
    DELETE FROM tasks_executionlog l WHERE l.tenant_id = of_tenant AND l.id IN (
      SELECT c.id FROM tasks_executionlog c
      JOIN tasks_execution e ON e.tenant_id = c.tenant_id AND e.id = c.execution_id AND e.ended_at < before
      WHERE c.tenant_id = of_tenant AND c.created_at < clock_timestamp() - interval '1 day'
      ORDER BY c.id LIMIT batch)
    RETURNING 1)
  SELECT count(*) FROM gone
$$
"""

PURGE_QUARANTINE = """
RETURNS TABLE (removed bigint)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH gone AS (
    DELETE FROM tasks_quarantinedwrite q WHERE q.tenant_id = of_tenant AND q.id IN (
      SELECT c.id FROM tasks_quarantinedwrite c
      WHERE c.tenant_id = of_tenant AND c.created_at < least(before, clock_timestamp() - interval '1 day')
      ORDER BY c.id LIMIT batch)
    RETURNING 1)
  SELECT count(*) FROM gone
$$
"""


def guards(table: str) -> tuple[list[Any], list[Any]]:
    """Return what lets old rows go and nothing else, and what brings the plain guard back."""
    plain = [
        f"CREATE TRIGGER {table}_immutable BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION sec.refuse_change()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_immutable",
    ]
    forwards = [
        f"DROP TRIGGER {table}_immutable ON {table}",
        *(statement.replace("UPDATE OR DELETE", "UPDATE") for statement in plain),
        f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION sec.refuse_removal()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_kept",
    ]
    backwards = [f"DROP TRIGGER {table}_kept ON {table}", f"DROP TRIGGER {table}_immutable ON {table}", *plain]
    return forwards, backwards


class Migration(migrations.Migration):
    dependencies = [("tasks", "0007_reports")]
    operations = [
        migrations.RunSQL(KEPT, "DROP FUNCTION sec.refuse_removal()"),
        *(migrations.RunSQL(*guards(table)) for table in TABLES),
        system_function(
            "purge_run_logs(of_tenant uuid, before timestamptz, batch integer)",
            PURGE_LOGS,
            grants=["SELECT, DELETE ON tasks_executionlog"],
        ),
        system_function(
            "purge_quarantined_writes(of_tenant uuid, before timestamptz, batch integer)",
            PURGE_QUARANTINE,
            grants=["SELECT, DELETE ON tasks_quarantinedwrite"],
        ),
    ]
