"""The functions that every other table leans on. No table of its own."""

from django.db import migrations

from common.tenancy.migrations import owned_by_system

# UUIDv7 (RFC 9562 §5.7) for rows that raw SQL inserts; PostgreSQL has its own from version 18 on, we support 15.
UUID7 = """
CREATE FUNCTION sec.uuid7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
              PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
      52, 1), 53, 1), 'hex')::uuid
$$
"""

# What a signed value says (its first part), if this database made sense of it: known key, right signature, this backend,
# not expired. Anything else is an error, so an attack is loud. HMAC-SHA256 is spelled out because pgcrypto is not
# everywhere. A missing signature or an unknown key is NULL in SQL: it is refused by name, never compared.
VERIFIED = """
CREATE FUNCTION sec.verified(value text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  part text[] := string_to_array(value, '|');
  mac  text;
BEGIN
  SELECT encode(sha256(outer_pad || sha256(inner_pad || convert_to(array_to_string(part[1:3], '|'), 'UTF8'))), 'hex')
    INTO mac FROM sec.context_key WHERE key_id = part[4];
  IF cardinality(part) IS DISTINCT FROM 5 OR mac IS NULL OR mac IS DISTINCT FROM part[5]
     OR part[2] IS DISTINCT FROM pg_backend_pid()::text THEN
    RAISE EXCEPTION 'the tenant context is not valid' USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- The signature holds, so the expiry is a number of ours.
  IF to_timestamp(part[3]::bigint) < clock_timestamp() THEN
    RAISE EXCEPTION 'the tenant context is not valid' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN part[1];
END
$$
"""

# The tenant of this transaction, or NULL without a context: then row security shows no rows. Evaluated once per query
# (STABLE, in a sub-select of each policy).
TENANT = """
CREATE FUNCTION sec.tenant() RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  context text := nullif(current_setting('app.ctx', true), '');
BEGIN
  RETURN CASE WHEN context IS NOT NULL THEN sec.verified(context)::uuid END;
END
$$
"""

# Raises unless `pass` is a signed pass of the application for the functions that look across tenants. SQL that was
# injected into a tenant's transaction has that tenant's context, and no pass.
ADMIT = """
CREATE FUNCTION sec.admit(pass text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF pass IS NULL OR sec.verified(pass) IS DISTINCT FROM 'system' THEN
    RAISE EXCEPTION 'this function needs the pass of the application' USING ERRCODE = 'insufficient_privilege';
  END IF;
END
$$
"""

REFUSE_CHANGE = """
CREATE FUNCTION sec.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$
"""

TOUCH = """
CREATE FUNCTION sec.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := clock_timestamp();
  RETURN NEW;
END
$$
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(UUID7, "DROP FUNCTION sec.uuid7()"),
        migrations.RunSQL("GRANT EXECUTE ON FUNCTION sec.uuid7() TO cm_app, cm_system", migrations.RunSQL.noop),
        migrations.RunSQL(owned_by_system("verified(text)", VERIFIED), "DROP FUNCTION sec.verified(text)"),
        migrations.RunSQL(
            owned_by_system("tenant()", TENANT, callers="cm_app, cm_owner"), "DROP FUNCTION sec.tenant()"
        ),
        migrations.RunSQL(owned_by_system("admit(text)", ADMIT), "DROP FUNCTION sec.admit(text)"),
        migrations.RunSQL(REFUSE_CHANGE, "DROP FUNCTION sec.refuse_change()"),
        migrations.RunSQL(TOUCH, "DROP FUNCTION sec.touch()"),
    ]
