"""The functions that every other table leans on. No table of its own."""

from django.db import migrations

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

# The tenant of this transaction, or NULL without a context: then row security shows no rows. A context that is forged,
# expired or taken from another backend is an error, so an attack is loud. Evaluated once per query (STABLE, in a
# sub-select of each policy). HMAC-SHA256 is spelled out because pgcrypto is not everywhere.
TENANT = """
CREATE FUNCTION sec.tenant() RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  part text[] := string_to_array(nullif(current_setting('app.ctx', true), ''), '|');
  mac  text;
BEGIN
  IF part IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT encode(sha256(outer_pad || sha256(inner_pad || convert_to(array_to_string(part[1:3], '|'), 'UTF8'))), 'hex')
    INTO mac FROM sec.context_key WHERE key_id = part[4];
  IF mac IS DISTINCT FROM part[5]
     OR part[2] <> pg_backend_pid()::text
     OR to_timestamp(part[3]::bigint) < clock_timestamp() THEN
    RAISE EXCEPTION 'the tenant context is not valid' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN part[1]::uuid;
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
        migrations.RunSQL(
            [
                TENANT,
                "ALTER FUNCTION sec.tenant() OWNER TO cm_system",
                "REVOKE ALL ON FUNCTION sec.tenant() FROM PUBLIC",
                "GRANT EXECUTE ON FUNCTION sec.tenant() TO cm_app, cm_owner",
            ],
            "DROP FUNCTION sec.tenant()",
        ),
        migrations.RunSQL(REFUSE_CHANGE, "DROP FUNCTION sec.refuse_change()"),
        migrations.RunSQL(TOUCH, "DROP FUNCTION sec.touch()"),
    ]
