"""Agents as the specification has them; their status, keys, prices, budgets, costs and stops."""

from decimal import Decimal

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
import django.db.models.manager
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import agents.models.agent
import agents.models.checks
import common.ids
import common.models
from common.operations import Together
from common.tenancy.migrations import ProtectReferences, ProtectTables


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_tenancy"),
        ("agents", "0002_tenancy"),
        ("projects", "0002_tenancy"),
    ]

    operations = [
        Together(
            migrations.CreateModel(
                name="QuotaPool",
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
                    ("name", models.CharField(max_length=255)),
                    (
                        "provider",
                        models.CharField(
                            choices=[
                                ("anthropic", "Anthropic"),
                                ("openai", "OpenAI"),
                                ("google", "Google"),
                                ("ibm", "IBM"),
                                ("qwen", "Qwen"),
                                ("local", "Local"),
                            ],
                            max_length=20,
                        ),
                    ),
                    (
                        "limit_kind",
                        models.CharField(
                            choices=[
                                ("requests_per_minute", "Requests per minute"),
                                ("tokens_per_minute", "Tokens per minute"),
                                ("tokens_per_day", "Tokens per day"),
                            ],
                            max_length=20,
                        ),
                    ),
                    ("limit_amount", models.PositiveBigIntegerField()),
                    (
                        "closed_until",
                        models.DateTimeField(
                            editable=False, help_text="The provider refused; the pool is shut till then.", null=True
                        ),
                    ),
                    ("tenant", common.models.TenantField()),
                ],
                options={
                    "ordering": ("name",),
                    "indexes": [
                        models.Index(fields=["tenant", "provider", "-id"], name="agents_quotapool_provider_idx")
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                ("provider__in", ["anthropic", "openai", "google", "ibm", "qwen", "local"])
                            ),
                            name="agents_quotapool_provider",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("limit_kind__in", ["requests_per_minute", "tokens_per_minute", "tokens_per_day"])
                            ),
                            name="agents_quotapool_limit_kind",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("limit_amount__gt", 0)), name="agents_quotapool_limit"
                        ),
                        models.UniqueConstraint(
                            models.F("tenant"),
                            django.db.models.functions.text.Lower("name"),
                            name="agents_quotapool_name",
                        ),
                    ],
                },
            ),
            migrations.AlterModelOptions(
                name="agent",
                options={"base_manager_name": "all_objects", "ordering": ("name",)},
            ),
            migrations.AlterModelManagers(
                name="agent",
                managers=[
                    ("objects", django.db.models.manager.Manager()),
                    ("all_objects", django.db.models.manager.Manager()),
                ],
            ),
            migrations.RemoveConstraint(
                model_name="agent",
                name="agents_agent_name",
            ),
            migrations.AddField(
                model_name="agent",
                name="avg_execution_time_ms",
                field=models.PositiveIntegerField(default=0, editable=False),
            ),
            migrations.AddField(
                model_name="agent",
                name="configuration",
                field=models.JSONField(blank=True, default=dict),
            ),
            migrations.AddField(
                model_name="agent",
                name="created_by",
                field=common.models.TenantForeignKey(
                    blank=True,
                    editable=False,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                ),
            ),
            migrations.AddField(
                model_name="agent",
                name="deleted_at",
                field=models.DateTimeField(editable=False, null=True),
            ),
            migrations.AddField(
                model_name="agent",
                name="deprecated_at",
                field=models.DateTimeField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name="agent",
                name="is_experimental",
                field=models.BooleanField(default=False),
            ),
            migrations.AddField(
                model_name="agent",
                name="last_used_at",
                field=models.DateTimeField(editable=False, null=True),
            ),
            migrations.AddField(
                model_name="agent",
                name="max_concurrent",
                field=models.PositiveSmallIntegerField(default=1, help_text="Attempts it may run at the same time."),
            ),
            migrations.AddField(
                model_name="agent",
                name="max_tokens",
                field=models.PositiveIntegerField(default=4096),
            ),
            migrations.AddField(
                model_name="agent",
                name="metadata",
                field=models.JSONField(blank=True, default=dict),
            ),
            migrations.AddField(
                model_name="agent",
                name="model_name",
                field=models.CharField(blank=True, default="", max_length=255),
            ),
            migrations.AddField(
                model_name="agent",
                name="model_provider",
                field=models.CharField(
                    blank=True,
                    choices=[
                        ("anthropic", "Anthropic"),
                        ("openai", "OpenAI"),
                        ("google", "Google"),
                        ("ibm", "IBM"),
                        ("qwen", "Qwen"),
                        ("local", "Local"),
                    ],
                    max_length=20,
                    null=True,
                ),
            ),
            migrations.AddField(
                model_name="agent",
                name="model_version",
                field=models.CharField(blank=True, default="", max_length=100),
            ),
            migrations.AddField(
                model_name="agent",
                name="required_tools",
                field=django.contrib.postgres.fields.ArrayField(
                    base_field=models.CharField(max_length=100), blank=True, default=list, size=None
                ),
            ),
            migrations.AddField(
                model_name="agent",
                name="success_rate",
                field=models.DecimalField(decimal_places=2, default=Decimal("0"), editable=False, max_digits=5),
            ),
            migrations.AddField(
                model_name="agent",
                name="successful_executions",
                field=models.PositiveBigIntegerField(default=0, editable=False),
            ),
            migrations.AddField(
                model_name="agent",
                name="tags",
                field=django.contrib.postgres.fields.ArrayField(
                    base_field=models.CharField(max_length=100), blank=True, default=list, size=None
                ),
            ),
            migrations.AddField(
                model_name="agent",
                name="temperature",
                field=models.DecimalField(decimal_places=2, default=Decimal("0.70"), max_digits=3),
            ),
            migrations.AddField(
                model_name="agent",
                name="top_p",
                field=models.DecimalField(decimal_places=2, default=Decimal("0.90"), max_digits=3),
            ),
            migrations.AddField(
                model_name="agent",
                name="total_execution_time_ms",
                field=models.PositiveBigIntegerField(default=0, editable=False),
            ),
            migrations.AddField(
                model_name="agent",
                name="total_executions",
                field=models.PositiveBigIntegerField(default=0, editable=False),
            ),
            migrations.AddField(
                model_name="agent",
                name="version",
                field=models.CharField(default="1.0.0", max_length=20),
            ),
            migrations.AlterField(
                model_name="agent",
                name="capabilities",
                field=models.JSONField(
                    blank=True,
                    default=dict,
                    help_text='For example {"pytest": {"version": "9"}}.',
                    validators=[agents.models.agent.validate_capabilities],
                ),
            ),
            migrations.AddField(
                model_name="agent",
                name="quota_pool",
                field=common.models.TenantForeignKey(
                    blank=True,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="agents",
                    to="agents.quotapool",
                ),
            ),
            migrations.AddIndex(
                model_name="agent",
                index=models.Index(fields=["tenant", "agent_type", "-id"], name="agents_agent_by_type"),
            ),
            migrations.AddIndex(
                model_name="agent",
                index=models.Index(fields=["tenant", "is_active", "-id"], name="agents_agent_by_active"),
            ),
            migrations.AddIndex(
                model_name="agent",
                index=models.Index(fields=["tenant", "model_provider", "-id"], name="agents_agent_by_provider"),
            ),
            migrations.AddIndex(
                model_name="agent",
                index=models.Index(fields=["tenant", "created_at"], name="agents_agent_created"),
            ),
            migrations.AddIndex(
                model_name="agent",
                index=django.contrib.postgres.indexes.GinIndex(fields=["tags"], name="agents_agent_tags"),
            ),
            migrations.AddIndex(
                model_name="agent",
                index=django.contrib.postgres.indexes.GinIndex(
                    fields=["capabilities"], name="agents_agent_capabilities"
                ),
            ),
            migrations.AddConstraint(
                model_name="agent",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        ("model_provider__in", ["anthropic", "openai", "google", "ibm", "qwen", "local"])
                    ),
                    name="agents_agent_model_provider",
                ),
            ),
            migrations.AddConstraint(
                model_name="agent",
                constraint=models.UniqueConstraint(
                    models.F("tenant"),
                    django.db.models.functions.text.Lower("name"),
                    condition=models.Q(("deleted_at__isnull", True)),
                    name="agents_agent_name",
                ),
            ),
            migrations.AddConstraint(
                model_name="agent",
                constraint=models.CheckConstraint(
                    condition=models.Q(("max_tokens__gte", 1)), name="agents_agent_max_tokens"
                ),
            ),
            migrations.AddConstraint(
                model_name="agent",
                constraint=models.CheckConstraint(
                    condition=models.Q(("max_concurrent__gte", 1)), name="agents_agent_max_concurrent"
                ),
            ),
            migrations.AddConstraint(
                model_name="agent",
                constraint=models.CheckConstraint(
                    condition=models.Q(("temperature__gte", 0), ("temperature__lte", 2)),
                    name="agents_agent_temperature",
                ),
            ),
            migrations.AddConstraint(
                model_name="agent",
                constraint=models.CheckConstraint(
                    condition=models.Q(("top_p__gte", 0), ("top_p__lte", 1)), name="agents_agent_top_p"
                ),
            ),
            migrations.AddConstraint(
                model_name="agent",
                constraint=models.CheckConstraint(
                    condition=models.Q(("success_rate__gte", 0), ("success_rate__lte", 100)),
                    name="agents_agent_success_rate",
                ),
            ),
            migrations.AddConstraint(
                model_name="agent",
                constraint=models.CheckConstraint(
                    condition=models.Q(("successful_executions__lte", models.F("total_executions"))),
                    name="agents_agent_successful_of_total",
                ),
            ),
            migrations.AddConstraint(
                model_name="agent",
                constraint=models.CheckConstraint(
                    condition=django.db.models.lookups.Exact(agents.models.checks.JsonType("capabilities"), "object"),
                    name="agents_agent_capabilities_object",
                ),
            ),
            migrations.AddConstraint(
                model_name="agent",
                constraint=models.CheckConstraint(
                    condition=django.db.models.lookups.Exact(
                        agents.models.checks.JsonMatches(
                            "capabilities",
                            'strict $.* ? (@.type() == "string" || @.type() == "number" || @.type() == "null" || @ == false || (@.type() == "array" && exists(@[*] ? (@.type() != "string"))))',
                        ),
                        False,
                    ),
                    name="agents_agent_capabilities_values",
                ),
            ),
            migrations.CreateModel(
                name="AgentStatus",
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
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("idle", "Idle"),
                                ("working", "Working"),
                                ("waiting_for_hitl", "Waits for a person"),
                                ("error", "Error"),
                                ("offline", "Offline"),
                            ],
                            default="offline",
                            max_length=20,
                        ),
                    ),
                    ("current_execution_id", models.UUIDField(blank=True, editable=False, null=True)),
                    ("last_activity_at", models.DateTimeField(editable=False, null=True)),
                    ("last_heartbeat_at", models.DateTimeField(editable=False, null=True)),
                    ("error_message", models.TextField(blank=True, default="")),
                    (
                        "agent",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="statuses",
                            to="agents.agent",
                        ),
                    ),
                    ("tenant", common.models.TenantField()),
                ],
                options={
                    "verbose_name_plural": "agent statuses",
                    "ordering": ("-id",),
                    "indexes": [
                        models.Index(fields=["tenant", "status", "-id"], name="agents_agentstatus_by_status"),
                        models.Index(fields=["tenant", "current_execution_id"], name="agents_agentstatus_execution"),
                        models.Index(
                            condition=models.Q(("status", "offline"), _negated=True),
                            fields=["last_heartbeat_at"],
                            name="agents_agentstatus_silent",
                        ),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                ("status__in", ["idle", "working", "waiting_for_hitl", "error", "offline"])
                            ),
                            name="agents_agentstatus_status",
                        ),
                        models.UniqueConstraint(fields=("tenant", "agent"), name="agents_agentstatus_agent"),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("status", "error"), _negated=True),
                                models.Q(("error_message", ""), _negated=True),
                                _connector="OR",
                            ),
                            name="agents_agentstatus_error_says_why",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="AgentStatusHistory",
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
                        "previous",
                        models.CharField(
                            choices=[
                                ("idle", "Idle"),
                                ("working", "Working"),
                                ("waiting_for_hitl", "Waits for a person"),
                                ("error", "Error"),
                                ("offline", "Offline"),
                            ],
                            max_length=20,
                            null=True,
                        ),
                    ),
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("idle", "Idle"),
                                ("working", "Working"),
                                ("waiting_for_hitl", "Waits for a person"),
                                ("error", "Error"),
                                ("offline", "Offline"),
                            ],
                            max_length=20,
                        ),
                    ),
                    ("reason", models.TextField(blank=True, default="")),
                    ("execution_id", models.UUIDField(blank=True, editable=False, null=True)),
                    (
                        "agent",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="status_history",
                            to="agents.agent",
                        ),
                    ),
                    ("tenant", common.models.TenantField()),
                ],
                options={
                    "verbose_name_plural": "agent status history",
                    "ordering": ("-id",),
                    "indexes": [
                        models.Index(fields=["tenant", "agent", "-id"], name="agents_statushistory_agent"),
                        models.Index(fields=["tenant", "execution_id"], name="agents_statushistory_execution"),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                ("previous__in", ["idle", "working", "waiting_for_hitl", "error", "offline"])
                            ),
                            name="agents_agentstatushistory_previous",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("status__in", ["idle", "working", "waiting_for_hitl", "error", "offline"])
                            ),
                            name="agents_agentstatushistory_status",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("previous__isnull", True),
                                models.Q(("previous", models.F("status")), _negated=True),
                                _connector="OR",
                            ),
                            name="agents_agentstatushistory_changes",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="AgentKey",
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
                    ("public_key", models.BinaryField(max_length=32)),
                    (
                        "fingerprint",
                        models.CharField(editable=False, help_text="SHA-256 of the public key, in hex.", max_length=64),
                    ),
                    ("valid_from", models.DateTimeField(default=django.utils.timezone.now)),
                    ("valid_until", models.DateTimeField(blank=True, null=True)),
                    ("revoked_at", models.DateTimeField(editable=False, null=True)),
                    ("revoked_reason", models.TextField(blank=True, default="", editable=False)),
                    (
                        "agent",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="keys",
                            to="agents.agent",
                        ),
                    ),
                    ("tenant", common.models.TenantField()),
                ],
                options={
                    "ordering": ("-id",),
                    "indexes": [models.Index(fields=["tenant", "agent", "-id"], name="agents_agentkey_agent")],
                    "constraints": [
                        models.CheckConstraint(
                            condition=django.db.models.lookups.Exact(
                                agents.models.checks.OctetLength("public_key"), 32
                            ),
                            name="agents_agentkey_length",
                        ),
                        models.CheckConstraint(
                            condition=django.db.models.lookups.Exact(
                                models.F("fingerprint"), agents.models.checks.Sha256Hex("public_key")
                            ),
                            name="agents_agentkey_fingerprint",
                        ),
                        models.UniqueConstraint(fields=("tenant", "fingerprint"), name="agents_agentkey_once"),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("valid_until__isnull", True),
                                ("valid_until__gt", models.F("valid_from")),
                                _connector="OR",
                            ),
                            name="agents_agentkey_validity",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("revoked_at__isnull", False), models.Q(("revoked_reason", ""), _negated=True)
                                ),
                                models.Q(
                                    models.Q(("revoked_at__isnull", False), _negated=True), ("revoked_reason", "")
                                ),
                                _connector="OR",
                            ),
                            name="agents_agentkey_revoked_says_why",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="PriceTable",
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
                        "provider",
                        models.CharField(
                            choices=[
                                ("anthropic", "Anthropic"),
                                ("openai", "OpenAI"),
                                ("google", "Google"),
                                ("ibm", "IBM"),
                                ("qwen", "Qwen"),
                                ("local", "Local"),
                            ],
                            max_length=20,
                        ),
                    ),
                    ("version", models.CharField(max_length=50)),
                    ("effective_from", models.DateTimeField()),
                    ("source", models.CharField(help_text="Where the prices were read.", max_length=500)),
                    ("sha256", models.CharField(help_text="Digest of the list as it was read.", max_length=64)),
                    ("tenant", common.models.TenantField()),
                ],
                options={
                    "ordering": ("-id",),
                    "indexes": [
                        models.Index(
                            fields=["tenant", "provider", "-effective_from"], name="agents_pricetable_in_force"
                        )
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                ("provider__in", ["anthropic", "openai", "google", "ibm", "qwen", "local"])
                            ),
                            name="agents_pricetable_provider",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")), name="agents_pricetable_sha256"
                        ),
                        models.UniqueConstraint(
                            fields=("tenant", "provider", "version"), name="agents_pricetable_version"
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Price",
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
                    ("model", models.CharField(max_length=255)),
                    ("input_usd", models.DecimalField(decimal_places=6, max_digits=18)),
                    ("output_usd", models.DecimalField(decimal_places=6, max_digits=18)),
                    ("cache_usd", models.DecimalField(blank=True, decimal_places=6, max_digits=18, null=True)),
                    ("tenant", common.models.TenantField()),
                    (
                        "table",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="prices",
                            to="agents.pricetable",
                        ),
                    ),
                ],
                options={
                    "ordering": ("model",),
                    "constraints": [
                        models.UniqueConstraint(fields=("tenant", "table", "model"), name="agents_price_model"),
                        models.CheckConstraint(condition=models.Q(("input_usd__gte", 0)), name="agents_price_input"),
                        models.CheckConstraint(condition=models.Q(("output_usd__gte", 0)), name="agents_price_output"),
                        models.CheckConstraint(condition=models.Q(("cache_usd__gte", 0)), name="agents_price_cache"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="CostEntry",
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
                    ("task_id", models.UUIDField(editable=False)),
                    ("execution_id", models.UUIDField(editable=False)),
                    (
                        "kind",
                        models.CharField(
                            choices=[("priced", "Priced"), ("estimated", "Estimated"), ("unknown", "Unknown")],
                            max_length=10,
                        ),
                    ),
                    ("amount_usd", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                    (
                        "provider",
                        models.CharField(
                            choices=[
                                ("anthropic", "Anthropic"),
                                ("openai", "OpenAI"),
                                ("google", "Google"),
                                ("ibm", "IBM"),
                                ("qwen", "Qwen"),
                                ("local", "Local"),
                            ],
                            max_length=20,
                            null=True,
                        ),
                    ),
                    ("model", models.CharField(blank=True, default="", max_length=255)),
                    ("input_tokens", models.PositiveBigIntegerField(null=True)),
                    ("output_tokens", models.PositiveBigIntegerField(null=True)),
                    ("cache_tokens", models.PositiveBigIntegerField(null=True)),
                    (
                        "agent",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="costs",
                            to="agents.agent",
                        ),
                    ),
                    (
                        "project",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="costs",
                            to="projects.project",
                        ),
                    ),
                    ("tenant", common.models.TenantField()),
                    (
                        "price",
                        common.models.TenantForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="costs",
                            to="agents.price",
                        ),
                    ),
                ],
                options={
                    "verbose_name_plural": "cost entries",
                    "ordering": ("-id",),
                    "indexes": [
                        models.Index(fields=["tenant", "project", "-id"], name="agents_costentry_project"),
                        models.Index(fields=["tenant", "agent", "-id"], name="agents_costentry_agent"),
                        models.Index(fields=["tenant", "task_id"], name="agents_costentry_task"),
                        models.Index(fields=["tenant", "execution_id"], name="agents_costentry_execution"),
                        models.Index(fields=["tenant", "created_at"], name="agents_costentry_created"),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("kind__in", ["priced", "estimated", "unknown"])),
                            name="agents_costentry_kind",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("provider__in", ["anthropic", "openai", "google", "ibm", "qwen", "local"])
                            ),
                            name="agents_costentry_provider",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("kind", "unknown"), ("amount_usd__isnull", True)),
                                models.Q(
                                    models.Q(("kind", "unknown"), _negated=True),
                                    models.Q(("amount_usd__isnull", True), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="agents_costentry_unknown_has_no_amount",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("kind", "priced"), _negated=True),
                                models.Q(
                                    ("input_tokens__isnull", False),
                                    ("output_tokens__isnull", False),
                                    ("price__isnull", False),
                                ),
                                _connector="OR",
                            ),
                            name="agents_costentry_priced_by_list",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("amount_usd__gte", 0)), name="agents_costentry_amount"
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Budget",
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
                    (
                        "scope",
                        models.CharField(
                            choices=[
                                ("tenant", "Tenant"),
                                ("project", "Project"),
                                ("agent", "Agent"),
                                ("task", "Task"),
                            ],
                            max_length=10,
                        ),
                    ),
                    ("task_id", models.UUIDField(blank=True, editable=False, null=True)),
                    (
                        "unit",
                        models.CharField(
                            choices=[
                                ("usd", "US dollars"),
                                ("tokens", "Tokens"),
                                ("runs", "Runs"),
                                ("seconds", "Seconds"),
                            ],
                            max_length=10,
                        ),
                    ),
                    (
                        "period",
                        models.CharField(
                            choices=[
                                ("run", "Per run"),
                                ("day", "Per day"),
                                ("month", "Per month"),
                                ("total", "In all"),
                            ],
                            max_length=10,
                        ),
                    ),
                    ("limit_amount", models.DecimalField(decimal_places=6, max_digits=18)),
                    (
                        "warn_at",
                        models.PositiveSmallIntegerField(
                            default=80, help_text="Percent of the limit at which people are told."
                        ),
                    ),
                    (
                        "ask_at",
                        models.PositiveSmallIntegerField(default=90, help_text="Percent at which a person is asked."),
                    ),
                    (
                        "stop_at",
                        models.PositiveSmallIntegerField(default=100, help_text="Percent at which work stops."),
                    ),
                    (
                        "emergency_stop_enabled",
                        models.BooleanField(
                            default=False,
                            help_text="Reaching the end also stops everything in the scope, until a person lets go on.",
                        ),
                    ),
                    ("is_active", models.BooleanField(default=True)),
                    (
                        "spent",
                        models.DecimalField(decimal_places=6, default=Decimal("0"), editable=False, max_digits=18),
                    ),
                    (
                        "held",
                        models.DecimalField(decimal_places=6, default=Decimal("0"), editable=False, max_digits=18),
                    ),
                    ("period_start", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    (
                        "agent",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="budgets",
                            to="agents.agent",
                        ),
                    ),
                    (
                        "parent",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="children",
                            to="agents.budget",
                        ),
                    ),
                    (
                        "project",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="budgets",
                            to="projects.project",
                        ),
                    ),
                    ("tenant", common.models.TenantField()),
                ],
                options={
                    "ordering": ("-id",),
                    "indexes": [
                        models.Index(fields=["tenant", "task_id"], name="agents_budget_task"),
                        models.Index(fields=["tenant", "scope", "-id"], name="agents_budget_by_scope"),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("scope__in", ["tenant", "project", "agent", "task"])),
                            name="agents_budget_scope",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("unit__in", ["usd", "tokens", "runs", "seconds"])),
                            name="agents_budget_unit",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("period__in", ["run", "day", "month", "total"])),
                            name="agents_budget_period",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("scope", "tenant"),
                                    ("agent__isnull", True),
                                    ("project__isnull", True),
                                    ("task_id__isnull", True),
                                ),
                                models.Q(
                                    ("scope", "project"),
                                    ("agent__isnull", True),
                                    ("project__isnull", False),
                                    ("task_id__isnull", True),
                                ),
                                models.Q(
                                    ("scope", "agent"),
                                    ("agent__isnull", False),
                                    ("project__isnull", True),
                                    ("task_id__isnull", True),
                                ),
                                models.Q(
                                    ("scope", "task"),
                                    ("agent__isnull", True),
                                    ("project__isnull", False),
                                    ("task_id__isnull", False),
                                ),
                                _connector="OR",
                            ),
                            name="agents_budget_scope_columns",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("parent__isnull", True),
                                models.Q(("parent", models.F("id")), _negated=True),
                                _connector="OR",
                            ),
                            name="agents_budget_not_its_own_parent",
                        ),
                        models.CheckConstraint(condition=models.Q(("limit_amount__gt", 0)), name="agents_budget_limit"),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("ask_at__lte", models.F("stop_at")),
                                ("stop_at__lte", 100),
                                ("warn_at__gt", 0),
                                ("warn_at__lte", models.F("ask_at")),
                            ),
                            name="agents_budget_steps",
                        ),
                        models.CheckConstraint(condition=models.Q(("spent__gte", 0)), name="agents_budget_spent"),
                        models.CheckConstraint(condition=models.Q(("held__gte", 0)), name="agents_budget_held"),
                        models.UniqueConstraint(
                            condition=models.Q(("is_active", True)),
                            fields=("tenant", "scope", "project", "agent", "task_id", "unit", "period"),
                            name="agents_budget_one_active",
                            nulls_distinct=False,
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="BudgetHold",
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
                    ("execution_id", models.UUIDField(editable=False)),
                    ("amount", models.DecimalField(decimal_places=6, max_digits=18)),
                    ("expires_at", models.DateTimeField()),
                    ("released_at", models.DateTimeField(editable=False, null=True)),
                    ("settled_amount", models.DecimalField(decimal_places=6, editable=False, max_digits=18, null=True)),
                    (
                        "budget",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="holds",
                            to="agents.budget",
                        ),
                    ),
                    ("tenant", common.models.TenantField()),
                ],
                options={
                    "ordering": ("-id",),
                    "indexes": [
                        models.Index(fields=["tenant", "budget", "-id"], name="agents_hold_budget"),
                        models.Index(fields=["tenant", "execution_id"], name="agents_hold_execution"),
                        models.Index(
                            condition=models.Q(("released_at__isnull", True)),
                            fields=["expires_at"],
                            name="agents_hold_expired",
                        ),
                    ],
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="agents_budgethold_amount"),
                        models.CheckConstraint(
                            condition=models.Q(("settled_amount__gte", 0)), name="agents_budgethold_settled"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("released_at__isnull", False), ("settled_amount__isnull", False)),
                                models.Q(
                                    models.Q(("released_at__isnull", False), _negated=True),
                                    models.Q(("settled_amount__isnull", False), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="agents_budgethold_released_settled",
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("released_at__isnull", True)),
                            fields=("tenant", "budget", "execution_id"),
                            name="agents_budgethold_one_live",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="EmergencyStop",
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
                    (
                        "scope",
                        models.CharField(
                            choices=[
                                ("tenant", "Everything"),
                                ("project", "Project"),
                                ("agent", "Agent"),
                                ("agent_type", "Agents of one type"),
                            ],
                            max_length=10,
                        ),
                    ),
                    (
                        "agent_type",
                        models.CharField(
                            blank=True,
                            choices=[
                                ("orchestrator", "Orchestrator"),
                                ("architect", "Architect"),
                                ("planner", "Planner"),
                                ("codegen", "Code generation"),
                                ("reviewer", "Reviewer"),
                                ("tester", "Tester"),
                                ("deployer", "Deployer"),
                                ("security", "Security"),
                                ("debugger", "Debugger"),
                                ("documentation", "Documentation"),
                                ("refactoring", "Refactoring"),
                                ("optimization", "Optimisation"),
                                ("infrastructure", "Infrastructure"),
                                ("analytics", "Analytics"),
                                ("analyst", "Analyst"),
                                ("custom", "Custom"),
                            ],
                            max_length=20,
                            null=True,
                        ),
                    ),
                    ("reason", models.TextField()),
                    (
                        "triggered_by",
                        models.CharField(
                            choices=[
                                ("user", "A person"),
                                ("budget", "A budget"),
                                ("repetition", "Repetition without progress"),
                                ("error", "Errors"),
                            ],
                            max_length=10,
                        ),
                    ),
                    ("released_at", models.DateTimeField(editable=False, null=True)),
                    ("release_reason", models.TextField(blank=True, default="", editable=False)),
                    (
                        "agent",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="emergency_stops",
                            to="agents.agent",
                        ),
                    ),
                    (
                        "created_by",
                        common.models.TenantForeignKey(
                            blank=True,
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "project",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="emergency_stops",
                            to="projects.project",
                        ),
                    ),
                    (
                        "released_by",
                        common.models.TenantForeignKey(
                            blank=True,
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("tenant", common.models.TenantField()),
                ],
                options={
                    "ordering": ("-id",),
                    "indexes": [
                        models.Index(
                            condition=models.Q(("released_at__isnull", True)),
                            fields=["tenant", "-id"],
                            name="agents_emergencystop_active",
                        )
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("scope__in", ["tenant", "project", "agent", "agent_type"])),
                            name="agents_emergencystop_scope",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                (
                                    "agent_type__in",
                                    [
                                        "orchestrator",
                                        "architect",
                                        "planner",
                                        "codegen",
                                        "reviewer",
                                        "tester",
                                        "deployer",
                                        "security",
                                        "debugger",
                                        "documentation",
                                        "refactoring",
                                        "optimization",
                                        "infrastructure",
                                        "analytics",
                                        "analyst",
                                        "custom",
                                    ],
                                )
                            ),
                            name="agents_emergencystop_agent_type",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("triggered_by__in", ["user", "budget", "repetition", "error"])),
                            name="agents_emergencystop_trigger",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("scope", "tenant"),
                                    ("agent__isnull", True),
                                    ("agent_type__isnull", True),
                                    ("project__isnull", True),
                                ),
                                models.Q(
                                    ("scope", "project"),
                                    ("agent__isnull", True),
                                    ("agent_type__isnull", True),
                                    ("project__isnull", False),
                                ),
                                models.Q(
                                    ("scope", "agent"),
                                    ("agent__isnull", False),
                                    ("agent_type__isnull", True),
                                    ("project__isnull", True),
                                ),
                                models.Q(
                                    ("scope", "agent_type"), ("agent__isnull", True), ("agent_type__isnull", False)
                                ),
                                _connector="OR",
                            ),
                            name="agents_emergencystop_scope_columns",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("reason", ""), _negated=True), name="agents_emergencystop_says_why"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("triggered_by", "user"), _negated=True),
                                ("created_by__isnull", False),
                                _connector="OR",
                            ),
                            name="agents_emergencystop_by_whom",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("released_at__isnull", False), ("released_by__isnull", False)),
                                models.Q(
                                    models.Q(("released_at__isnull", False), _negated=True),
                                    models.Q(("released_by__isnull", False), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="agents_emergencystop_released_by",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("released_at__isnull", False), models.Q(("release_reason", ""), _negated=True)
                                ),
                                models.Q(
                                    models.Q(("released_at__isnull", False), _negated=True), ("release_reason", "")
                                ),
                                _connector="OR",
                            ),
                            name="agents_emergencystop_released_why",
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("released_at__isnull", True)),
                            fields=("tenant", "scope", "project", "agent", "agent_type"),
                            name="agents_emergencystop_one_active",
                            nulls_distinct=False,
                        ),
                    ],
                },
            ),
        ),
        ProtectTables("QuotaPool", "AgentStatus", "AgentKey", "Budget", "BudgetHold", "EmergencyStop"),
        ProtectTables("AgentStatusHistory", "PriceTable", "Price", "CostEntry", append_only=True),
        ProtectReferences("Agent", "created_by", "quota_pool"),
    ]
