"""Projects name agents only by id; the references are made here, where both are known."""

from django.db import migrations

REFERENCES = (
    ("projects_escalation", "raised_by_agent_id"),
    ("projects_escalationrule", "backup_agent_id"),
    ("projects_escalationrule", "escalate_to_agent_id"),
    ("projects_gate", "owner_agent_id"),
    ("projects_gatecheck", "checked_by_agent_id"),
    ("projects_phaseapproval", "approver_agent_id"),
    ("projects_review", "reviewer_agent_id"),
)


def reference(table: str, column: str) -> migrations.RunSQL:
    name = f"{table}_{column.removesuffix('_id')}_fk"
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (tenant_id, {column})"
        " REFERENCES agents_agent (tenant_id, id) DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


class Migration(migrations.Migration):
    dependencies = [("agents", "0003_domain"), ("projects", "0003_domain")]
    operations = [reference(table, column) for table, column in REFERENCES]
