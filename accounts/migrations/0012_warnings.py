"""Warnings about one's own account: a letter tells of them whatever its person prefers, and though they were read."""

from django.db import migrations, models

from common.tenancy.migrations import redefined_function

DEFINITION = """
RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT DISTINCT n.tenant_id FROM accounts_notification n
  JOIN accounts_tenant t ON t.id = n.tenant_id AND t.is_active
  WHERE n.created_at > since AND {unseen} AND n.emailed_at IS NULL AND n.digest_at IS NULL
$$
"""
BEFORE = DEFINITION.format(unseen="n.read_at IS NULL")
AFTER = DEFINITION.format(unseen="(n.read_at IS NULL OR n.is_warning)")
NAME = "tenants_with_letters(since timestamp with time zone)"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_claimed_letters")]
    operations = [
        migrations.AddField(
            model_name="notification",
            name="is_warning",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text=(
                    "About one's own account: a letter goes out whatever its person prefers, and though it was read."
                ),
            ),
        ),
        migrations.RemoveIndex(model_name="notification", name="accounts_notification_unsent"),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(digest_at__isnull=True, emailed_at__isnull=True)
                & (models.Q(read_at__isnull=True) | models.Q(is_warning=True)),
                fields=["created_at"],
                name="accounts_notification_unsent",
            ),
        ),
        redefined_function(NAME, BEFORE, AFTER),
    ]
