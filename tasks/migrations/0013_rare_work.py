"""Find the attempts that failed for a reason, and the tasks that a run has judged, without reading the rest."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tasks", "0012_lists")]
    operations = [
        migrations.AddIndex(
            "execution",
            models.Index(
                fields=["tenant", "error_category", "-id"],
                condition=models.Q(error_category__isnull=False),
                name="tasks_execution_failed",
            ),
        ),
        migrations.AddIndex(
            "task",
            models.Index(
                fields=["tenant", "verification", "-id"],
                condition=models.Q(("verification", "unverified"), _negated=True),
                name="tasks_task_by_verification",
            ),
        ),
    ]
