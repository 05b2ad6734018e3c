"""What projects name as evidence is evidence of the same tenant."""

from django.db import migrations

# These tables are below us and know evidence only by id; the reference is made where both are known.
TABLES = ("projects_gatecheck", "projects_successcriterion")


def reference(table: str) -> migrations.RunSQL:
    name = f"{table}_evidence_fk"
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (tenant_id, evidence_id)"
        " REFERENCES evidence_evidence (tenant_id, id) DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


class Migration(migrations.Migration):
    dependencies = [("evidence", "0003_domain"), ("projects", "0003_domain")]
    operations = [reference(table) for table in TABLES]
