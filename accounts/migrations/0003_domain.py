"""People as the specification has them, their preferences and what they are told."""

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

import common.crypto
import common.ids
import common.models
from common.operations import Together
from common.tenancy.migrations import ProtectTables


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_tenancy"),
    ]

    operations = [
        Together(
            migrations.AlterModelOptions(
                name="tenant",
                options={"base_manager_name": "all_objects", "ordering": ("name",)},
            ),
            migrations.AlterModelOptions(
                name="user",
                options={"base_manager_name": "all_objects", "ordering": ("display_name",)},
            ),
            migrations.AlterModelManagers(
                name="tenant",
                managers=[
                    ("objects", django.db.models.manager.Manager()),
                    ("all_objects", django.db.models.manager.Manager()),
                ],
            ),
            migrations.AlterModelManagers(
                name="user",
                managers=[
                    ("objects", django.db.models.manager.Manager()),
                    ("all_objects", django.db.models.manager.Manager()),
                ],
            ),
            migrations.AddField(
                model_name="tenant",
                name="deleted_at",
                field=models.DateTimeField(editable=False, null=True),
            ),
            migrations.AddField(
                model_name="tenant",
                name="is_trial",
                field=models.BooleanField(default=True),
            ),
            migrations.AddField(
                model_name="tenant",
                name="trial_ends_at",
                field=models.DateTimeField(blank=True, help_text="Empty: the trial has no end.", null=True),
            ),
            migrations.AddField(
                model_name="user",
                name="deleted_at",
                field=models.DateTimeField(editable=False, null=True),
            ),
            migrations.AddField(
                model_name="user",
                name="email_verified",
                field=models.BooleanField(default=False),
            ),
            migrations.AddField(
                model_name="user",
                name="github_access_token",
                field=common.crypto.EncryptedTextField(editable=False, null=True),
            ),
            migrations.AddField(
                model_name="user",
                name="github_token_expires_at",
                field=models.DateTimeField(editable=False, null=True),
            ),
            migrations.AddField(
                model_name="user",
                name="github_user_id",
                field=models.BigIntegerField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name="user",
                name="github_username",
                field=models.CharField(blank=True, default="", max_length=255),
            ),
            migrations.AddField(
                model_name="user",
                name="is_service_account",
                field=models.GeneratedField(
                    db_persist=True,
                    expression=models.ExpressionWrapper(
                        models.Q(("role", "service")), output_field=models.BooleanField()
                    ),
                    output_field=models.BooleanField(),
                ),
            ),
            migrations.AddField(
                model_name="user",
                name="metadata",
                field=models.JSONField(blank=True, default=dict),
            ),
            migrations.AddField(
                model_name="user",
                name="must_change_password",
                field=models.BooleanField(default=False),
            ),
            migrations.AddField(
                model_name="user",
                name="password_changed_at",
                field=models.DateTimeField(editable=False, null=True),
            ),
            migrations.AddField(
                model_name="user",
                name="staff_roles",
                field=django.contrib.postgres.fields.ArrayField(
                    base_field=models.CharField(
                        choices=[
                            ("viewer", "Viewer"),
                            ("operator", "Operator"),
                            ("approver", "Approver"),
                            ("auditor", "Auditor"),
                            ("project_admin", "Project administrator"),
                            ("platform_admin", "Platform administrator"),
                        ],
                        max_length=20,
                    ),
                    blank=True,
                    default=list,
                    size=None,
                ),
            ),
            migrations.CreateModel(
                name="Notification",
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
                    ("kind", models.CharField(max_length=100)),
                    ("title", models.CharField(max_length=500)),
                    ("body", models.TextField(blank=True, default="")),
                    ("url", models.CharField(help_text="A path of this site.", max_length=1000)),
                    ("subject_type", models.CharField(blank=True, default="", max_length=50)),
                    ("subject_id", models.UUIDField(null=True)),
                    ("event_id", models.UUIDField(null=True)),
                    ("read_at", models.DateTimeField(null=True)),
                    ("emailed_at", models.DateTimeField(help_text="Sent in a mail of its own.", null=True)),
                    ("digest_at", models.DateTimeField(help_text="Sent in a daily digest.", null=True)),
                    ("tenant", common.models.TenantField()),
                    (
                        "user",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="notifications",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "ordering": ("-id",),
                },
            ),
            migrations.CreateModel(
                name="UserPreference",
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
                        "theme",
                        models.CharField(
                            choices=[("auto", "As the device"), ("light", "Light"), ("dark", "Dark")],
                            default="auto",
                            max_length=10,
                        ),
                    ),
                    (
                        "time_zone",
                        models.CharField(default="UTC", help_text="A name of the IANA database.", max_length=64),
                    ),
                    (
                        "notifications",
                        models.CharField(
                            choices=[("at_once", "At once"), ("digest", "Once a day"), ("none", "Never by e-mail")],
                            default="at_once",
                            max_length=10,
                        ),
                    ),
                    (
                        "daily_digest_hour",
                        models.PositiveSmallIntegerField(default=8, help_text="In the person's time zone."),
                    ),
                    ("preferences", models.JSONField(blank=True, default=dict)),
                    ("tenant", common.models.TenantField()),
                    (
                        "user",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="preferences",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
            ),
            migrations.RemoveConstraint(
                model_name="user",
                name="accounts_user_username",
            ),
            migrations.AddIndex(
                model_name="user",
                index=models.Index(
                    condition=models.Q(("github_username", ""), _negated=True),
                    fields=["tenant", "github_username"],
                    name="accounts_user_github_username",
                ),
            ),
            migrations.AddIndex(
                model_name="user",
                index=models.Index(fields=["tenant", "is_active", "display_name"], name="accounts_user_active"),
            ),
            migrations.AddIndex(
                model_name="user",
                index=models.Index(fields=["tenant", "-created_at"], name="accounts_user_newest"),
            ),
            migrations.AddIndex(
                model_name="user",
                index=models.Index(fields=["tenant", "role"], name="accounts_user_by_role"),
            ),
            migrations.AddIndex(
                model_name="notification",
                index=models.Index(fields=["tenant", "user", "-id"], name="accounts_notification_list"),
            ),
            migrations.AddIndex(
                model_name="notification",
                index=models.Index(
                    condition=models.Q(("read_at__isnull", True)),
                    fields=["tenant", "user"],
                    name="accounts_notification_unread",
                ),
            ),
            migrations.AddIndex(
                model_name="notification",
                index=models.Index(
                    condition=models.Q(
                        ("digest_at__isnull", True), ("emailed_at__isnull", True), ("read_at__isnull", True)
                    ),
                    fields=["created_at"],
                    name="accounts_notification_unsent",
                ),
            ),
            migrations.AddConstraint(
                model_name="tenant",
                constraint=models.CheckConstraint(
                    condition=models.Q(("trial_ends_at__isnull", True), ("is_trial", True), _connector="OR"),
                    name="accounts_tenant_trial_ends",
                ),
            ),
            migrations.AddConstraint(
                model_name="tenant",
                constraint=models.CheckConstraint(
                    condition=models.Q(("deleted_at__isnull", True), ("is_active", False), _connector="OR"),
                    name="accounts_tenant_deleted_is_inactive",
                ),
            ),
            migrations.AddConstraint(
                model_name="user",
                constraint=models.UniqueConstraint(
                    models.F("tenant"),
                    django.db.models.functions.text.Lower("username"),
                    condition=models.Q(("deleted_at__isnull", True)),
                    name="accounts_user_username",
                ),
            ),
            migrations.AddConstraint(
                model_name="user",
                constraint=models.UniqueConstraint(
                    condition=models.Q(("github_user_id__isnull", False)),
                    fields=("tenant", "github_user_id"),
                    name="accounts_user_github_user_id",
                ),
            ),
            migrations.AddConstraint(
                model_name="user",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        (
                            "staff_roles__contained_by",
                            ["viewer", "operator", "approver", "auditor", "project_admin", "platform_admin"],
                        )
                    ),
                    name="accounts_user_staff_roles",
                ),
            ),
            migrations.AddConstraint(
                model_name="user",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        ("github_token_expires_at__isnull", True),
                        ("github_access_token__isnull", False),
                        _connector="OR",
                    ),
                    name="accounts_user_github_token_expires",
                ),
            ),
            migrations.AddConstraint(
                model_name="user",
                constraint=models.CheckConstraint(
                    condition=models.Q(("deleted_at__isnull", True), ("is_active", False), _connector="OR"),
                    name="accounts_user_deleted_is_inactive",
                ),
            ),
            migrations.AddConstraint(
                model_name="notification",
                constraint=models.CheckConstraint(
                    condition=models.Q(("url__startswith", "/"), models.Q(("url__startswith", "//"), _negated=True)),
                    name="accounts_notification_url",
                ),
            ),
            migrations.AddConstraint(
                model_name="notification",
                constraint=models.UniqueConstraint(
                    condition=models.Q(("event_id__isnull", False)),
                    fields=("tenant", "event_id", "user"),
                    name="accounts_notification_once",
                ),
            ),
            migrations.AddConstraint(
                model_name="userpreference",
                constraint=models.UniqueConstraint(fields=("tenant", "user"), name="accounts_userpreference_once"),
            ),
            migrations.AddConstraint(
                model_name="userpreference",
                constraint=models.CheckConstraint(
                    condition=models.Q(("theme__in", ["auto", "light", "dark"])), name="accounts_userpreference_theme"
                ),
            ),
            migrations.AddConstraint(
                model_name="userpreference",
                constraint=models.CheckConstraint(
                    condition=models.Q(("notifications__in", ["at_once", "digest", "none"])),
                    name="accounts_userpreference_timing",
                ),
            ),
            migrations.AddConstraint(
                model_name="userpreference",
                constraint=models.CheckConstraint(
                    condition=models.Q(("daily_digest_hour__range", (0, 23))),
                    name="accounts_userpreference_digest_hour",
                ),
            ),
        ),
        ProtectTables("UserPreference", "Notification"),
    ]
