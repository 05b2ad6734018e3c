"""Which tenants have events that no checkpoint covers, and how the leaves of an epoch are written."""

from django.db import migrations, models

from common.tenancy.migrations import system_function

# The tenants are walked along the key of the positions, one step each, whatever the number of events.
UNSEALED_TENANTS = (
    """unsealed_tenants()""",
    """
RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH RECURSIVE tenants AS (
    (SELECT p.tenant_id FROM audit_position p ORDER BY p.tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT p.tenant_id FROM audit_position p WHERE p.tenant_id > t.tenant_id ORDER BY p.tenant_id LIMIT 1)
    FROM tenants t WHERE t.tenant_id IS NOT NULL
  )
  SELECT t.tenant_id FROM tenants t
  WHERE t.tenant_id IS NOT NULL
    AND (SELECT max(p.pos) FROM audit_position p WHERE p.tenant_id = t.tenant_id) > coalesce((
      SELECT e.first_pos - 1 + coalesce((
        SELECT max(c.tree_size) FROM audit_checkpoint c WHERE c.tenant_id = e.tenant_id AND c.epoch_id = e.id), 0)
      FROM audit_epoch e WHERE e.tenant_id = t.tenant_id ORDER BY e.number DESC LIMIT 1), 0)
$$
""",
)
GRANTS = [
    "SELECT (tenant_id, id, number, first_pos) ON audit_epoch",
    "SELECT (tenant_id, epoch_id, tree_size) ON audit_checkpoint",
]


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_domain")]

    operations = [
        migrations.AddField(
            model_name="epoch",
            name="leaf_version",
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        system_function(*UNSEALED_TENANTS, grants=GRANTS),
    ]
