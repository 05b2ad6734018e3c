"""Find the log a chunk belongs to and tasks by the beginning of their title; a lease ends with the hard limit now."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_domain"),
        ("agents", "0004_project_agents"),
        ("projects", "0003_domain"),
        ("tasks", "0004_references"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="execution",
            name="tasks_execution_overdue",
        ),
        migrations.AddIndex(
            model_name="executionlog",
            index=models.Index(fields=["tenant", "sha256"], name="tasks_executionlog_sha256"),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                fields=["tenant", "title"], name="tasks_task_title", opclasses=["uuid_ops", "text_pattern_ops"]
            ),
        ),
    ]
