"""What other apps name as a task or an attempt is one of the same tenant."""

from django.db import migrations

# These tables are below us and know work only by id; the references are made where both are known. The audit log has
# none: it outlives what it speaks of.
REFERENCES = (
    ("agents_agentstatus", "current_execution_id", "tasks_execution"),
    ("agents_agentstatushistory", "execution_id", "tasks_execution"),
    ("agents_budget", "task_id", "tasks_task"),
    ("agents_budgethold", "execution_id", "tasks_execution"),
    ("agents_costentry", "execution_id", "tasks_execution"),
    ("agents_costentry", "task_id", "tasks_task"),
    ("evidence_artifact", "source_execution_id", "tasks_execution"),
    ("evidence_artifactuse", "execution_id", "tasks_execution"),
)

# The first release's migrations made an index on tenant_id alone for each table. The primary key (tenant_id, id) begins
# with it; the models say so since, and databases from before are told here. Nothing brings the indexes back.
DROP_TENANT_INDEXES = """
DO $$
DECLARE
  redundant regclass;
BEGIN
  FOR redundant IN
    SELECT i.indexrelid
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition AND NOT i.indisunique
      AND i.indnatts = 1 AND a.attname = 'tenant_id' AND i.indpred IS NULL
      AND c.relowner = current_user::regrole
      AND EXISTS (SELECT 1 FROM pg_index k WHERE k.indrelid = i.indrelid AND k.indisunique AND k.indpred IS NULL
                  AND k.indnatts > 1 AND k.indkey[0] = a.attnum)
  LOOP
    EXECUTE format('DROP INDEX %s', redundant);
  END LOOP;
END
$$
"""


def reference(table: str, column: str, target: str) -> migrations.RunSQL:
    name = f"{table}_{column.removesuffix('_id')}_fk"
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (tenant_id, {column})"
        f" REFERENCES {target} (tenant_id, id) DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


class Migration(migrations.Migration):
    dependencies = [("tasks", "0003_domain"), ("agents", "0003_domain"), ("evidence", "0003_domain")]
    operations = [
        *(reference(*columns) for columns in REFERENCES),
        migrations.RunSQL(DROP_TENANT_INDEXES, migrations.RunSQL.noop),
    ]
