"""How much work waits and for how long, over all tenants: numbers for the metrics, of nobody in particular."""

from django.db import migrations

from common.tenancy.migrations import system_function

# Each count ends at 10,000, and each part reads one partial index that holds only what waits or runs. Tasks are
# looked up per tenant and priority, because that is the order of the claim's index: the heap is not touched.
GAUGES = """
RETURNS TABLE (claimable bigint, oldest_claimable_seconds double precision,
               leases bigint, oldest_lease_seconds double precision, overdue_lease_seconds double precision,
               approvals bigint, oldest_approval_seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH line AS (
    SELECT t.id AS tenant_id, priority.rank FROM accounts_tenant t
    CROSS JOIN (VALUES (0), (1), (2), (3)) AS priority (rank)
  ), ready AS (
    SELECT 1 FROM line CROSS JOIN LATERAL (
      SELECT k.claimable_from FROM tasks_task k
      WHERE k.tenant_id = line.tenant_id AND k.priority_rank = line.rank
        AND k.claimable_from <= statement_timestamp() AND k.deleted_at IS NULL
      ORDER BY k.claimable_from LIMIT 10000) AS first LIMIT 10000
  ), first_ready AS (
    SELECT min(first.claimable_from) AS at FROM line CROSS JOIN LATERAL (
      SELECT k.claimable_from FROM tasks_task k
      WHERE k.tenant_id = line.tenant_id AND k.priority_rank = line.rank
        AND k.claimable_from IS NOT NULL AND k.deleted_at IS NULL
      ORDER BY k.claimable_from LIMIT 1) AS first
  ), leased AS (
    SELECT started_at, lease_expires_at FROM tasks_execution
    WHERE status = 'running' ORDER BY lease_expires_at LIMIT 10000
  ), asked AS (
    SELECT created_at FROM tasks_approvalrequest WHERE status = 'pending' ORDER BY expires_at LIMIT 10000
  ), since (claimable, lease, overdue, approval) AS (
    SELECT (SELECT at FROM first_ready), (SELECT min(started_at) FROM leased),
           (SELECT min(lease_expires_at) FROM leased), (SELECT min(created_at) FROM asked)
  )
  SELECT (SELECT count(*) FROM ready), greatest(extract(epoch FROM clock_timestamp() - since.claimable), 0)::float8,
         (SELECT count(*) FROM leased), greatest(extract(epoch FROM clock_timestamp() - since.lease), 0)::float8,
         greatest(extract(epoch FROM clock_timestamp() - since.overdue), 0)::float8,
         (SELECT count(*) FROM asked), greatest(extract(epoch FROM clock_timestamp() - since.approval), 0)::float8
  FROM since
$$
"""


class Migration(migrations.Migration):
    dependencies = [("tasks", "0010_approvals")]
    operations = [
        system_function(
            "work_gauges()",
            GAUGES,
            grants=[f"SELECT ON {table}" for table in ("tasks_task", "tasks_execution", "tasks_approvalrequest")],
        ),
    ]
