"""Find the little evidence that counts no more, or that others contradict, without reading the rest."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("evidence", "0005_artifact_bodies")]
    operations = [
        migrations.AddIndex(
            "evidence",
            models.Index(
                fields=["tenant", "status", "-id"],
                condition=models.Q(("status", "current"), _negated=True),
                name="evidence_evidence_not_current",
            ),
        ),
        migrations.AddIndex(
            "evidence",
            models.Index(
                fields=["tenant", "-id"], condition=models.Q(disputed=True), name="evidence_evidence_disputed"
            ),
        ),
    ]
