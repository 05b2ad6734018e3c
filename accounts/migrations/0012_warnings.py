"""Warnings about one's own account: a letter tells of them whatever its person prefers, and though they were read."""

from typing import Any

from django.db import migrations, models

from common.tenancy.migrations import admitting, bare, owned_by_system, with_pass

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


def redefined(definition: str) -> list[Any]:
    """Return the statements that replace the function: same name, same callers."""
    signature = with_pass(NAME)
    create = f"CREATE FUNCTION sec.{signature} {admitting(definition)}"
    return [f"DROP FUNCTION sec.{bare(signature)}", *owned_by_system(bare(signature), create, callers="cm_app")]


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
        migrations.RunSQL(redefined(AFTER), redefined(BEFORE)),
    ]
