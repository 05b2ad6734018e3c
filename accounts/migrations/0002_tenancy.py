"""Row security for accounts, and the functions that find who asks before a tenant is known."""

from django.db import migrations

from common.tenancy.migrations import ProtectTables, system_function

# A session by the digest of its key, with its person: one call per request. Closed accounts and tenants have none.
FIND_SESSION = """
RETURNS TABLE (session_id uuid, tenant_id uuid, user_id uuid, label text, role text, data text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT s.id, s.tenant_id, u.id, coalesce(nullif(u.display_name, ''), u.username)::text, u.role::text, s.data
  FROM accounts_session s
  JOIN accounts_user u ON u.tenant_id = s.tenant_id AND u.id = s.user_id AND u.is_active
  JOIN accounts_tenant t ON t.id = s.tenant_id AND t.is_active
  WHERE s.digest = find_session.digest AND s.expires_at > clock_timestamp()
$$
"""

# A usable token by its digest, with the person whose rights it carries.
FIND_TOKEN = """
RETURNS TABLE (token_id uuid, tenant_id uuid, user_id uuid, agent_id uuid, label text, role text, scopes text[],
               used_long_ago boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT k.id, k.tenant_id, u.id, k.agent_id,
         CASE WHEN k.agent_id IS NULL THEN coalesce(nullif(u.display_name, ''), u.username) ELSE k.name END::text,
         u.role::text, k.scopes::text[],
         k.last_used_at IS NULL OR k.last_used_at < clock_timestamp() - interval '1 minute'
  FROM accounts_apitoken k
  JOIN accounts_user u ON u.tenant_id = k.tenant_id AND u.id = k.user_id AND u.is_active
  JOIN accounts_tenant t ON t.id = k.tenant_id AND t.is_active
  WHERE k.digest = find_token.digest AND k.revoked_at IS NULL
    AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
$$
"""

# The tenant of an e-mail address, for sign-in; e-mail addresses are unique over all tenants.
FIND_LOGIN = """
RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT u.tenant_id FROM accounts_user u
  JOIN accounts_tenant t ON t.id = u.tenant_id AND t.is_active
  WHERE u.email = find_login.email
$$
"""

LIST_TENANTS = """
RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT id FROM accounts_tenant ORDER BY id
$$
"""

# A new password or a closed account ends every session of that person, whoever made the change.
END_SESSIONS = """
CREATE FUNCTION sec.end_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM public.accounts_session WHERE tenant_id = NEW.tenant_id AND user_id = NEW.id;
  RETURN NULL;
END
$$
"""
END_SESSIONS_TRIGGER = """
CREATE TRIGGER accounts_user_end_sessions AFTER UPDATE OF password, is_active ON accounts_user FOR EACH ROW
WHEN (OLD.password IS DISTINCT FROM NEW.password OR (OLD.is_active AND NOT NEW.is_active))
EXECUTE FUNCTION sec.end_sessions()
"""

READS = ["SELECT ON accounts_tenant, accounts_user, accounts_session, accounts_apitoken"]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("common", "0001_foundation"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        ProtectTables("Tenant", tenant_column="id"),
        ProtectTables("User", "Session", "ApiToken", "IdempotencyKey"),
        system_function("find_session(digest bytea)", FIND_SESSION, grants=READS),
        system_function("find_token(digest bytea)", FIND_TOKEN),
        system_function("find_login(email text)", FIND_LOGIN),
        system_function("list_tenants()", LIST_TENANTS),
        migrations.RunSQL(
            [END_SESSIONS, END_SESSIONS_TRIGGER],
            ["DROP TRIGGER accounts_user_end_sessions ON accounts_user", "DROP FUNCTION sec.end_sessions()"],
        ),
        # The admin looks up content types; they are the same for everybody.
        migrations.RunSQL(
            "GRANT SELECT ON django_content_type TO cm_app", "REVOKE SELECT ON django_content_type FROM cm_app"
        ),
    ]
