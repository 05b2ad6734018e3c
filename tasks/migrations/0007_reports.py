"""Late reports are kept too, and the lines of a checklist can change places."""

from django.db import migrations, models

DROP = "ALTER TABLE tasks_checklistitem DROP CONSTRAINT tasks_checklistitem_ordinal"
ADD = (
    "ALTER TABLE tasks_checklistitem ADD CONSTRAINT tasks_checklistitem_ordinal"
    " UNIQUE NULLS NOT DISTINCT (tenant_id, task_id, gate_id, ordinal)"
)


class Migration(migrations.Migration):
    dependencies = [("tasks", "0006_due_work")]
    operations = [
        migrations.RemoveConstraint(model_name="quarantinedwrite", name="tasks_quarantinedwrite_kind"),
        migrations.AlterField(
            model_name="quarantinedwrite",
            name="kind",
            field=models.CharField(
                choices=[
                    ("evidence", "Evidence"),
                    ("approval", "Approval request"),
                    ("complete", "Result"),
                    ("fail", "Failure report"),
                    ("release", "Release"),
                    ("report", "Report"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="quarantinedwrite",
            constraint=models.CheckConstraint(
                condition=models.Q(kind__in=["evidence", "approval", "complete", "fail", "release", "report"]),
                name="tasks_quarantinedwrite_kind",
            ),
        ),
        # Where NULLs count as equal, Django forgets that the constraint is to be judged at the end of the transaction.
        migrations.RunSQL([DROP, f"{ADD} DEFERRABLE INITIALLY DEFERRED"], [DROP, ADD]),
    ]
