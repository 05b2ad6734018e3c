"""What the log is read through: the feed, the Merkle tree, webhooks; and what it says of requests and changes."""

from typing import Any

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models

import common.crypto
import common.ids
import common.models
from common.operations import Together
from common.tenancy.migrations import ProtectTables

# A tile takes hashes at its end until it is full; then nobody changes it, the owner included.
TILES_GROW: list[Any] = [
    "CREATE TRIGGER audit_tile_full BEFORE UPDATE OR DELETE ON audit_tile FOR EACH ROW"
    " WHEN (OLD.width = 256) EXECUTE FUNCTION sec.refuse_change()",
    "ALTER TABLE audit_tile ENABLE ALWAYS TRIGGER audit_tile_full",
    "CREATE TRIGGER audit_tile_grows BEFORE UPDATE ON audit_tile FOR EACH ROW"
    " WHEN (substring(NEW.data FROM 1 FOR octet_length(OLD.data)) IS DISTINCT FROM OLD.data"
    " OR (NEW.epoch_id, NEW.level, NEW.index) IS DISTINCT FROM (OLD.epoch_id, OLD.level, OLD.index))"
    " EXECUTE FUNCTION sec.refuse_change()",
    "ALTER TABLE audit_tile ENABLE ALWAYS TRIGGER audit_tile_grows",
    "CREATE TRIGGER audit_tile_no_truncate BEFORE TRUNCATE ON audit_tile"
    " FOR EACH STATEMENT EXECUTE FUNCTION sec.refuse_change()",
    "ALTER TABLE audit_tile ENABLE ALWAYS TRIGGER audit_tile_no_truncate",
]
TILES_STAY: list[Any] = [f"DROP TRIGGER audit_tile_{name} ON audit_tile" for name in ("full", "grows", "no_truncate")]

