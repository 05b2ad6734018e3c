"""Row security for projects."""

from django.db import migrations

from common.tenancy.migrations import ProtectTables


class Migration(migrations.Migration):
    dependencies = [("projects", "0001_initial"), ("accounts", "0002_tenancy")]
    operations = [ProtectTables("Project", "ProjectMember", "Plan")]
