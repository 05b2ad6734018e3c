"""Row security for agents; an agent's token points at its agent."""

from django.db import migrations

from common.tenancy.migrations import ProtectTables

# The token table is below us and knows agents only by id; the reference is made where both are known.
TOKEN_AGENT = (
    "ALTER TABLE accounts_apitoken ADD CONSTRAINT accounts_apitoken_agent_fk FOREIGN KEY (tenant_id, agent_id)"
    " REFERENCES agents_agent (tenant_id, id) DEFERRABLE INITIALLY DEFERRED"
)


class Migration(migrations.Migration):
    dependencies = [("agents", "0001_initial"), ("accounts", "0002_tenancy")]
    operations = [
        ProtectTables("Agent"),
        migrations.RunSQL(TOKEN_AGENT, "ALTER TABLE accounts_apitoken DROP CONSTRAINT accounts_apitoken_agent_fk"),
    ]
