"""Delivery: plans with phases, groups, gates, reviews, decisions, escalations and metrics; projects may be deleted softly."""

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.core.validators
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

import common.ids
import common.models
from common.operations import Together
from common.tenancy.migrations import ProtectReferences, ProtectTables

# Projects that were archived, completed or deleted before these times were kept. The owner of the table is under row
# security as well, and this concerns every tenant.
DATE_OLD_ROWS = (
    "ALTER TABLE projects_project NO FORCE ROW LEVEL SECURITY",
    """UPDATE projects_project SET
         archived_at = CASE WHEN status = 'archived' THEN updated_at END,
         completed_at = CASE WHEN status = 'completed' THEN updated_at END,
         deleted_at = CASE WHEN status = 'deleted' THEN updated_at END
       WHERE status IN ('archived', 'completed', 'deleted')""",
    "ALTER TABLE projects_project FORCE ROW LEVEL SECURITY",
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_tenancy"),
        ("projects", "0002_tenancy"),
    ]

    operations = [
        Together(
            migrations.RemoveConstraint(
                model_name="project",
                name="projects_project_slug",
            ),
            migrations.RemoveConstraint(
                model_name="project",
                name="projects_project_key",
            ),
            migrations.AlterModelOptions(
                name="project",
                options={"base_manager_name": "all_objects", "ordering": ("name",)},
            ),
            migrations.AlterModelManagers(
                name="project",
                managers=[
                    ("objects", django.db.models.manager.Manager()),
                    ("all_objects", django.db.models.manager.Manager()),
                ],
            ),
            migrations.AddField(
                model_name="plan",
                name="completed_at",
                field=models.DateTimeField(editable=False, null=True),
            ),
            migrations.AddField(
                model_name="plan",
                name="is_template",
                field=models.BooleanField(db_default=False, default=False),
            ),
            migrations.AddField(
                model_name="plan",
                name="metadata",
                field=models.JSONField(blank=True, db_default={}, default=dict),
            ),
            migrations.AddField(
                model_name="plan",
                name="plan_url",
                field=models.CharField(
                    blank=True,
                    db_default="",
                    default="",
                    max_length=500,
                    validators=[django.core.validators.URLValidator(schemes=["http", "https"])],
                ),
            ),
            migrations.AddField(
                model_name="plan",
                name="prd_url",
                field=models.CharField(
                    blank=True,
                    db_default="",
                    default="",
                    max_length=500,
                    validators=[django.core.validators.URLValidator(schemes=["http", "https"])],
                ),
            ),
            migrations.AddField(
                model_name="plan",
                name="started_at",
                field=models.DateTimeField(editable=False, null=True),
            ),
            migrations.AddField(
                model_name="plan",
                name="status",
                field=models.CharField(
                    choices=[
                        ("draft", "Draft"),
                        ("active", "Active"),
                        ("completed", "Completed"),
                        ("cancelled", "Cancelled"),
                    ],
                    db_default="draft",
                    default="draft",
                    max_length=20,
                ),
            ),
            migrations.AddField(
                model_name="project",
                name="archived_at",
                field=models.DateTimeField(editable=False, null=True),
            ),
            migrations.AddField(
                model_name="project",
                name="average_merge_time_minutes",
                field=models.PositiveIntegerField(editable=False, null=True),
            ),
            migrations.AddField(
                model_name="project",
                name="average_review_time_minutes",
                field=models.PositiveIntegerField(editable=False, null=True),
            ),
            migrations.AddField(
                model_name="project",
                name="completed_at",
                field=models.DateTimeField(editable=False, null=True),
            ),
            migrations.AddField(
                model_name="project",
                name="config",
                field=models.JSONField(blank=True, db_default={}, default=dict),
            ),
            migrations.AddField(
                model_name="project",
                name="deleted_at",
                field=models.DateTimeField(editable=False, null=True),
            ),
            migrations.AddField(
                model_name="project",
                name="hitl_config",
                field=models.JSONField(blank=True, db_default={}, default=dict),
            ),
            migrations.AddField(
                model_name="project",
                name="is_public",
                field=models.BooleanField(db_default=False, default=False),
            ),
            migrations.AddField(
                model_name="project",
                name="is_template",
                field=models.BooleanField(db_default=False, default=False),
            ),
            migrations.AddField(
                model_name="project",
                name="last_activity_at",
                field=models.DateTimeField(editable=False, null=True),
            ),
            migrations.AddField(
                model_name="project",
                name="metadata",
                field=models.JSONField(blank=True, db_default={}, default=dict),
            ),
            migrations.AddField(
                model_name="project",
                name="oversight_level",
                field=models.CharField(
                    choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")],
                    db_default="medium",
                    default="medium",
                    max_length=10,
                ),
            ),
            migrations.AddField(
                model_name="project",
                name="owner",
                field=common.models.TenantForeignKey(
                    db_index=False,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="owned_projects",
                    to=settings.AUTH_USER_MODEL,
                ),
            ),
            migrations.AddField(
                model_name="project",
                name="pr_merge_rate",
                field=models.DecimalField(decimal_places=2, editable=False, max_digits=5, null=True),
            ),
            migrations.AddField(
                model_name="project",
                name="repository_name",
                field=models.CharField(blank=True, db_default="", default="", max_length=255),
            ),
            migrations.AddField(
                model_name="project",
                name="repository_owner",
                field=models.CharField(blank=True, db_default="", default="", max_length=255),
            ),
            migrations.AddField(
                model_name="project",
                name="repository_provider",
                field=models.CharField(
                    blank=True,
                    choices=[("github", "GitHub"), ("gitlab", "GitLab"), ("bitbucket", "Bitbucket")],
                    max_length=20,
                    null=True,
                ),
            ),
            migrations.AddField(
                model_name="project",
                name="technology_stack",
                field=django.contrib.postgres.fields.ArrayField(
                    base_field=models.CharField(max_length=100), blank=True, db_default=[], default=list, size=None
                ),
            ),
            migrations.AddField(
                model_name="project",
                name="test_coverage_percent",
                field=models.DecimalField(decimal_places=2, editable=False, max_digits=5, null=True),
            ),
            migrations.AlterField(
                model_name="plan",
                name="project",
                field=common.models.TenantForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="plans",
                    to="projects.project",
                ),
            ),
            migrations.AlterField(
                model_name="projectmember",
                name="project",
                field=common.models.TenantForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="members",
                    to="projects.project",
                ),
            ),
            migrations.AlterField(
                model_name="projectmember",
                name="user",
                field=common.models.TenantForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="memberships",
                    to=settings.AUTH_USER_MODEL,
                ),
            ),
            migrations.AddIndex(
                model_name="plan",
                index=models.Index(fields=["tenant", "project", "status", "-id"], name="projects_plan_by_status"),
            ),
            migrations.AddIndex(
                model_name="plan",
                index=models.Index(
                    condition=models.Q(("is_template", True)), fields=["tenant", "name"], name="projects_plan_template"
                ),
            ),
            migrations.AddIndex(
                model_name="project",
                index=models.Index(fields=["tenant", "owner", "status"], name="projects_project_of_owner"),
            ),
            migrations.AddIndex(
                model_name="project",
                index=models.Index(fields=["tenant", "status", "-id"], name="projects_project_by_status"),
            ),
            migrations.AddIndex(
                model_name="project",
                index=models.Index(fields=["tenant", "-created_at", "-id"], name="projects_project_newest"),
            ),
            migrations.AddIndex(
                model_name="project",
                index=models.Index(fields=["tenant", "name", "id"], name="projects_project_name"),
            ),
            migrations.AddIndex(
                model_name="project",
                index=models.Index(fields=["tenant", "repository_url"], name="projects_project_repository"),
            ),
            migrations.AddIndex(
                model_name="project",
                index=models.Index(
                    condition=models.Q(("is_public", True)), fields=["tenant", "-id"], name="projects_project_public"
                ),
            ),
            migrations.AddIndex(
                model_name="project",
                index=models.Index(
                    condition=models.Q(("is_template", True)),
                    fields=["tenant", "name"],
                    name="projects_project_template",
                ),
            ),
            migrations.AddIndex(
                model_name="project",
                index=models.Index(fields=["tenant", "-last_activity_at"], name="projects_project_activity"),
            ),
            migrations.AddIndex(
                model_name="projectmember",
                index=models.Index(fields=["tenant", "user", "project"], name="projects_member_of_user"),
            ),
        ),
        migrations.RunSQL(DATE_OLD_ROWS, migrations.RunSQL.noop),
        Together(
            migrations.AddConstraint(
                model_name="plan",
                constraint=models.CheckConstraint(
                    condition=models.Q(("status__in", ["draft", "active", "completed", "cancelled"])),
                    name="projects_plan_status",
                ),
            ),
            migrations.AddConstraint(
                model_name="plan",
                constraint=models.CheckConstraint(
                    condition=models.Q(("plan_url__regex", "^(https?://.*)?$"), ("prd_url__regex", "^(https?://.*)?$")),
                    name="projects_plan_links",
                ),
            ),
            migrations.AddConstraint(
                model_name="plan",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("status", "active"), _negated=True), ("started_at__isnull", False), _connector="OR"
                    ),
                    name="projects_plan_started",
                ),
            ),
            migrations.AddConstraint(
                model_name="plan",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("status", "completed"), ("completed_at__isnull", False)),
                        models.Q(
                            models.Q(("status", "completed"), _negated=True),
                            models.Q(("completed_at__isnull", False), _negated=True),
                        ),
                        _connector="OR",
                    ),
                    name="projects_plan_completed",
                ),
            ),
            migrations.AddConstraint(
                model_name="project",
                constraint=models.CheckConstraint(
                    condition=models.Q(("repository_provider__in", ["github", "gitlab", "bitbucket"])),
                    name="projects_project_repository_provider",
                ),
            ),
            migrations.AddConstraint(
                model_name="project",
                constraint=models.CheckConstraint(
                    condition=models.Q(("oversight_level__in", ["low", "medium", "high"])),
                    name="projects_project_oversight_level",
                ),
            ),
            migrations.AddConstraint(
                model_name="project",
                constraint=models.CheckConstraint(
                    condition=models.Q(("pr_merge_rate__gte", 0), ("pr_merge_rate__lte", 100)),
                    name="projects_project_pr_merge_rate",
                ),
            ),
            migrations.AddConstraint(
                model_name="project",
                constraint=models.CheckConstraint(
                    condition=models.Q(("test_coverage_percent__gte", 0), ("test_coverage_percent__lte", 100)),
                    name="projects_project_test_coverage_percent",
                ),
            ),
            migrations.AddConstraint(
                model_name="project",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("status", "archived"), ("archived_at__isnull", False)),
                        models.Q(
                            models.Q(("status", "archived"), _negated=True),
                            models.Q(("archived_at__isnull", False), _negated=True),
                        ),
                        _connector="OR",
                    ),
                    name="projects_project_archived",
                ),
            ),
            migrations.AddConstraint(
                model_name="project",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("status", "deleted"), ("deleted_at__isnull", False)),
                        models.Q(
                            models.Q(("status", "deleted"), _negated=True),
                            models.Q(("deleted_at__isnull", False), _negated=True),
                        ),
                        _connector="OR",
                    ),
                    name="projects_project_deleted",
                ),
            ),
            migrations.AddConstraint(
                model_name="project",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("status", "completed"), _negated=True),
                        ("completed_at__isnull", False),
                        _connector="OR",
                    ),
                    name="projects_project_completed",
                ),
            ),
            migrations.AddConstraint(
                model_name="project",
                constraint=models.UniqueConstraint(
                    models.F("tenant"),
                    django.db.models.functions.text.Lower("slug"),
                    condition=models.Q(("deleted_at__isnull", True)),
                    name="projects_project_slug",
                ),
            ),
            migrations.AddConstraint(
                model_name="project",
                constraint=models.UniqueConstraint(
                    models.F("tenant"),
                    models.F("key"),
                    condition=models.Q(("deleted_at__isnull", True)),
                    name="projects_project_key",
                ),
            ),
            migrations.CreateModel(
                name="Phase",
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
                    ("tenant", common.models.TenantField()),
                    (
                        "updated_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    (
                        "plan",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="phases",
                            to="projects.plan",
                        ),
                    ),
                    ("number", models.PositiveSmallIntegerField()),
                    ("name", models.CharField(max_length=255)),
                    ("goal", models.TextField(blank=True, default="")),
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("pending", "Pending"),
                                ("in_progress", "In progress"),
                                ("blocked", "Blocked"),
                                ("completed", "Completed"),
                                ("cancelled", "Cancelled"),
                            ],
                            default="pending",
                            max_length=20,
                        ),
                    ),
                    (
                        "sdlc_phase",
                        models.CharField(
                            choices=[
                                ("discovery", "Discovery"),
                                ("plan", "Plan"),
                                ("design", "Design"),
                                ("build", "Build"),
                                ("validate", "Validate"),
                                ("launch", "Launch"),
                                ("custom", "Custom"),
                            ],
                            default="custom",
                            max_length=20,
                        ),
                    ),
                    ("estimated_days_min", models.PositiveSmallIntegerField(blank=True, null=True)),
                    ("estimated_days_max", models.PositiveSmallIntegerField(blank=True, null=True)),
                    ("started_at", models.DateTimeField(editable=False, null=True)),
                    ("completed_at", models.DateTimeField(editable=False, null=True)),
                    ("branch", models.CharField(blank=True, default="", max_length=255)),
                    (
                        "depends_on",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.RESTRICT,
                            related_name="next_phases",
                            to="projects.phase",
                        ),
                    ),
                    ("notes", models.TextField(blank=True, default="")),
                ],
                options={
                    "ordering": ("plan", "number"),
                    "indexes": [models.Index(fields=["tenant", "status", "-id"], name="projects_phase_by_status")],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                ("status__in", ["pending", "in_progress", "blocked", "completed", "cancelled"])
                            ),
                            name="projects_phase_status",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                (
                                    "sdlc_phase__in",
                                    ["discovery", "plan", "design", "build", "validate", "launch", "custom"],
                                )
                            ),
                            name="projects_phase_sdlc_phase",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("estimated_days_max__gte", models.F("estimated_days_min"))),
                            name="projects_phase_estimate",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("status__in", ["in_progress", "completed"]), _negated=True),
                                ("started_at__isnull", False),
                                _connector="OR",
                            ),
                            name="projects_phase_started",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("status", "completed"), ("completed_at__isnull", False)),
                                models.Q(
                                    models.Q(("status", "completed"), _negated=True),
                                    models.Q(("completed_at__isnull", False), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="projects_phase_completed",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("completed_at__gte", models.F("started_at"))),
                            name="projects_phase_times",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("depends_on__isnull", True),
                                models.Q(("id", models.F("depends_on")), _negated=True),
                                _connector="OR",
                            ),
                            name="projects_phase_not_itself",
                        ),
                        models.UniqueConstraint(
                            deferrable=django.db.models.constraints.Deferrable["IMMEDIATE"],
                            fields=("tenant", "plan", "number"),
                            name="projects_phase_number",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="SuccessCriterion",
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
                    ("tenant", common.models.TenantField()),
                    (
                        "updated_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    (
                        "phase",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="criteria",
                            to="projects.phase",
                        ),
                    ),
                    ("ordinal", models.PositiveSmallIntegerField()),
                    ("text", models.TextField()),
                    (
                        "state",
                        models.CharField(
                            choices=[
                                ("pending", "Pending"),
                                ("met", "Met"),
                                ("failed", "Failed"),
                                ("waived", "Waived"),
                            ],
                            default="pending",
                            max_length=10,
                        ),
                    ),
                    ("waived_reason", models.TextField(blank=True, default="")),
                    ("evidence_id", models.UUIDField(blank=True, null=True)),
                    ("met_at", models.DateTimeField(editable=False, null=True)),
                    (
                        "decided_by",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="decided_criteria",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "verbose_name_plural": "success criteria",
                    "ordering": ("phase", "ordinal"),
                    "indexes": [
                        models.Index(
                            condition=models.Q(("evidence_id__isnull", False)),
                            fields=["tenant", "evidence_id"],
                            name="projects_criterion_evidence",
                        )
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("state__in", ["pending", "met", "failed", "waived"])),
                            name="projects_successcriterion_state",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("state", "waived"), models.Q(("waived_reason", ""), _negated=True)),
                                models.Q(models.Q(("state", "waived"), _negated=True), ("waived_reason", "")),
                                _connector="OR",
                            ),
                            name="projects_successcriterion_waived",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("state", "met"), ("met_at__isnull", False)),
                                models.Q(
                                    models.Q(("state", "met"), _negated=True),
                                    models.Q(("met_at__isnull", False), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="projects_successcriterion_met",
                        ),
                        models.UniqueConstraint(
                            deferrable=django.db.models.constraints.Deferrable["IMMEDIATE"],
                            fields=("tenant", "phase", "ordinal"),
                            name="projects_successcriterion_ordinal",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="SuccessMetric",
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
                    ("tenant", common.models.TenantField()),
                    (
                        "updated_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    (
                        "phase",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="metrics",
                            to="projects.phase",
                        ),
                    ),
                    ("name", models.CharField(max_length=255)),
                    (
                        "kind",
                        models.CharField(
                            choices=[
                                ("commits", "Commits"),
                                ("review_cycles", "Review cycles"),
                                ("issues_documented", "Issues documented"),
                                ("time_per_group", "Time per group"),
                                ("patterns_preserved", "Patterns preserved"),
                                ("token_saving", "Token saving"),
                                ("custom", "Custom"),
                            ],
                            default="custom",
                            max_length=20,
                        ),
                    ),
                    (
                        "operator",
                        models.CharField(
                            choices=[("eq", "="), ("lte", "≤"), ("gte", "≥"), ("between", "between")],
                            default="gte",
                            max_length=10,
                        ),
                    ),
                    ("target", models.DecimalField(decimal_places=4, max_digits=14)),
                    ("target_max", models.DecimalField(blank=True, decimal_places=4, max_digits=14, null=True)),
                    ("unit", models.CharField(blank=True, default="", max_length=50)),
                    ("measured", models.DecimalField(decimal_places=4, editable=False, max_digits=14, null=True)),
                    ("measured_at", models.DateTimeField(editable=False, null=True)),
                ],
                options={
                    "ordering": ("id",),
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                (
                                    "kind__in",
                                    [
                                        "commits",
                                        "review_cycles",
                                        "issues_documented",
                                        "time_per_group",
                                        "patterns_preserved",
                                        "token_saving",
                                        "custom",
                                    ],
                                )
                            ),
                            name="projects_successmetric_kind",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("operator__in", ["eq", "lte", "gte", "between"])),
                            name="projects_successmetric_operator",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("operator", "between"), ("target_max__isnull", False)),
                                models.Q(
                                    models.Q(("operator", "between"), _negated=True),
                                    models.Q(("target_max__isnull", False), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="projects_successmetric_between",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("target_max__gte", models.F("target"))),
                            name="projects_successmetric_range",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("measured__isnull", False), ("measured_at__isnull", False)),
                                models.Q(
                                    models.Q(("measured__isnull", False), _negated=True),
                                    models.Q(("measured_at__isnull", False), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="projects_successmetric_measured",
                        ),
                        models.UniqueConstraint(
                            models.F("tenant"),
                            models.F("phase"),
                            django.db.models.functions.text.Lower("name"),
                            name="projects_successmetric_name",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="TaskGroup",
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
                    ("tenant", common.models.TenantField()),
                    (
                        "updated_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    (
                        "phase",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="groups",
                            to="projects.phase",
                        ),
                    ),
                    ("name", models.CharField(max_length=255)),
                    ("label", models.CharField(blank=True, default="", max_length=100)),
                    ("calendar_label", models.CharField(blank=True, default="", max_length=100)),
                    ("sequence", models.PositiveSmallIntegerField(default=0)),
                    ("parallel_key", models.CharField(blank=True, default="", max_length=100)),
                    ("rationale", models.TextField(blank=True, default="")),
                ],
                options={
                    "ordering": ("phase", "sequence", "id"),
                    "indexes": [
                        models.Index(fields=["tenant", "phase", "sequence", "id"], name="projects_taskgroup_order")
                    ],
                    "constraints": [
                        models.UniqueConstraint(
                            models.F("tenant"),
                            models.F("phase"),
                            django.db.models.functions.text.Lower("name"),
                            name="projects_taskgroup_name",
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="TaskGroupDependency",
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
                    ("tenant", common.models.TenantField()),
                    (
                        "updated_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    (
                        "group",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="dependencies",
                            to="projects.taskgroup",
                        ),
                    ),
                    (
                        "depends_on",
                        common.models.TenantForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="dependents",
                            to="projects.taskgroup",
                        ),
                    ),
                    ("reason", models.TextField(blank=True, default="")),
                ],
                options={
                    "verbose_name_plural": "task group dependencies",
                    "ordering": ("id",),
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("group", models.F("depends_on")), _negated=True),
                            name="projects_taskgroupdependency_not_itself",
                        ),
                        models.UniqueConstraint(
                            fields=("tenant", "group", "depends_on"), name="projects_taskgroupdependency_once"
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Gate",
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
                    ("tenant", common.models.TenantField()),
                    (
                        "updated_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    (
                        "phase",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="gates",
                            to="projects.phase",
                        ),
                    ),
                    (
                        "kind",
                        models.CharField(
                            choices=[("review", "Review"), ("validation", "Validation"), ("final", "Final review")],
                            max_length=20,
                        ),
                    ),
                    ("number", models.PositiveSmallIntegerField()),
                    ("name", models.CharField(max_length=255)),
                    (
                        "after_group",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.RESTRICT,
                            related_name="gates",
                            to="projects.taskgroup",
                        ),
                    ),
                    (
                        "owner_user",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="owned_gates",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("owner_agent_id", models.UUIDField(blank=True, null=True)),
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("pending", "Pending"),
                                ("open", "Open"),
                                ("passed", "Passed"),
                                ("failed", "Failed"),
                                ("changes_requested", "Changes requested"),
                                ("waived", "Waived"),
                            ],
                            default="pending",
                            max_length=20,
                        ),
                    ),
                    ("cycle", models.PositiveSmallIntegerField(default=0, editable=False)),
                    ("required", models.BooleanField(default=True)),
                    ("opened_at", models.DateTimeField(editable=False, null=True)),
                    ("decided_at", models.DateTimeField(editable=False, null=True)),
                    (
                        "waived_by",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="waived_gates",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("waived_reason", models.TextField(blank=True, default="")),
                ],
                options={
                    "ordering": ("phase", "kind", "number"),
                    "indexes": [
                        models.Index(fields=["tenant", "status", "-id"], name="projects_gate_by_status"),
                        models.Index(
                            condition=models.Q(("owner_agent_id__isnull", False)),
                            fields=["tenant", "owner_agent_id", "status"],
                            name="projects_gate_owner_agent",
                        ),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("kind__in", ["review", "validation", "final"])),
                            name="projects_gate_kind",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("status__in", ["pending", "open", "passed", "failed", "changes_requested", "waived"])
                            ),
                            name="projects_gate_status",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("owner_user__isnull", True), ("owner_agent_id__isnull", True), _connector="OR"
                            ),
                            name="projects_gate_owner",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("status__in", ("pending", "open")), ("decided_at__isnull", True)),
                                models.Q(
                                    models.Q(("status__in", ("pending", "open")), _negated=True),
                                    models.Q(("decided_at__isnull", True), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="projects_gate_decided",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("status__in", ["pending", "waived"]), ("opened_at__isnull", False), _connector="OR"
                            ),
                            name="projects_gate_opened",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("status", "waived"), models.Q(("waived_reason", ""), _negated=True)),
                                models.Q(models.Q(("status", "waived"), _negated=True), ("waived_reason", "")),
                                _connector="OR",
                            ),
                            name="projects_gate_waived_reason",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("status", "waived"), ("waived_by__isnull", False)),
                                models.Q(
                                    models.Q(("status", "waived"), _negated=True),
                                    models.Q(("waived_by__isnull", False), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="projects_gate_waived_by",
                        ),
                        models.UniqueConstraint(
                            deferrable=django.db.models.constraints.Deferrable["IMMEDIATE"],
                            fields=("tenant", "phase", "kind", "number"),
                            name="projects_gate_number",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="GateCheck",
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
                    ("tenant", common.models.TenantField()),
                    (
                        "updated_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    (
                        "gate",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="checks",
                            to="projects.gate",
                        ),
                    ),
                    ("section", models.CharField(blank=True, default="", max_length=100)),
                    ("ordinal", models.PositiveSmallIntegerField()),
                    ("text", models.TextField()),
                    (
                        "kind",
                        models.CharField(
                            choices=[("manual", "Manual"), ("automated", "Automated"), ("command", "Command")],
                            default="manual",
                            max_length=10,
                        ),
                    ),
                    ("command", models.TextField(blank=True, default="")),
                    (
                        "state",
                        models.CharField(
                            choices=[
                                ("pending", "Pending"),
                                ("pass", "Pass"),
                                ("fail", "Fail"),
                                ("skipped", "Skipped"),
                            ],
                            default="pending",
                            max_length=10,
                        ),
                    ),
                    ("evidence_id", models.UUIDField(blank=True, null=True)),
                    ("output", models.TextField(blank=True, default="")),
                    ("exit_code", models.IntegerField(blank=True, null=True)),
                    (
                        "checked_by_user",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="gate_checks",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("checked_by_agent_id", models.UUIDField(editable=False, null=True)),
                    ("checked_at", models.DateTimeField(editable=False, null=True)),
                    ("skipped_reason", models.TextField(blank=True, default="")),
                    (
                        "waived_by",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="waived_gate_checks",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("waived_at", models.DateTimeField(editable=False, null=True)),
                    ("waived_reason", models.TextField(blank=True, default="")),
                ],
                options={
                    "ordering": ("gate", "section", "ordinal"),
                    "indexes": [
                        models.Index(
                            condition=models.Q(("state", "fail")),
                            fields=["tenant", "-id"],
                            name="projects_gatecheck_failed",
                        ),
                        models.Index(
                            condition=models.Q(("evidence_id__isnull", False)),
                            fields=["tenant", "evidence_id"],
                            name="projects_gatecheck_evidence",
                        ),
                        models.Index(
                            condition=models.Q(("checked_by_agent_id__isnull", False)),
                            fields=["tenant", "checked_by_agent_id", "-id"],
                            name="projects_gatecheck_agent",
                        ),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("kind__in", ["manual", "automated", "command"])),
                            name="projects_gatecheck_kind",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("state__in", ["pending", "pass", "fail", "skipped"])),
                            name="projects_gatecheck_state",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("kind", "command"), _negated=True),
                                models.Q(("command", ""), _negated=True),
                                _connector="OR",
                            ),
                            name="projects_gatecheck_command",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("state", "pending"), ("checked_at__isnull", True)),
                                models.Q(
                                    models.Q(("state", "pending"), _negated=True),
                                    models.Q(("checked_at__isnull", True), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="projects_gatecheck_checked",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("checked_by_user__isnull", True),
                                ("checked_by_agent_id__isnull", True),
                                _connector="OR",
                            ),
                            name="projects_gatecheck_checked_by",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("state", "pass"), _negated=True),
                                ("exit_code__isnull", True),
                                ("exit_code", 0),
                                _connector="OR",
                            ),
                            name="projects_gatecheck_exit_code",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("state", "skipped"), models.Q(("skipped_reason", ""), _negated=True)),
                                models.Q(models.Q(("state", "skipped"), _negated=True), ("skipped_reason", "")),
                                _connector="OR",
                            ),
                            name="projects_gatecheck_skipped",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("waived_at__isnull", True), ("waived_by__isnull", True), ("waived_reason", "")
                                ),
                                models.Q(
                                    ("waived_at__isnull", False),
                                    ("waived_by__isnull", False),
                                    models.Q(("waived_reason", ""), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="projects_gatecheck_waived",
                        ),
                        models.CheckConstraint(
                            condition=django.db.models.lookups.LessThanOrEqual(
                                django.db.models.functions.text.Length("output"), 65536
                            ),
                            name="projects_gatecheck_output",
                        ),
                        models.UniqueConstraint(
                            deferrable=django.db.models.constraints.Deferrable["IMMEDIATE"],
                            fields=("tenant", "gate", "section", "ordinal"),
                            name="projects_gatecheck_ordinal",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Review",
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
                    ("tenant", common.models.TenantField()),
                    (
                        "gate",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="reviews",
                            to="projects.gate",
                        ),
                    ),
                    ("cycle", models.PositiveSmallIntegerField()),
                    (
                        "reviewer_user",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="reviews",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("reviewer_agent_id", models.UUIDField(blank=True, null=True)),
                    (
                        "verdict",
                        models.CharField(
                            choices=[("approved", "Approved"), ("changes_requested", "Changes requested")],
                            max_length=20,
                        ),
                    ),
                    ("comments", models.TextField(blank=True, default="")),
                    (
                        "reopened_task_ids",
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.UUIDField(), blank=True, default=list, size=None
                        ),
                    ),
                ],
                options={
                    "ordering": ("-id",),
                    "indexes": [
                        models.Index(
                            condition=models.Q(("reviewer_agent_id__isnull", False)),
                            fields=["tenant", "reviewer_agent_id", "-id"],
                            name="projects_review_agent",
                        )
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("verdict__in", ["approved", "changes_requested"])),
                            name="projects_review_verdict",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("reviewer_user__isnull", False), ("reviewer_agent_id__isnull", True)),
                                models.Q(("reviewer_user__isnull", True), ("reviewer_agent_id__isnull", False)),
                                _connector="OR",
                            ),
                            name="projects_review_reviewer",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("verdict", "approved"), _negated=True),
                                ("reopened_task_ids", []),
                                _connector="OR",
                            ),
                            name="projects_review_reopened",
                        ),
                        models.UniqueConstraint(
                            fields=("tenant", "gate", "cycle", "reviewer_user", "reviewer_agent_id"),
                            name="projects_review_once",
                            nulls_distinct=False,
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="PatternCheck",
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
                    ("tenant", common.models.TenantField()),
                    (
                        "review",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="patterns",
                            to="projects.review",
                        ),
                    ),
                    ("name", models.CharField(max_length=100)),
                    ("preserved", models.BooleanField()),
                    ("note", models.TextField(blank=True, default="")),
                ],
                options={
                    "ordering": ("id",),
                    "indexes": [
                        models.Index(
                            condition=models.Q(("preserved", False)),
                            fields=["tenant", "-id"],
                            name="projects_patterncheck_lost",
                        )
                    ],
                    "constraints": [
                        models.UniqueConstraint(
                            models.F("tenant"),
                            models.F("review"),
                            django.db.models.functions.text.Lower("name"),
                            name="projects_patterncheck_name",
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="PhaseApproval",
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
                    ("tenant", common.models.TenantField()),
                    (
                        "phase",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="approvals",
                            to="projects.phase",
                        ),
                    ),
                    (
                        "approver_user",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="phase_approvals",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("approver_agent_id", models.UUIDField(blank=True, null=True)),
                    (
                        "verdict",
                        models.CharField(
                            choices=[("approved", "Approved"), ("changes_requested", "Changes requested")],
                            max_length=20,
                        ),
                    ),
                    ("criteria", models.JSONField(blank=True, default=dict)),
                    ("knowledge_updates", models.TextField(blank=True, default="")),
                    ("transition_document", models.TextField(blank=True, default="")),
                    (
                        "decided_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                ],
                options={
                    "ordering": ("-id",),
                    "indexes": [
                        models.Index(fields=["tenant", "phase", "-id"], name="projects_phaseapproval_phase"),
                        models.Index(
                            condition=models.Q(("approver_agent_id__isnull", False)),
                            fields=["tenant", "approver_agent_id", "-id"],
                            name="projects_phaseapproval_agent",
                        ),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("verdict__in", ["approved", "changes_requested"])),
                            name="projects_phaseapproval_verdict",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("approver_user__isnull", False), ("approver_agent_id__isnull", True)),
                                models.Q(("approver_user__isnull", True), ("approver_agent_id__isnull", False)),
                                _connector="OR",
                            ),
                            name="projects_phaseapproval_approver",
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("verdict", "approved")),
                            fields=("tenant", "phase"),
                            name="projects_phaseapproval_once",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="DecisionRecord",
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
                    ("tenant", common.models.TenantField()),
                    (
                        "updated_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    (
                        "project",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="decision_records",
                            to="projects.project",
                        ),
                    ),
                    (
                        "plan",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.RESTRICT,
                            related_name="decision_records",
                            to="projects.plan",
                        ),
                    ),
                    (
                        "phase",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.RESTRICT,
                            related_name="decision_records",
                            to="projects.phase",
                        ),
                    ),
                    ("number", models.PositiveIntegerField()),
                    ("title", models.CharField(max_length=255)),
                    ("decision", models.TextField()),
                    ("reasoning", models.TextField(blank=True, default="")),
                    ("alternatives", models.TextField(blank=True, default="")),
                    ("benefits", models.TextField(blank=True, default="")),
                    ("note", models.TextField(blank=True, default="")),
                    ("future", models.TextField(blank=True, default="")),
                    (
                        "status",
                        models.CharField(
                            choices=[("proposed", "Proposed"), ("accepted", "Accepted"), ("superseded", "Superseded")],
                            default="proposed",
                            max_length=20,
                        ),
                    ),
                    (
                        "superseded_by",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.RESTRICT,
                            related_name="supersedes",
                            to="projects.decisionrecord",
                        ),
                    ),
                    (
                        "decided_by",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="decision_records",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "ordering": ("project", "number"),
                    "indexes": [
                        models.Index(fields=["tenant", "project", "status", "-id"], name="projects_decision_by_status")
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("status__in", ["proposed", "accepted", "superseded"])),
                            name="projects_decisionrecord_status",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("status", "superseded"), ("superseded_by__isnull", False)),
                                models.Q(
                                    models.Q(("status", "superseded"), _negated=True),
                                    models.Q(("superseded_by__isnull", False), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="projects_decisionrecord_superseded",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("superseded_by__isnull", True),
                                models.Q(("id", models.F("superseded_by")), _negated=True),
                                _connector="OR",
                            ),
                            name="projects_decisionrecord_not_itself",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("phase__isnull", True), ("plan__isnull", False), _connector="OR"),
                            name="projects_decisionrecord_scope",
                        ),
                        models.UniqueConstraint(
                            fields=("tenant", "project", "number"), name="projects_decisionrecord_number"
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="EscalationRule",
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
                    ("tenant", common.models.TenantField()),
                    (
                        "updated_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    (
                        "project",
                        common.models.TenantForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="escalation_rules",
                            to="projects.project",
                        ),
                    ),
                    (
                        "plan",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="escalation_rules",
                            to="projects.plan",
                        ),
                    ),
                    (
                        "phase",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="escalation_rules",
                            to="projects.phase",
                        ),
                    ),
                    ("area", models.CharField(max_length=100)),
                    ("trigger", models.TextField()),
                    ("backup_agent_id", models.UUIDField(blank=True, null=True)),
                    ("escalate_to_agent_id", models.UUIDField(blank=True, null=True)),
                    (
                        "escalate_to_user",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="escalation_rules",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("ordinal", models.PositiveSmallIntegerField(default=1)),
                    ("is_active", models.BooleanField(default=True)),
                ],
                options={
                    "ordering": ("project", "area", "ordinal"),
                    "indexes": [
                        models.Index(
                            condition=models.Q(("backup_agent_id__isnull", False)),
                            fields=["tenant", "backup_agent_id"],
                            name="projects_rule_backup",
                        ),
                        models.Index(
                            condition=models.Q(("escalate_to_agent_id__isnull", False)),
                            fields=["tenant", "escalate_to_agent_id"],
                            name="projects_rule_escalate_to",
                        ),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                ("escalate_to_user__isnull", True),
                                ("escalate_to_agent_id__isnull", True),
                                _connector="OR",
                            ),
                            name="projects_escalationrule_escalate_to",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("phase__isnull", True), ("plan__isnull", False), _connector="OR"),
                            name="projects_escalationrule_scope",
                        ),
                        models.UniqueConstraint(
                            models.F("tenant"),
                            models.F("project"),
                            models.F("plan"),
                            models.F("phase"),
                            django.db.models.functions.text.Lower("area"),
                            models.F("ordinal"),
                            condition=models.Q(("is_active", True)),
                            name="projects_escalationrule_order",
                            nulls_distinct=False,
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Escalation",
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
                    ("tenant", common.models.TenantField()),
                    (
                        "updated_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    (
                        "rule",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="escalations",
                            to="projects.escalationrule",
                        ),
                    ),
                    (
                        "step",
                        models.CharField(
                            choices=[
                                ("retry", "Retry"),
                                ("backup", "Backup"),
                                ("escalate_to", "Escalate"),
                                ("hitl", "Ask a person"),
                            ],
                            max_length=20,
                        ),
                    ),
                    ("subject_type", models.CharField(max_length=50)),
                    ("subject_id", models.UUIDField()),
                    ("reason", models.TextField()),
                    (
                        "raised_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    (
                        "raised_by_user",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="raised_escalations",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("raised_by_agent_id", models.UUIDField(editable=False, null=True)),
                    ("resolved_at", models.DateTimeField(editable=False, null=True)),
                    (
                        "resolved_by",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="resolved_escalations",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("resolution", models.TextField(blank=True, default="")),
                ],
                options={
                    "ordering": ("-id",),
                    "indexes": [
                        models.Index(fields=["tenant", "rule", "-id"], name="projects_escalation_rule"),
                        models.Index(fields=["tenant", "subject_id", "-id"], name="projects_escalation_subject"),
                        models.Index(
                            condition=models.Q(("resolved_at__isnull", True)),
                            fields=["tenant", "-id"],
                            name="projects_escalation_open",
                        ),
                        models.Index(
                            condition=models.Q(("raised_by_agent_id__isnull", False)),
                            fields=["tenant", "raised_by_agent_id", "-id"],
                            name="projects_escalation_agent",
                        ),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("step__in", ["retry", "backup", "escalate_to", "hitl"])),
                            name="projects_escalation_step",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("raised_by_user__isnull", True), ("raised_by_agent_id__isnull", True), _connector="OR"
                            ),
                            name="projects_escalation_raised_by",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("resolved_at__isnull", False), models.Q(("resolution", ""), _negated=True)),
                                models.Q(models.Q(("resolved_at__isnull", False), _negated=True), ("resolution", "")),
                                _connector="OR",
                            ),
                            name="projects_escalation_resolved",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("resolved_by__isnull", True), ("resolved_at__isnull", False), _connector="OR"
                            ),
                            name="projects_escalation_resolved_by",
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("resolved_at__isnull", True)),
                            fields=("tenant", "rule", "subject_type", "subject_id", "step"),
                            name="projects_escalation_once",
                        ),
                    ],
                },
            ),
        ),
        ProtectReferences("Project", "owner"),
        ProtectTables(
            "Phase",
            "SuccessCriterion",
            "SuccessMetric",
            "TaskGroup",
            "TaskGroupDependency",
            "Gate",
            "GateCheck",
            "DecisionRecord",
            "EscalationRule",
            "Escalation",
        ),
        ProtectTables("Review", "PatternCheck", "PhaseApproval", append_only=True),
    ]
