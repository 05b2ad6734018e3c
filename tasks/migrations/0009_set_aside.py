from django.db import migrations, models

# An attempt that has ended stays as it ended; a result that was accepted may be set aside, once. Generated columns are
# not known yet where a trigger looks before the row is written.
KEEP_ENDED = """
CREATE OR REPLACE FUNCTION sec.keep_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF to_jsonb(NEW) - {columns} IS DISTINCT FROM to_jsonb(OLD) - {columns} {further} THEN
    RAISE EXCEPTION 'an ended execution does not change' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$
"""
BEFORE = KEEP_ENDED.format(columns="ARRAY['updated_at', 'total_tokens', 'execution_time_ms']", further="")
NOW = KEEP_ENDED.format(
    columns="ARRAY['updated_at', 'total_tokens', 'execution_time_ms', 'set_aside_at']",
    further="OR OLD.set_aside_at IS NOT NULL AND NEW.set_aside_at IS DISTINCT FROM OLD.set_aside_at",
)


class Migration(migrations.Migration):
    dependencies = [("tasks", "0008_retention")]
    operations = [
        migrations.AddField("execution", "set_aside_at", models.DateTimeField(null=True)),
        migrations.RemoveConstraint("execution", "tasks_execution_one_success"),
        migrations.AddConstraint(
            "execution",
            models.UniqueConstraint(
                fields=["tenant", "task"],
                condition=models.Q(("set_aside_at__isnull", True), ("status", "success")),
                name="tasks_execution_one_success",
            ),
        ),
        migrations.AddConstraint(
            "execution",
            models.CheckConstraint(
                condition=models.Q(("set_aside_at__isnull", True), ("status", "success"), _connector="OR"),
                name="tasks_execution_set_aside",
            ),
        ),
        migrations.RunSQL(NOW, BEFORE),
    ]
