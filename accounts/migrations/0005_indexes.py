"""Find an agent's tokens by index; a tenant's slug has one already, its unique key."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_session_origin")]
    operations = [
        migrations.AlterField("tenant", "slug", models.SlugField(db_index=False, max_length=63)),
        migrations.AddIndex(
            "apitoken",
            models.Index(
                condition=models.Q(("agent_id__isnull", False)),
                fields=["tenant", "agent_id", "-id"],
                name="accounts_apitoken_of_agent",
            ),
        ),
    ]
