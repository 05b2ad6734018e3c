"""Which tenants have notifications that a letter may still tell of: one look over all of them."""

from django.db import migrations

from common.tenancy.migrations import system_function

TENANTS_WITH_LETTERS = """
RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT DISTINCT n.tenant_id FROM accounts_notification n
  JOIN accounts_tenant t ON t.id = n.tenant_id AND t.is_active
  WHERE n.created_at > since AND n.read_at IS NULL AND n.emailed_at IS NULL AND n.digest_at IS NULL
$$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_second_factor")]
    operations = [
        system_function(
            "tenants_with_letters(since timestamp with time zone)",
            TENANTS_WITH_LETTERS,
            grants=["SELECT ON accounts_notification"],
        )
    ]
