"""A phase may be approved again: where its criteria changed since, the approval before does not count."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("projects", "0004_index_of_slug")]
    operations = [migrations.RemoveConstraint("phaseapproval", "projects_phaseapproval_once")]
