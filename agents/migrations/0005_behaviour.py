"""Holds know what was used of them, agents run ten attempts at a time, tags and capabilities are searched by index."""

from typing import Any

import django.db.models.expressions
from django.db import migrations, models

from common.tenancy.migrations import search_function

# Agents from before the limit was enforced keep working as they did: as the owner, over all tenants.
RAISE_LIMIT: list[Any] = [
    "ALTER TABLE agents_agent NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE agents_agent DISABLE TRIGGER USER",
    "UPDATE agents_agent SET max_concurrent = 10 WHERE max_concurrent = 1",
    "SET CONSTRAINTS ALL IMMEDIATE",
    "SET CONSTRAINTS ALL DEFERRED",
    "ALTER TABLE agents_agent ENABLE TRIGGER USER",
    "ALTER TABLE agents_agent FORCE ROW LEVEL SECURITY",
]


class Migration(migrations.Migration):
    dependencies = [("agents", "0004_project_agents")]
    operations = [
        migrations.AlterField(
            model_name="agent",
            name="max_concurrent",
            field=models.PositiveSmallIntegerField(default=10, help_text="Attempts it may run at the same time."),
        ),
        migrations.RunSQL(RAISE_LIMIT, migrations.RunSQL.noop),
        migrations.AddField(
            model_name="budgethold",
            name="used",
            field=models.DecimalField(
                decimal_places=6,
                default=0,
                editable=False,
                help_text="What the attempt has spent of it.",
                max_digits=18,
            ),
        ),
        migrations.AddConstraint(
            model_name="budgethold",
            constraint=models.CheckConstraint(
                condition=models.Q(("used__gte", 0), ("used__lte", django.db.models.expressions.F("amount"))),
                name="agents_budgethold_used_of_amount",
            ),
        ),
        search_function(
            "search_agent_tags(wanted varchar[])",
            "SELECT id FROM public.agents_agent WHERE tenant_id = mine AND tags @> wanted",
            grants=["SELECT (tenant_id, id, tags, capabilities) ON agents_agent"],
        ),
        search_function(
            "search_agent_capabilities(wanted varchar[])",
            "SELECT id FROM public.agents_agent WHERE tenant_id = mine AND capabilities ?& wanted::text[]",
            grants=["SELECT (tenant_id, id, tags, capabilities) ON agents_agent"],
        ),
    ]
