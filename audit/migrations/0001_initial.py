"""The append-only log, its outbox and its positions."""

from typing import Any

import django.contrib.postgres.fields
import django.contrib.postgres.functions
from django.db import migrations, models

import common.ids
import common.models
from common.tenancy.migrations import owned_by_system, row_security, system_function

# Django cannot make a partitioned table: it makes a plain one, and this puts a partitioned one with the same columns,
# defaults and CHECKs in its place. Django's indexes come at the end of the migration, so they land on the new table.
PARTITION: list[Any] = [
    "CREATE TABLE audit_event_parent (LIKE audit_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
    " PARTITION BY RANGE (id)",
    "DROP TABLE audit_event",
    "ALTER TABLE audit_event_parent RENAME TO audit_event",
    "ALTER TABLE audit_event ADD CONSTRAINT audit_event_pkey PRIMARY KEY (tenant_id, id)",
]

# Whatever the writer says, time and database user are the server's.
STAMP = """
CREATE FUNCTION sec.stamp_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.recorded_at := clock_timestamp();
  NEW.db_user := session_user;
  RETURN NEW;
END
$$
"""

# Each event enters the outbox by itself, whoever inserted it; the app needs no right on the outbox.
ENQUEUE = """
CREATE FUNCTION sec.enqueue_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO audit_pending (tenant_id, event_id) VALUES (NEW.tenant_id, NEW.id);
  RETURN NULL;
END
$$
"""

# Makes the partitions of this month and the next `ahead` ones, each with the row security and the TRUNCATE trigger of
# the parent; does nothing for those that exist. It runs as the owner of the table, because only an owner can add a
# partition; that is why it is the one definer function that does not belong to cm_system, and only cm_system may call it.
MAKE_PARTITIONS = """
CREATE FUNCTION sec.make_partitions(ahead integer) RETURNS TABLE (partition text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  month timestamptz;
  name text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('audit-partitions'));
  FOR step IN 0..least(ahead, 24) LOOP
    month := date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
             + make_interval(months => step);
    name := 'audit_event_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM');
    CONTINUE WHEN to_regclass('public.' || name) IS NOT NULL;
    EXECUTE format('CREATE TABLE public.%I PARTITION OF public.audit_event FOR VALUES FROM (%L) TO (%L)',
                   name, sec.uuid7_floor(month), sec.uuid7_floor(month + interval '1 month'));
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON public.%I'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION sec.refuse_change()', name || '_no_truncate', name);
    EXECUTE format('ALTER TABLE public.%I ENABLE ALWAYS TRIGGER %I', name, name || '_no_truncate');
    partition := name;
    RETURN NEXT;
  END LOOP;
END
$$
"""

ENSURE_PARTITIONS = (
    """ensure_partitions(ahead integer)""",
    """
RETURNS TABLE (partition text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT made.partition FROM sec.make_partitions(ahead) made
$$
""",
)

UUID7_FLOOR = """
CREATE FUNCTION sec.uuid7_floor(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT rpad(lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0'), 32, '0')::uuid
$$
"""

# The relay in one statement: take what is visible, in the order of `n`, and give each tenant's events the next dense
# positions. One relay at a time: the lock lives and dies with the transaction that writes, so a standby simply gets no
# rows. An event that commits late is still in `audit_pending` and is placed when it shows.
PLACE_EVENTS = (
    """place_events(batch integer)""",
    """
RETURNS TABLE (tenant_id uuid, pos bigint, event_id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('audit-relay')) THEN
    RETURN;
  END IF;
  RETURN QUERY
  WITH taken AS (
    DELETE FROM audit_pending p
    WHERE p.n IN (SELECT q.n FROM audit_pending q ORDER BY q.n LIMIT batch)
    RETURNING p.n, p.tenant_id, p.event_id
  ), placed AS (
    SELECT t.tenant_id, t.event_id, t.n,
           coalesce((SELECT max(h.pos) FROM audit_position h WHERE h.tenant_id = t.tenant_id), 0)
             + row_number() OVER (PARTITION BY t.tenant_id ORDER BY t.n) AS pos
    FROM taken t
  ), written AS (
    INSERT INTO audit_position (tenant_id, pos, event_id)
    SELECT placed.tenant_id, placed.pos, placed.event_id FROM placed
    RETURNING audit_position.tenant_id, audit_position.pos, audit_position.event_id
  )
  SELECT written.tenant_id, written.pos, written.event_id FROM written ORDER BY written.tenant_id, written.pos;
END
$$
""",
)

GAUGES = (
    """log_gauges()""",
    """
RETURNS TABLE (pending bigint, oldest_pending_seconds double precision, months_ahead integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT (SELECT count(*) FROM (SELECT 1 FROM audit_pending LIMIT 10000) AS waiting),
         coalesce((SELECT extract(epoch FROM clock_timestamp() - to_timestamp(
                     ('x' || substr(replace(event_id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0))
                   FROM audit_pending ORDER BY n LIMIT 1), 0)::double precision,
         (SELECT count(*)::integer FROM pg_inherits WHERE inhparent = 'public.audit_event'::regclass
            AND inhrelid::regclass::text > 'audit_event_' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY_MM'))
$$
""",
)

# Row triggers reach every partition; a TRUNCATE trigger on the parent does not fire for a partition that is truncated
# directly, so `make_partitions` gives each its own.
TRIGGERS: list[Any] = [
    STAMP,
    *owned_by_system("enqueue_event()", ENQUEUE, callers="cm_owner"),
    "CREATE TRIGGER audit_event_stamp BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION sec.stamp_event()",
    "ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_stamp",
    "CREATE TRIGGER audit_event_enqueue AFTER INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION sec.enqueue_event()",
    "ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_enqueue",
    "CREATE TRIGGER audit_event_immutable BEFORE UPDATE OR DELETE ON audit_event"
    " FOR EACH ROW EXECUTE FUNCTION sec.refuse_change()",
    "ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_immutable",
    "CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event"
    " FOR EACH STATEMENT EXECUTE FUNCTION sec.refuse_change()",
    "ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_no_truncate",
]

