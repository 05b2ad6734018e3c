"""Unanswered requests are escalated, and a result that is set aside says why."""

from django.db import migrations, models
from django.db.models import Q

from common.tenancy.migrations import redefined_function

# What a result was set aside for is said when it is.
KEEP_ENDED = """
CREATE OR REPLACE FUNCTION sec.keep_ended() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ignored text[] := ARRAY['updated_at', 'total_tokens', 'execution_time_ms', 'set_aside_at'{further}];
BEGIN
  IF to_jsonb(NEW) - ignored IS DISTINCT FROM to_jsonb(OLD) - ignored
     OR OLD.set_aside_at IS NOT NULL AND NEW.set_aside_at IS DISTINCT FROM OLD.set_aside_at{guard} THEN
    RAISE EXCEPTION 'an ended execution does not change' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$
"""

ONCE = """
     OR OLD.set_aside_at IS NOT NULL AND NEW.set_aside_reason IS DISTINCT FROM OLD.set_aside_reason"""

NAME = "tenants_with_due_work()"
OPENING = """
RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
"""
OLD = """
  SELECT e.tenant_id FROM tasks_execution e WHERE e.status = 'running' AND e.lease_expires_at < clock_timestamp()
  UNION
  SELECT a.tenant_id FROM tasks_approvalrequest a WHERE a.status = 'pending' AND a.expires_at < clock_timestamp()
  UNION
  SELECT s.tenant_id FROM agents_agentstatus s
  WHERE s.status <> 'offline' AND s.last_heartbeat_at < clock_timestamp() - interval '5 minutes'
  UNION
  SELECT h.tenant_id FROM agents_budgethold h WHERE h.released_at IS NULL AND h.expires_at < clock_timestamp()
"""
NEW = """
  UNION
  SELECT a.tenant_id FROM tasks_approvalrequest a WHERE a.status = 'pending' AND a.escalates_at < clock_timestamp()
"""


class Migration(migrations.Migration):
    dependencies = [("tasks", "0009_set_aside")]
    operations = [
        migrations.AddField("approvalrequest", "escalates_at", models.DateTimeField(null=True)),
        migrations.AddField("execution", "set_aside_reason", models.TextField(default="")),
        migrations.AddIndex(
            model_name="approvalrequest",
            index=models.Index(
                condition=Q(status="pending", escalates_at__isnull=False),
                fields=["escalates_at"],
                name="tasks_approvalrequest_escalate",
            ),
        ),
        migrations.RunSQL(
            KEEP_ENDED.format(further=", 'set_aside_reason'", guard=ONCE), KEEP_ENDED.format(further="", guard="")
        ),
        redefined_function(NAME, f"{OPENING}{OLD}$$", f"{OPENING}{OLD}{NEW}$$"),
    ]
