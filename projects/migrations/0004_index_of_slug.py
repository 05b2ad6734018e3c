"""Find a project by its slug within the tenant, with one index instead of two over all tenants."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0003_domain")]
    operations = [
        migrations.AlterField("project", "slug", models.SlugField(db_index=False, max_length=255)),
        migrations.AddIndex("project", models.Index(fields=["tenant", "slug"], name="projects_project_of_slug")),
    ]
