"""Find out cheaply whether a stored body still has its artifact."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("evidence", "0004_project_evidence")]
    operations = [
        migrations.AddIndex(
            model_name="artifact",
            index=models.Index(
                condition=models.Q(("file_sha256__isnull", False)),
                fields=["tenant", "file_sha256"],
                name="evidence_artifact_file_sha256",
            ),
        ),
    ]
