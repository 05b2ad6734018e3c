"""Sweeps hear of agents that fell silent and of holds that nobody settled."""

from django.db import migrations

from common.tenancy.migrations import redefined_function

NAME = "tenants_with_due_work()"
OPENING = """
RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
"""
# The whole list of what a sweep waits for: whoever adds a kind writes it anew.
OLD = """
  SELECT e.tenant_id FROM tasks_execution e WHERE e.status = 'running' AND e.lease_expires_at < clock_timestamp()
  UNION
  SELECT a.tenant_id FROM tasks_approvalrequest a WHERE a.status = 'pending' AND a.expires_at < clock_timestamp()
"""
NEW = """
  UNION
  SELECT s.tenant_id FROM agents_agentstatus s
  WHERE s.status <> 'offline' AND s.last_heartbeat_at < clock_timestamp() - interval '5 minutes'
  UNION
  SELECT h.tenant_id FROM agents_budgethold h WHERE h.released_at IS NULL AND h.expires_at < clock_timestamp()
"""


class Migration(migrations.Migration):
    dependencies = [("tasks", "0005_work"), ("agents", "0005_behaviour")]
    operations = [
        migrations.RunSQL("GRANT SELECT ON agents_agentstatus, agents_budgethold TO cm_system", migrations.RunSQL.noop),
        redefined_function(NAME, f"{OPENING}{OLD}$$", f"{OPENING}{OLD}{NEW}$$"),
    ]
