"""Where a session was opened."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_domain"),
    ]

    operations = [
        migrations.AddField(
            model_name="session",
            name="ip_address",
            field=models.GenericIPAddressField(null=True),
        ),
        migrations.AddField(
            model_name="session",
            name="user_agent",
            field=models.CharField(db_default="", default="", max_length=1000),
        ),
    ]
