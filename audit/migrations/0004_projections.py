"""Cursors of what is made from the log, and the tenants whose deliveries are due."""

import django.contrib.postgres.functions
from django.db import migrations, models

import common.ids
import common.models
from common.tenancy.migrations import ProtectTables, system_function

# The tenants with something due, the longest waiting first. Whoever is disabled waits in no queue.
DUE_DELIVERIES = """
RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT d.tenant_id
  FROM audit_delivery d
  JOIN audit_deliveryendpoint p ON p.tenant_id = d.tenant_id AND p.id = d.endpoint_id AND p.is_active
  WHERE d.next_attempt_at <= clock_timestamp()
  GROUP BY d.tenant_id ORDER BY min(d.next_attempt_at) LIMIT most
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_domain"),
        ("audit", "0003_sealing"),
    ]

    operations = [
        migrations.AddField(
            model_name="deliveryendpoint",
            name="failing_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.CreateModel(
            name="Projection",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=common.models.UUID7Default(),
                        default=common.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow(), editable=False),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow(), editable=False),
                ),
                ("name", models.CharField(max_length=50)),
                ("position", models.BigIntegerField(default=0)),
                ("tenant", common.models.TenantField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "name"), name="audit_projection_name"),
                    models.CheckConstraint(condition=models.Q(("position__gte", 0)), name="audit_projection_position"),
                ],
            },
        ),
        ProtectTables("Projection"),
        system_function(
            "tenants_with_due_deliveries(most integer)",
            DUE_DELIVERIES,
            grants=[
                "SELECT (tenant_id, endpoint_id, next_attempt_at) ON audit_delivery",
                "SELECT (tenant_id, id, is_active) ON audit_deliveryendpoint",
            ],
        ),
    ]