UNTRIGGER: list[Any] = [
    "DROP TABLE audit_event CASCADE",
    "CREATE TABLE audit_event (id uuid PRIMARY KEY)",  # what Django's own reversal drops
    "DROP FUNCTION sec.stamp_event()",
    "DROP FUNCTION sec.enqueue_event()",
]

TABLES = ("audit_event", "audit_pending", "audit_position")

PROTECT: list[Any] = [statement for table in TABLES for statement in row_security(table, "tenant_id")]
PROTECT += [
    "GRANT SELECT, INSERT ON audit_event TO cm_app",
    "GRANT SELECT ON audit_position TO cm_app",
    "GRANT SELECT, INSERT, DELETE ON audit_pending TO cm_system",
    "GRANT SELECT, INSERT ON audit_position TO cm_system",
]

UNPROTECT: list[Any] = [
    statement
    for table in reversed(TABLES)
    for statement in (
        f"DROP POLICY {table}_tenant ON {table}",
        f"DROP POLICY {table}_system ON {table}",
        f"REVOKE ALL ON {table} FROM cm_app, cm_system",
    )
]


class Migration(migrations.Migration):
    initial = True

    dependencies = [("common", "0001_foundation")]

    operations = [
        migrations.CreateModel(
            name="Pending",
            fields=[
                ("n", models.BigAutoField(primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField()),
                ("event_id", models.UUIDField()),
            ],
            options={
                "verbose_name_plural": "pending events",
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=common.models.UUID7Default(),
                        default=common.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("tenant_id", models.UUIDField()),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow(), editable=False),
                ),
                ("db_user", models.TextField(db_default="", editable=False)),
                ("event_type", models.CharField(max_length=100)),
                ("schema_version", models.PositiveSmallIntegerField(default=1)),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("create", "Create"),
                            ("read", "Read"),
                            ("update", "Update"),
                            ("delete", "Delete"),
                            ("execute", "Execute"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("success", "Success"),
                            ("failure", "Failure"),
                            ("partial", "Partial"),
                            ("denied", "Denied"),
                            ("unknown", "Unknown"),
                        ],
                        default="success",
                        max_length=10,
                    ),
                ),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("project", "Project"),
                            ("personal", "Personal"),
                            ("administrative", "Administrative"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "concerns",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("agent", "Agent"),
                            ("user", "User"),
                            ("system", "System"),
                            ("webhook", "Webhook"),
                            ("scheduler", "Scheduler"),
                        ],
                        max_length=10,
                    ),
                ),
                ("actor_id", models.UUIDField(null=True)),
                ("actor_label", models.CharField(max_length=255)),
                ("on_behalf_of", models.UUIDField(null=True)),
                ("resource_type", models.CharField(max_length=50)),
                ("resource_id", models.UUIDField(null=True)),
                ("resource_label", models.CharField(default="", max_length=500)),
                ("project_id", models.UUIDField(null=True)),
                ("task_id", models.UUIDField(null=True)),
                ("request_id", models.UUIDField()),
                ("trace_id", models.CharField(max_length=32)),
                ("reason", models.TextField(default="")),
                ("body", models.TextField()),
            ],
            options={
                "verbose_name": "log entry",
                "verbose_name_plural": "log entries",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(fields=["tenant_id", "resource_id", "-id"], name="audit_event_resource"),
                    models.Index(fields=["tenant_id", "task_id", "-id"], name="audit_event_task"),
                    models.Index(fields=["tenant_id", "project_id", "-id"], name="audit_event_project"),
                    models.Index(fields=["tenant_id", "actor_id", "-id"], name="audit_event_actor"),
                    models.Index(fields=["tenant_id", "event_type", "-id"], name="audit_event_type"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("action__in", ["create", "read", "update", "delete", "execute"])),
                        name="audit_event_action",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ["success", "failure", "partial", "denied", "unknown"])),
                        name="audit_event_outcome",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source__in", ["agent", "user", "system", "webhook", "scheduler"])),
                        name="audit_event_source",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("audience__in", ["project", "personal", "administrative"])),
                        name="audit_event_audience",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Position",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id", "pos", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("tenant_id", models.UUIDField()),
                ("pos", models.BigIntegerField()),
                ("event_id", models.UUIDField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("tenant_id", "event_id"), name="audit_position_once"),
                    models.CheckConstraint(condition=models.Q(("pos__gt", 0)), name="audit_position_positive"),
                ],
            },
        ),
        migrations.RunSQL(PARTITION, migrations.RunSQL.noop),
        migrations.RunSQL(TRIGGERS, UNTRIGGER),
        migrations.RunSQL(PROTECT, UNPROTECT),
        migrations.RunSQL(UUID7_FLOOR, "DROP FUNCTION sec.uuid7_floor(timestamptz)"),
        migrations.RunSQL(
            [
                MAKE_PARTITIONS,
                "REVOKE ALL ON FUNCTION sec.make_partitions(integer) FROM PUBLIC",
                "GRANT EXECUTE ON FUNCTION sec.make_partitions(integer) TO cm_system",
                "SELECT sec.make_partitions(3)",
            ],
            "DROP FUNCTION sec.make_partitions(integer)",
        ),
        system_function(*ENSURE_PARTITIONS),
        system_function(*PLACE_EVENTS),
        system_function(*GAUGES),
    ]