# Django's record of its migrations under the names of the specification. It asks with the reader's own rights.
SCHEMA_MIGRATIONS: list[Any] = [
    """
CREATE VIEW schema_migrations WITH (security_invoker = true) AS
SELECT id, app || '.' || name AS version,
       replace(regexp_replace(name, '^[0-9]+_', ''), '_', ' ') AS description,
       applied AS installed_on, NULL::integer AS execution_time_ms
FROM django_migrations
""",
    "GRANT SELECT ON schema_migrations, django_migrations TO cm_app",
]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("audit", "0001_initial"),
    ]

    operations = [
        Together(
            migrations.CreateModel(
                name="SchemaMigration",
                fields=[
                    ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                    ("version", models.CharField(max_length=511)),
                    ("description", models.CharField(max_length=255)),
                    ("installed_on", models.DateTimeField()),
                    ("execution_time_ms", models.IntegerField(null=True)),
                ],
                options={
                    "db_table": "schema_migrations",
                    "ordering": ("id",),
                    "managed": False,
                },
            ),
            migrations.AddField(
                model_name="event",
                name="changes",
                field=models.JSONField(null=True),
            ),
            migrations.AddField(
                model_name="event",
                name="error_message",
                field=models.TextField(db_default="", default=""),
            ),
            migrations.AddField(
                model_name="event",
                name="ip_address",
                field=models.GenericIPAddressField(null=True),
            ),
            migrations.AddField(
                model_name="event",
                name="service_name",
                field=models.CharField(db_default="", default="", max_length=255),
            ),
            migrations.AddField(
                model_name="event",
                name="session_id",
                field=models.UUIDField(null=True),
            ),
            migrations.AddField(
                model_name="event",
                name="user_agent",
                field=models.CharField(db_default="", default="", max_length=1000),
            ),
            migrations.CreateModel(
                name="ActivityItem",
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
                    (
                        "created_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    (
                        "updated_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    ("event_id", models.UUIDField()),
                    ("kind", models.CharField(max_length=100)),
                    ("sentence", models.CharField(max_length=500)),
                    ("description", models.TextField(blank=True, default="")),
                    (
                        "url",
                        models.CharField(blank=True, default="", help_text="A path of this site.", max_length=1000),
                    ),
                    ("project_id", models.UUIDField(null=True)),
                    ("task_id", models.UUIDField(null=True)),
                    ("user_id", models.UUIDField(null=True)),
                    ("agent_id", models.UUIDField(null=True)),
                    ("actor_label", models.CharField(default="", max_length=255)),
                    ("is_public", models.BooleanField(default=False, help_text="For everybody of the tenant.")),
                    ("tenant", common.models.TenantField()),
                ],
                options={
                    "ordering": ("-event_id",),
                },
            ),
            migrations.CreateModel(
                name="ActivityVisibility",
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
                    (
                        "created_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    (
                        "updated_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    ("user_id", models.UUIDField()),
                    (
                        "item",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="visibility",
                            to="audit.activityitem",
                        ),
                    ),
                    ("tenant", common.models.TenantField()),
                ],
                options={
                    "verbose_name_plural": "activity visibility",
                },
            ),
            migrations.CreateModel(
                name="Checkpoint",
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
                    (
                        "created_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    ("tree_size", models.BigIntegerField()),
                    ("root_hash", models.BinaryField(max_length=32)),
                    ("note", models.TextField()),
                    ("signed_at", models.DateTimeField()),
                    ("tenant", common.models.TenantField()),
                ],
                options={
                    "ordering": ("-tree_size",),
                },
            ),
            migrations.CreateModel(
                name="Cosignature",
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
                    (
                        "created_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    ("witness_name", models.CharField(max_length=255)),
                    ("key_id", models.CharField(max_length=16)),
                    ("signature", models.BinaryField()),
                    (
                        "checkpoint",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="cosignatures",
                            to="audit.checkpoint",
                        ),
                    ),
                    ("tenant", common.models.TenantField()),
                ],
            ),
            migrations.CreateModel(
                name="DeliveryEndpoint",
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
                    (
                        "created_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    (
                        "updated_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    ("project_id", models.UUIDField(blank=True, null=True)),
                    ("url", models.CharField(max_length=2000)),
                    ("description", models.CharField(blank=True, default="", max_length=500)),
                    ("secret", common.crypto.EncryptedTextField(editable=False)),
                    ("previous_secret", common.crypto.EncryptedTextField(editable=False, null=True)),
                    ("previous_secret_until", models.DateTimeField(editable=False, null=True)),
                    (
                        "event_types",
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.CharField(max_length=100), blank=True, default=list, size=None
                        ),
                    ),
                    ("is_active", models.BooleanField(default=True)),
                    ("disabled_at", models.DateTimeField(editable=False, null=True)),
                    ("disabled_reason", models.CharField(blank=True, default="", max_length=500)),
                    (
                        "failures",
                        models.PositiveIntegerField(
                            default=0, help_text="Deliveries that failed since the last good one."
                        ),
                    ),
                    ("created_by", models.UUIDField(editable=False, null=True)),
                    ("position", models.BigIntegerField(default=0, editable=False)),
                    ("tenant", common.models.TenantField()),
                ],
                options={
                    "ordering": ("-id",),
                },
            ),
            migrations.CreateModel(
                name="Delivery",
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
                    (
                        "created_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    (
                        "updated_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    ("event_id", models.UUIDField()),
                    ("pos", models.BigIntegerField()),
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("pending", "Not tried yet"),
                                ("delivered", "Delivered"),
                                ("failed", "Failed, will be tried again"),
                                ("dead", "Given up"),
                            ],
                            default="pending",
                            max_length=10,
                        ),
                    ),
                    ("attempts", models.PositiveIntegerField(default=0)),
                    ("next_attempt_at", models.DateTimeField(null=True)),
                    ("last_status_code", models.PositiveSmallIntegerField(null=True)),
                    ("last_error", models.TextField(blank=True, default="")),
                    ("delivered_at", models.DateTimeField(null=True)),
                    ("tenant", common.models.TenantField()),
                    (
                        "endpoint",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="deliveries",
                            to="audit.deliveryendpoint",
                        ),
                    ),
                ],
                options={
                    "verbose_name_plural": "deliveries",
                    "ordering": ("-pos",),
                },
            ),
            migrations.CreateModel(
                name="Epoch",
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
                    (
                        "created_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    (
                        "updated_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    ("number", models.PositiveIntegerField()),
                    ("origin", models.CharField(help_text="HOST/audit/TENANT/EPOCH", max_length=255)),
                    ("public_key", models.BinaryField(max_length=32)),
                    ("first_pos", models.BigIntegerField(default=1)),
                    ("opened_at", models.DateTimeField()),
                    ("closed_at", models.DateTimeField(null=True)),
                    ("reason", models.TextField(blank=True, default="")),
                    ("tenant", common.models.TenantField()),
                ],
                options={
                    "ordering": ("-number",),
                },
            ),
            migrations.AddField(
                model_name="checkpoint",
                name="epoch",
                field=common.models.TenantForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="checkpoints",
                    to="audit.epoch",
                ),
            ),
            migrations.CreateModel(
                name="SubjectKey",
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
                    (
                        "created_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    (
                        "updated_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    ("user_id", models.UUIDField()),
                    ("key", common.crypto.EncryptedTextField(editable=False, null=True)),
                    ("destroyed_at", models.DateTimeField(null=True)),
                    ("tenant", common.models.TenantField()),
                ],
            ),
            migrations.CreateModel(
                name="Tile",
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
                    (
                        "created_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    (
                        "updated_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    ("level", models.PositiveSmallIntegerField()),
                    ("index", models.BigIntegerField()),
                    ("width", models.PositiveSmallIntegerField()),
                    ("data", models.BinaryField()),
                    (
                        "epoch",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="tiles",
                            to="audit.epoch",
                        ),
                    ),
                    ("tenant", common.models.TenantField()),
                ],
            ),
            migrations.AddIndex(
                model_name="event",
                index=models.Index(fields=["tenant_id", "resource_type", "-id"], name="audit_event_resource_type"),
            ),
            migrations.AddIndex(
                model_name="event",
                index=models.Index(
                    condition=models.Q(("outcome", "success"), _negated=True),
                    fields=["tenant_id", "outcome", "-id"],
                    name="audit_event_not_success",
                ),
            ),
            migrations.AddIndex(
                model_name="event",
                index=models.Index(fields=["tenant_id", "request_id", "-id"], name="audit_event_request"),
            ),
            migrations.AddIndex(
                model_name="event",
                index=models.Index(fields=["tenant_id", "-recorded_at"], name="audit_event_recorded"),
            ),
            migrations.AddIndex(
                model_name="activityitem",
                index=models.Index(fields=["tenant", "project_id", "-event_id"], name="audit_activity_project"),
            ),
            migrations.AddIndex(
                model_name="activityitem",
                index=models.Index(
                    condition=models.Q(("task_id__isnull", False)),
                    fields=["tenant", "task_id", "-event_id"],
                    name="audit_activity_task",
                ),
            ),
            migrations.AddIndex(
                model_name="activityitem",
                index=models.Index(
                    condition=models.Q(("user_id__isnull", False)),
                    fields=["tenant", "user_id", "-event_id"],
                    name="audit_activity_user",
                ),
            ),
            migrations.AddIndex(
                model_name="activityitem",
                index=models.Index(
                    condition=models.Q(("agent_id__isnull", False)),
                    fields=["tenant", "agent_id", "-event_id"],
                    name="audit_activity_agent",
                ),
            ),
            migrations.AddIndex(
                model_name="activityitem",
                index=models.Index(fields=["tenant", "created_at"], name="audit_activity_created"),
            ),
            migrations.AddIndex(
                model_name="activityitem",
                index=models.Index(
                    condition=models.Q(("is_public", True)),
                    fields=["tenant", "-event_id"],
                    name="audit_activity_public",
                ),
            ),
            migrations.AddIndex(
                model_name="activityvisibility",
                index=models.Index(fields=["tenant", "user_id", "item"], name="audit_visibility_person"),
            ),
            migrations.AddIndex(
                model_name="deliveryendpoint",
                index=models.Index(fields=["tenant", "project_id"], name="audit_endpoint_project"),
            ),
            migrations.AddIndex(
                model_name="deliveryendpoint",
                index=models.Index(
                    condition=models.Q(("is_active", True)), fields=["tenant", "position"], name="audit_endpoint_behind"
                ),
            ),
            migrations.AddIndex(
                model_name="delivery",
                index=models.Index(
                    condition=models.Q(("next_attempt_at__isnull", False)),
                    fields=["next_attempt_at"],
                    name="audit_delivery_due",
                ),
            ),
            migrations.AddIndex(
                model_name="delivery",
                index=models.Index(fields=["tenant", "endpoint", "-pos"], name="audit_delivery_endpoint"),
            ),
            migrations.AddIndex(
                model_name="delivery",
                index=models.Index(
                    condition=models.Q(("status", "dead")),
                    fields=["tenant", "endpoint", "-pos"],
                    name="audit_delivery_dead",
                ),
            ),
            migrations.AddIndex(
                model_name="checkpoint",
                index=models.Index(fields=["tenant", "-signed_at"], name="audit_checkpoint_signed"),
            ),
            migrations.AddConstraint(
                model_name="activityitem",
                constraint=models.UniqueConstraint(fields=("tenant", "event_id"), name="audit_activityitem_once"),
            ),
            migrations.AddConstraint(
                model_name="activityitem",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        ("url", ""),
                        models.Q(("url__startswith", "/"), models.Q(("url__startswith", "//"), _negated=True)),
                        _connector="OR",
                    ),
                    name="audit_activityitem_url",
                ),
            ),
            migrations.AddConstraint(
                model_name="activityitem",
                constraint=models.CheckConstraint(
                    condition=models.Q(("user_id__isnull", True), ("agent_id__isnull", True), _connector="OR"),
                    name="audit_activityitem_actor",
                ),
            ),
            migrations.AddConstraint(
                model_name="activityvisibility",
                constraint=models.UniqueConstraint(
                    fields=("tenant", "item", "user_id"), name="audit_activityvisibility_once"
                ),
            ),
            migrations.AddConstraint(
                model_name="cosignature",
                constraint=models.UniqueConstraint(
                    fields=("tenant", "checkpoint", "witness_name", "key_id"), name="audit_cosignature_once"
                ),
            ),
            migrations.AddConstraint(
                model_name="deliveryendpoint",
                constraint=models.CheckConstraint(
                    condition=models.Q(("url__regex", "^https?://[^/]")), name="audit_deliveryendpoint_url"
                ),
            ),
            migrations.AddConstraint(
                model_name="deliveryendpoint",
                constraint=models.CheckConstraint(
                    condition=models.Q(("position__gte", 0)), name="audit_deliveryendpoint_position"
                ),
            ),
            migrations.AddConstraint(
                model_name="deliveryendpoint",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("disabled_at__isnull", True), ("is_active", True)),
                        models.Q(("disabled_at__isnull", False), ("is_active", False)),
                        _connector="OR",
                    ),
                    name="audit_deliveryendpoint_disabled",
                ),
            ),
            migrations.AddConstraint(
                model_name="deliveryendpoint",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("previous_secret__isnull", True), ("previous_secret_until__isnull", True)),
                        models.Q(("previous_secret__isnull", False), ("previous_secret_until__isnull", False)),
                        _connector="OR",
                    ),
                    name="audit_deliveryendpoint_rotation",
                ),
            ),
            migrations.AddConstraint(
                model_name="delivery",
                constraint=models.UniqueConstraint(
                    fields=("tenant", "endpoint", "event_id"), name="audit_delivery_once"
                ),
            ),
            migrations.AddConstraint(
                model_name="delivery",
                constraint=models.CheckConstraint(
                    condition=models.Q(("status__in", ["pending", "delivered", "failed", "dead"])),
                    name="audit_delivery_status",
                ),
            ),
            migrations.AddConstraint(
                model_name="delivery",
                constraint=models.CheckConstraint(condition=models.Q(("pos__gt", 0)), name="audit_delivery_position"),
            ),
            migrations.AddConstraint(
                model_name="delivery",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        ("last_status_code__isnull", True), ("last_status_code__range", (100, 599)), _connector="OR"
                    ),
                    name="audit_delivery_status_code",
                ),
            ),
            migrations.AddConstraint(
                model_name="delivery",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("delivered_at__isnull", False), ("status", "delivered")),
                        models.Q(models.Q(("status", "delivered"), _negated=True), ("delivered_at__isnull", True)),
                        _connector="OR",
                    ),
                    name="audit_delivery_delivered",
                ),
            ),
            migrations.AddConstraint(
                model_name="delivery",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("next_attempt_at__isnull", False), ("status__in", ["pending", "failed"])),
                        models.Q(("next_attempt_at__isnull", True), ("status__in", ["delivered", "dead"])),
                        _connector="OR",
                    ),
                    name="audit_delivery_next_attempt",
                ),
            ),
            migrations.AddConstraint(
                model_name="epoch",
                constraint=models.UniqueConstraint(fields=("tenant", "number"), name="audit_epoch_number"),
            ),
            migrations.AddConstraint(
                model_name="epoch",
                constraint=models.UniqueConstraint(fields=("tenant", "origin"), name="audit_epoch_origin"),
            ),
            migrations.AddConstraint(
                model_name="epoch",
                constraint=models.UniqueConstraint(
                    condition=models.Q(("closed_at__isnull", True)), fields=("tenant",), name="audit_epoch_open"
                ),
            ),
            migrations.AddConstraint(
                model_name="epoch",
                constraint=models.CheckConstraint(
                    condition=models.Q(("number__gte", 1), ("first_pos__gte", 1)), name="audit_epoch_counts"
                ),
            ),
            migrations.AddConstraint(
                model_name="epoch",
                constraint=models.CheckConstraint(
                    condition=django.db.models.lookups.Exact(django.db.models.functions.text.Length("public_key"), 32),
                    name="audit_epoch_key",
                ),
            ),
            migrations.AddConstraint(
                model_name="epoch",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        ("closed_at__isnull", True), ("closed_at__gte", models.F("opened_at")), _connector="OR"
                    ),
                    name="audit_epoch_times",
                ),
            ),
            migrations.AddConstraint(
                model_name="checkpoint",
                constraint=models.UniqueConstraint(
                    fields=("tenant", "epoch", "tree_size"), name="audit_checkpoint_size"
                ),
            ),
            migrations.AddConstraint(
                model_name="checkpoint",
                constraint=models.CheckConstraint(
                    condition=models.Q(("tree_size__gte", 0)), name="audit_checkpoint_counts"
                ),
            ),
            migrations.AddConstraint(
                model_name="checkpoint",
                constraint=models.CheckConstraint(
                    condition=django.db.models.lookups.Exact(django.db.models.functions.text.Length("root_hash"), 32),
                    name="audit_checkpoint_root",
                ),
            ),
            migrations.AddConstraint(
                model_name="checkpoint",
                constraint=models.CheckConstraint(
                    condition=models.Q(("note", ""), _negated=True), name="audit_checkpoint_note"
                ),
            ),
            migrations.AddConstraint(
                model_name="subjectkey",
                constraint=models.UniqueConstraint(fields=("tenant", "user_id"), name="audit_subjectkey_once"),
            ),
            migrations.AddConstraint(
                model_name="subjectkey",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("destroyed_at__isnull", True), ("key__isnull", False)),
                        models.Q(("destroyed_at__isnull", False), ("key__isnull", True)),
                        _connector="OR",
                    ),
                    name="audit_subjectkey_destroyed",
                ),
            ),
            migrations.AddConstraint(
                model_name="tile",
                constraint=models.UniqueConstraint(
                    fields=("tenant", "epoch", "level", "index"), name="audit_tile_place"
                ),
            ),
            migrations.AddConstraint(
                model_name="tile",
                constraint=models.CheckConstraint(
                    condition=models.Q(("level__lte", 63), ("index__gte", 0)), name="audit_tile_counts"
                ),
            ),
            migrations.AddConstraint(
                model_name="tile",
                constraint=models.CheckConstraint(
                    condition=models.Q(("width__range", (1, 256))), name="audit_tile_width"
                ),
            ),
            migrations.AddConstraint(
                model_name="tile",
                constraint=models.CheckConstraint(
                    condition=django.db.models.lookups.Exact(
                        django.db.models.functions.text.Length("data"),
                        django.db.models.expressions.CombinedExpression(models.F("width"), "*", models.Value(32)),
                    ),
                    name="audit_tile_data",
                ),
            ),
        ),
        ProtectTables("ActivityItem", "ActivityVisibility", "Epoch", "Tile", "SubjectKey"),
        ProtectTables("DeliveryEndpoint", "Delivery"),
        ProtectTables("Checkpoint", "Cosignature", append_only=True),
        migrations.RunSQL(TILES_GROW, TILES_STAY),
        migrations.RunSQL(SCHEMA_MIGRATIONS, "DROP VIEW schema_migrations"),
    ]
