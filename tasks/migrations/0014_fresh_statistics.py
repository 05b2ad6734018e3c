"""Keep the statistics of the two busiest tables fresh: the plan of a claim depends on how many tasks wait.

By default a table is analysed after a tenth of it has changed. With a million tasks that is a hundred thousand changes,
and until then the planner may choose by a queue that is long gone. Here a hundredth is enough.
"""

from django.db import migrations

BUSY = ("tasks_task", "tasks_execution")
OPTIONS = ("autovacuum_analyze_scale_factor", "autovacuum_vacuum_scale_factor")


class Migration(migrations.Migration):
    dependencies = [("tasks", "0013_rare_work")]
    operations = [
        migrations.RunSQL(
            [f"ALTER TABLE {table} SET ({', '.join(f'{option} = 0.01' for option in OPTIONS)})" for table in BUSY],
            reverse_sql=[f"ALTER TABLE {table} RESET ({', '.join(OPTIONS)})" for table in BUSY],
        )
    ]
