"""The rest of work: dependencies, assignments, conversation, handoffs, standing rules and the journal."""

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import django.db.models.lookups
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

import common.ids
import common.models
from common.operations import Together
from common.tenancy.migrations import ProtectReferences, ProtectTables, search_function

# An attempt that has ended stays as it ended. Generated columns are not known yet where a trigger looks before the row
# is written, and they say nothing of their own.
KEEP_ENDED = """
CREATE OR REPLACE FUNCTION sec.keep_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF to_jsonb(NEW) - {columns} IS DISTINCT FROM to_jsonb(OLD) - {columns} THEN
    RAISE EXCEPTION 'an ended execution does not change' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$
"""
GENERATED = "ARRAY['updated_at', 'total_tokens', 'execution_time_ms']"


def project_of_the_task(table: str) -> migrations.RunSQL:
    """Fill `project_id` of the rows there are: as the owner, over all tenants, without touching them otherwise."""
    return migrations.RunSQL(
        [
            "ALTER TABLE tasks_task NO FORCE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} DISABLE TRIGGER USER",
            f"UPDATE {table} SET project_id = t.project_id FROM tasks_task t"  # noqa: S608  # a table of ours
            f" WHERE t.tenant_id = {table}.tenant_id AND t.id = {table}.task_id",
            # New columns rewrote the table, so the rows count as this transaction's and their references are checked:
            # now, for no table can be altered while a check waits.
            "SET CONSTRAINTS ALL IMMEDIATE",
            "SET CONSTRAINTS ALL DEFERRED",
            f"ALTER TABLE {table} ENABLE TRIGGER USER",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            "ALTER TABLE tasks_task FORCE ROW LEVEL SECURITY",
        ],
        migrations.RunSQL.noop,
    )


def set_not_null(model: str, related_name: str) -> migrations.AlterField:
    return migrations.AlterField(
        model_name=model,
        name="project",
        field=common.models.TenantForeignKey(
            db_index=False,
            editable=False,
            on_delete=django.db.models.deletion.PROTECT,
            related_name=related_name,
            to="projects.project",
        ),
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_domain"),
        ("agents", "0004_project_agents"),
        ("evidence", "0003_domain"),
        ("projects", "0003_domain"),
        ("tasks", "0002_tenancy"),
    ]

    operations = [
        Together(
            migrations.CreateModel(
                name="StandingRule",
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
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="standing_rules",
                            to="projects.project",
                        ),
                    ),
                    (
                        "kind",
                        models.CharField(
                            blank=True,
                            choices=[
                                ("question", "Question"),
                                ("pre_execution", "Before a risky step"),
                                ("response_approval", "Check of an answer"),
                                ("next_step", "Next step"),
                                ("phase_gate", "Phase gate"),
                                ("budget_override", "Budget override"),
                                ("escalation", "Escalation"),
                            ],
                            max_length=20,
                            null=True,
                        ),
                    ),
                    (
                        "trigger",
                        models.CharField(
                            blank=True,
                            choices=[
                                ("phase_completion", "A phase is complete"),
                                ("quality_threshold", "Quality below the threshold"),
                                ("conflict_detected", "A conflict was found"),
                                ("agent_error", "An agent's error"),
                                ("budget_exceeded", "The budget is used up"),
                                ("safety_violation", "A safety rule was broken"),
                                ("manual_request", "Asked for"),
                            ],
                            max_length=20,
                            null=True,
                        ),
                    ),
                    (
                        "agent",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="standing_rules",
                            to="agents.agent",
                        ),
                    ),
                    (
                        "action_pattern",
                        models.CharField(
                            blank=True,
                            default="",
                            help_text="Of the action's type, with * for anything: shell.*",
                            max_length=500,
                        ),
                    ),
                    (
                        "highest_risk",
                        models.CharField(
                            choices=[("low", "Low"), ("high", "High"), ("critical", "Critical")],
                            default="low",
                            max_length=10,
                        ),
                    ),
                    ("answer", models.CharField(choices=[("approve", "Approve"), ("reject", "Reject")], max_length=10)),
                    ("reason", models.TextField()),
                    ("expires_at", models.DateTimeField()),
                    ("max_uses", models.PositiveIntegerField(blank=True, null=True)),
                    ("uses", models.PositiveIntegerField(default=0, editable=False)),
                    (
                        "created_by",
                        common.models.TenantForeignKey(
                            editable=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="standing_rules",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("revoked_at", models.DateTimeField(editable=False, null=True)),
                    (
                        "revoked_by",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "ordering": ("-id",),
                    "indexes": [
                        models.Index(fields=["tenant", "project", "expires_at"], name="tasks_standingrule_project")
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                (
                                    "kind__in",
                                    [
                                        "question",
                                        "pre_execution",
                                        "response_approval",
                                        "next_step",
                                        "phase_gate",
                                        "budget_override",
                                        "escalation",
                                    ],
                                )
                            ),
                            name="tasks_standingrule_kind",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                (
                                    "trigger__in",
                                    [
                                        "phase_completion",
                                        "quality_threshold",
                                        "conflict_detected",
                                        "agent_error",
                                        "budget_exceeded",
                                        "safety_violation",
                                        "manual_request",
                                    ],
                                )
                            ),
                            name="tasks_standingrule_trigger",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("highest_risk__in", ["low", "high", "critical"])),
                            name="tasks_standingrule_highest_risk",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("answer__in", ["approve", "reject"])), name="tasks_standingrule_answer"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("reason", ""), _negated=True), name="tasks_standingrule_reason"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("kind__isnull", False),
                                ("trigger__isnull", False),
                                ("agent__isnull", False),
                                models.Q(("action_pattern", ""), _negated=True),
                                _connector="OR",
                            ),
                            name="tasks_standingrule_narrow",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("answer", "reject"),
                                models.Q(("highest_risk", "critical"), _negated=True),
                                _connector="OR",
                            ),
                            name="tasks_standingrule_not_critical",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("expires_at__gt", models.F("created_at"))),
                            name="tasks_standingrule_expires",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("max_uses__isnull", True), ("uses__lte", models.F("max_uses")), _connector="OR"
                            ),
                            name="tasks_standingrule_uses_left",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("revoked_at__isnull", True), ("revoked_by__isnull", True)),
                                models.Q(("revoked_at__isnull", False), ("revoked_by__isnull", False)),
                                _connector="OR",
                            ),
                            name="tasks_standingrule_revoked",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="StandingRuleResponse",
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
                        "rule",
                        common.models.TenantForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="responses",
                            to="tasks.standingrule",
                        ),
                    ),
                    (
                        "approval",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="rule_responses",
                            to="tasks.approvalrequest",
                        ),
                    ),
                ],
                options={
                    "ordering": ("-id",),
                    "constraints": [
                        models.UniqueConstraint(fields=("tenant", "approval"), name="tasks_standingruleresponse_once")
                    ],
                },
            ),
            migrations.CreateModel(
                name="TaskDependency",
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
                        "task",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="dependencies",
                            to="tasks.task",
                        ),
                    ),
                    (
                        "depends_on",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="dependents",
                            to="tasks.task",
                        ),
                    ),
                    (
                        "kind",
                        models.CharField(
                            choices=[("blocks", "Must be done first"), ("relates", "Is related")],
                            default="blocks",
                            max_length=10,
                        ),
                    ),
                    ("reason", models.CharField(blank=True, default="", max_length=500)),
                    ("satisfied_at", models.DateTimeField(editable=False, null=True)),
                ],
                options={
                    "verbose_name_plural": "task dependencies",
                    "ordering": ("id",),
                    "indexes": [
                        models.Index(fields=["tenant", "depends_on", "kind"], name="tasks_taskdependency_waiting")
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("kind__in", ["blocks", "relates"])), name="tasks_taskdependency_kind"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("task", models.F("depends_on")), _negated=True),
                            name="tasks_taskdependency_not_itself",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("kind", "blocks"), ("satisfied_at__isnull", True), _connector="OR"),
                            name="tasks_taskdependency_satisfied",
                        ),
                        models.UniqueConstraint(
                            fields=("tenant", "task", "depends_on"), name="tasks_taskdependency_once"
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Assignment",
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
                            editable=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="assignments",
                            to="projects.project",
                        ),
                    ),
                    (
                        "task",
                        common.models.TenantForeignKey(
                            db_index=False,
                            null=True,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="assignments",
                            to="tasks.task",
                        ),
                    ),
                    (
                        "group",
                        common.models.TenantForeignKey(
                            db_index=False,
                            null=True,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="assignments",
                            to="projects.taskgroup",
                        ),
                    ),
                    (
                        "user",
                        common.models.TenantForeignKey(
                            db_index=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="assignments",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "agent",
                        common.models.TenantForeignKey(
                            db_index=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="assignments",
                            to="agents.agent",
                        ),
                    ),
                    (
                        "role",
                        models.CharField(
                            choices=[
                                ("primary", "Does it"),
                                ("backup", "Steps in"),
                                ("reviewer", "Reviews it"),
                                ("validator", "Validates it"),
                                ("approver", "Approves it"),
                            ],
                            max_length=10,
                        ),
                    ),
                    (
                        "scope",
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.CharField(max_length=100), blank=True, default=list, size=None
                        ),
                    ),
                    ("condition", models.CharField(blank=True, default="", max_length=500)),
                    ("rationale", models.TextField(blank=True, default="")),
                    ("ended_at", models.DateTimeField(editable=False, null=True)),
                ],
                options={
                    "ordering": ("id",),
                    "indexes": [
                        models.Index(
                            condition=models.Q(("task__isnull", False)),
                            fields=["tenant", "task", "id"],
                            name="tasks_assignment_task",
                        ),
                        models.Index(
                            condition=models.Q(("group__isnull", False)),
                            fields=["tenant", "group", "role"],
                            name="tasks_assignment_group",
                        ),
                        models.Index(
                            condition=models.Q(("user__isnull", False)),
                            fields=["tenant", "user", "ended_at"],
                            name="tasks_assignment_user",
                        ),
                        models.Index(
                            condition=models.Q(("agent__isnull", False)),
                            fields=["tenant", "agent", "ended_at"],
                            name="tasks_assignment_agent",
                        ),
                        models.Index(fields=["tenant", "project", "-id"], name="tasks_assignment_project"),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                ("role__in", ["primary", "backup", "reviewer", "validator", "approver"])
                            ),
                            name="tasks_assignment_role",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("group__isnull", True), ("task__isnull", False)),
                                models.Q(("group__isnull", False), ("task__isnull", True)),
                                _connector="OR",
                            ),
                            name="tasks_assignment_target",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("agent__isnull", True), ("user__isnull", False)),
                                models.Q(("agent__isnull", False), ("user__isnull", True)),
                                _connector="OR",
                            ),
                            name="tasks_assignment_assignee",
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("ended_at__isnull", True)),
                            fields=("tenant", "task", "group", "role", "user", "agent"),
                            name="tasks_assignment_once",
                            nulls_distinct=False,
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="ChecklistItem",
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
                            editable=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="checklist_items",
                            to="projects.project",
                        ),
                    ),
                    (
                        "task",
                        common.models.TenantForeignKey(
                            db_index=False,
                            null=True,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="checklist",
                            to="tasks.task",
                        ),
                    ),
                    (
                        "gate",
                        common.models.TenantForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="checklist",
                            to="projects.gate",
                        ),
                    ),
                    ("ordinal", models.PositiveSmallIntegerField()),
                    ("text", models.CharField(max_length=500)),
                    ("done", models.BooleanField(default=False, editable=False)),
                    ("done_at", models.DateTimeField(editable=False, null=True)),
                    (
                        "done_by_user",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "done_by_agent",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="agents.agent",
                        ),
                    ),
                    (
                        "evidence",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="checklist_items",
                            to="evidence.evidence",
                        ),
                    ),
                ],
                options={
                    "ordering": ("ordinal",),
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("gate__isnull", True), ("task__isnull", False)),
                                models.Q(("gate__isnull", False), ("task__isnull", True)),
                                _connector="OR",
                            ),
                            name="tasks_checklistitem_target",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("text", ""), _negated=True), name="tasks_checklistitem_text"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("done", True),
                                    ("done_at__isnull", False),
                                    models.Q(
                                        models.Q(("done_by_agent__isnull", True), ("done_by_user__isnull", False)),
                                        models.Q(("done_by_agent__isnull", False), ("done_by_user__isnull", True)),
                                        _connector="OR",
                                    ),
                                ),
                                models.Q(
                                    ("done", False),
                                    ("done_at__isnull", True),
                                    ("done_by_agent__isnull", True),
                                    ("done_by_user__isnull", True),
                                ),
                                _connector="OR",
                            ),
                            name="tasks_checklistitem_done",
                        ),
                        models.UniqueConstraint(
                            deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                            fields=("tenant", "task", "gate", "ordinal"),
                            name="tasks_checklistitem_ordinal",
                            nulls_distinct=False,
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Comment",
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
                    ("deleted_at", models.DateTimeField(editable=False, null=True)),
                    (
                        "task",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="comments",
                            to="tasks.task",
                        ),
                    ),
                    (
                        "author",
                        common.models.TenantForeignKey(
                            db_index=False,
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="comments",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "agent",
                        common.models.TenantForeignKey(
                            db_index=False,
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="comments",
                            to="agents.agent",
                        ),
                    ),
                    ("content", models.TextField()),
                    (
                        "content_type",
                        models.CharField(
                            choices=[("markdown", "Markdown"), ("plain", "Plain text")],
                            default="markdown",
                            max_length=10,
                        ),
                    ),
                    ("github_comment_id", models.PositiveBigIntegerField(blank=True, null=True)),
                    ("is_ai_generated", models.BooleanField(default=False)),
                    ("ai_metadata", models.JSONField(blank=True, default=dict)),
                    (
                        "reply_to",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="replies",
                            to="tasks.comment",
                        ),
                    ),
                    ("edited_at", models.DateTimeField(editable=False, null=True)),
                ],
                options={
                    "ordering": ("id",),
                    "base_manager_name": "all_objects",
                    "indexes": [
                        models.Index(fields=["tenant", "task", "id"], name="tasks_comment_task"),
                        models.Index(
                            condition=models.Q(("author__isnull", False)),
                            fields=["tenant", "author", "-id"],
                            name="tasks_comment_author",
                        ),
                        models.Index(
                            condition=models.Q(("agent__isnull", False)),
                            fields=["tenant", "agent", "-id"],
                            name="tasks_comment_agent",
                        ),
                        models.Index(fields=["tenant", "created_at"], name="tasks_comment_created"),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("content_type__in", ["markdown", "plain"])),
                            name="tasks_comment_content_type",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("agent__isnull", True), ("author__isnull", False)),
                                models.Q(("agent__isnull", False), ("author__isnull", True)),
                                _connector="OR",
                            ),
                            name="tasks_comment_author",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("content", ""), _negated=True),
                                django.db.models.lookups.LessThanOrEqual(
                                    django.db.models.functions.text.Length("content"), 65536
                                ),
                            ),
                            name="tasks_comment_content",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("reply_to__isnull", True),
                                models.Q(("reply_to", models.F("id")), _negated=True),
                                _connector="OR",
                            ),
                            name="tasks_comment_not_own_reply",
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("github_comment_id__isnull", False), ("deleted_at__isnull", True)),
                            fields=("tenant", "github_comment_id"),
                            name="tasks_comment_github",
                        ),
                    ],
                },
                managers=[
                    ("objects", django.db.models.manager.Manager()),
                    ("all_objects", django.db.models.manager.Manager()),
                ],
            ),
            migrations.CreateModel(
                name="Attachment",
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
                    ("deleted_at", models.DateTimeField(editable=False, null=True)),
                    (
                        "task",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="attachments",
                            to="tasks.task",
                        ),
                    ),
                    (
                        "comment",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="attachments",
                            to="tasks.comment",
                        ),
                    ),
                    ("file_name", models.CharField(max_length=500)),
                    ("media_type", models.CharField(default="application/octet-stream", max_length=100)),
                    ("size", models.PositiveBigIntegerField()),
                    ("sha256", models.CharField(max_length=64)),
                    ("is_evidence", models.BooleanField(default=False)),
                    (
                        "evidence",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="attachments",
                            to="evidence.evidence",
                        ),
                    ),
                    (
                        "uploaded_by",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "agent",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="agents.agent",
                        ),
                    ),
                    ("metadata", models.JSONField(blank=True, default=dict)),
                ],
                options={
                    "ordering": ("id",),
                    "base_manager_name": "all_objects",
                    "indexes": [
                        models.Index(fields=["tenant", "task", "id"], name="tasks_attachment_task"),
                        models.Index(fields=["tenant", "is_evidence", "-id"], name="tasks_attachment_is_evidence"),
                        models.Index(fields=["tenant", "sha256"], name="tasks_attachment_stored"),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("agent__isnull", True), ("uploaded_by__isnull", False)),
                                models.Q(("agent__isnull", False), ("uploaded_by__isnull", True)),
                                _connector="OR",
                            ),
                            name="tasks_attachment_uploaded_by",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("size__lte", 104857600)), name="tasks_attachment_size_limit"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")), name="tasks_attachment_sha256"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("file_name", ""), _negated=True),
                                models.Q(("file_name__contains", "/"), _negated=True),
                            ),
                            name="tasks_attachment_file_name",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("evidence__isnull", False), ("is_evidence", True)),
                                models.Q(("evidence__isnull", True), ("is_evidence", False)),
                                _connector="OR",
                            ),
                            name="tasks_attachment_evidence",
                        ),
                    ],
                },
                managers=[
                    ("objects", django.db.models.manager.Manager()),
                    ("all_objects", django.db.models.manager.Manager()),
                ],
            ),
            migrations.CreateModel(
                name="Handoff",
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
                            editable=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="handoffs",
                            to="projects.project",
                        ),
                    ),
                    (
                        "task",
                        common.models.TenantForeignKey(
                            db_index=False,
                            null=True,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="handoffs",
                            to="tasks.task",
                        ),
                    ),
                    (
                        "group",
                        common.models.TenantForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="handoffs",
                            to="projects.taskgroup",
                        ),
                    ),
                    (
                        "from_user",
                        common.models.TenantForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="handoffs_given",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "from_agent",
                        common.models.TenantForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="handoffs_given",
                            to="agents.agent",
                        ),
                    ),
                    (
                        "to_user",
                        common.models.TenantForeignKey(
                            db_index=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="handoffs_received",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "to_agent",
                        common.models.TenantForeignKey(
                            db_index=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="handoffs_received",
                            to="agents.agent",
                        ),
                    ),
                    (
                        "phase",
                        models.CharField(
                            choices=[
                                ("analysis", "Analysis"),
                                ("architecture", "Architecture"),
                                ("coding", "Coding"),
                                ("testing", "Testing"),
                                ("deployment", "Deployment"),
                                ("review", "Review"),
                                ("discovery", "Discovery"),
                                ("plan", "Plan"),
                                ("design", "Design"),
                                ("build", "Build"),
                                ("validate", "Validate"),
                                ("launch", "Launch"),
                            ],
                            max_length=20,
                        ),
                    ),
                    (
                        "priority",
                        models.CharField(
                            choices=[("critical", "Critical"), ("high", "High"), ("medium", "Medium"), ("low", "Low")],
                            default="medium",
                            max_length=10,
                        ),
                    ),
                    ("summary", models.TextField(blank=True, default="")),
                    ("gotchas", models.TextField(blank=True, default="")),
                    (
                        "files_tagged",
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.CharField(max_length=1000), blank=True, default=list, size=None
                        ),
                    ),
                    (
                        "commits",
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.CharField(max_length=64), blank=True, default=list, size=None
                        ),
                    ),
                    ("expected_outputs", models.JSONField(blank=True, default=list)),
                    ("acceptance_criteria", models.JSONField(blank=True, default=list)),
                    (
                        "artifact_ids",
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.UUIDField(), blank=True, default=list, size=None
                        ),
                    ),
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("draft", "Draft"),
                                ("pending", "Waits to be accepted"),
                                ("accepted", "Accepted"),
                                ("rejected", "Rejected"),
                                ("completed", "Completed"),
                            ],
                            default="draft",
                            editable=False,
                            max_length=10,
                        ),
                    ),
                    ("offered_at", models.DateTimeField(editable=False, null=True)),
                    ("log_read_at", models.DateTimeField(editable=False, null=True)),
                    ("commits_reviewed_at", models.DateTimeField(editable=False, null=True)),
                    ("blockers_checked_at", models.DateTimeField(editable=False, null=True)),
                    ("answered_at", models.DateTimeField(editable=False, null=True)),
                    ("completed_at", models.DateTimeField(editable=False, null=True)),
                    ("rejected_reason", models.TextField(default="", editable=False)),
                ],
                options={
                    "ordering": ("-id",),
                    "indexes": [
                        models.Index(
                            condition=models.Q(("task__isnull", False)),
                            fields=["tenant", "task", "-id"],
                            name="tasks_handoff_task",
                        ),
                        models.Index(
                            condition=models.Q(("to_user__isnull", False)),
                            fields=["tenant", "to_user", "status"],
                            name="tasks_handoff_to_user",
                        ),
                        models.Index(
                            condition=models.Q(("to_agent__isnull", False)),
                            fields=["tenant", "to_agent", "status"],
                            name="tasks_handoff_to_agent",
                        ),
                        models.Index(fields=["tenant", "project", "-id"], name="tasks_handoff_project"),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                (
                                    "phase__in",
                                    [
                                        "analysis",
                                        "architecture",
                                        "coding",
                                        "testing",
                                        "deployment",
                                        "review",
                                        "discovery",
                                        "plan",
                                        "design",
                                        "build",
                                        "validate",
                                        "launch",
                                    ],
                                )
                            ),
                            name="tasks_handoff_phase",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("priority__in", ["critical", "high", "medium", "low"])),
                            name="tasks_handoff_priority",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("status__in", ["draft", "pending", "accepted", "rejected", "completed"])
                            ),
                            name="tasks_handoff_status",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("group__isnull", True), ("task__isnull", False)),
                                models.Q(("group__isnull", False), ("task__isnull", True)),
                                _connector="OR",
                            ),
                            name="tasks_handoff_target",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("from_agent__isnull", True), ("from_user__isnull", False)),
                                models.Q(("from_agent__isnull", False), ("from_user__isnull", True)),
                                _connector="OR",
                            ),
                            name="tasks_handoff_from",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("to_agent__isnull", True), ("to_user__isnull", False)),
                                models.Q(("to_agent__isnull", False), ("to_user__isnull", True)),
                                _connector="OR",
                            ),
                            name="tasks_handoff_to",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("from_user", models.F("to_user")), ("from_user__isnull", False), _negated=True
                                ),
                                models.Q(
                                    ("from_agent", models.F("to_agent")), ("from_agent__isnull", False), _negated=True
                                ),
                            ),
                            name="tasks_handoff_to_another",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("offered_at__isnull", True), ("status", "draft")),
                                models.Q(
                                    ("offered_at__isnull", False),
                                    models.Q(("status", "draft"), _negated=True),
                                    models.Q(("summary", ""), _negated=True),
                                    models.Q(("gotchas", ""), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="tasks_handoff_offered",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("status__in", ["accepted", "completed"]), _negated=True),
                                models.Q(
                                    ("blockers_checked_at__isnull", False),
                                    ("commits_reviewed_at__isnull", False),
                                    ("log_read_at__isnull", False),
                                ),
                                _connector="OR",
                            ),
                            name="tasks_handoff_acknowledged",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("answered_at__isnull", True), ("status__in", ["draft", "pending"])),
                                models.Q(
                                    ("answered_at__isnull", False),
                                    ("status__in", ["accepted", "rejected", "completed"]),
                                ),
                                _connector="OR",
                            ),
                            name="tasks_handoff_answered",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("status", "rejected"), models.Q(("rejected_reason", ""), _negated=True)),
                                models.Q(models.Q(("status", "rejected"), _negated=True), ("rejected_reason", "")),
                                _connector="OR",
                            ),
                            name="tasks_handoff_rejected_reason",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("completed_at__isnull", False), ("status", "completed")),
                                models.Q(
                                    models.Q(("status", "completed"), _negated=True), ("completed_at__isnull", True)
                                ),
                                _connector="OR",
                            ),
                            name="tasks_handoff_completed",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Blocker",
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
                        "task",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="blockers",
                            to="tasks.task",
                        ),
                    ),
                    ("reason", models.CharField(max_length=500)),
                    ("unblock_steps", models.TextField(blank=True, default="")),
                    (
                        "commands",
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.CharField(max_length=1000), blank=True, default=list, size=None
                        ),
                    ),
                    (
                        "owner",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="blockers",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "owner_agent",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="blockers",
                            to="agents.agent",
                        ),
                    ),
                    (
                        "opened_at",
                        models.DateTimeField(
                            db_default=django.contrib.postgres.functions.TransactionNow(), editable=False
                        ),
                    ),
                    ("resolved_at", models.DateTimeField(editable=False, null=True)),
                    (
                        "resolved_by",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "resolved_by_agent",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="agents.agent",
                        ),
                    ),
                    ("resolution", models.TextField(default="", editable=False)),
                ],
                options={
                    "ordering": ("-id",),
                    "indexes": [
                        models.Index(fields=["tenant", "task", "-id"], name="tasks_blocker_task"),
                        models.Index(
                            condition=models.Q(("resolved_at__isnull", True)),
                            fields=["tenant", "opened_at"],
                            name="tasks_blocker_open",
                        ),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("reason", ""), _negated=True), name="tasks_blocker_reason"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("owner__isnull", False), ("owner_agent__isnull", True)),
                                models.Q(("owner__isnull", True), ("owner_agent__isnull", False)),
                                models.Q(("owner__isnull", True), ("owner_agent__isnull", True)),
                                _connector="OR",
                            ),
                            name="tasks_blocker_owner",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("resolved_by__isnull", False), ("resolved_by_agent__isnull", True)),
                                models.Q(("resolved_by__isnull", True), ("resolved_by_agent__isnull", False)),
                                models.Q(("resolved_by__isnull", True), ("resolved_by_agent__isnull", True)),
                                _connector="OR",
                            ),
                            name="tasks_blocker_resolved_by",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("resolved_at__isnull", False), models.Q(("resolution", ""), _negated=True)),
                                models.Q(
                                    ("resolution", ""),
                                    ("resolved_at__isnull", True),
                                    ("resolved_by__isnull", True),
                                    ("resolved_by_agent__isnull", True),
                                ),
                                _connector="OR",
                            ),
                            name="tasks_blocker_resolved",
                        ),
                        models.UniqueConstraint(
                            models.F("tenant"),
                            models.F("task"),
                            django.db.models.functions.text.Lower("reason"),
                            condition=models.Q(("resolved_at__isnull", True)),
                            name="tasks_blocker_one_open",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="WorkLogEntry",
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
                        "project",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="work_log",
                            to="projects.project",
                        ),
                    ),
                    (
                        "phase",
                        common.models.TenantForeignKey(
                            db_index=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="work_log",
                            to="projects.phase",
                        ),
                    ),
                    (
                        "task",
                        common.models.TenantForeignKey(
                            db_index=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="work_log",
                            to="tasks.task",
                        ),
                    ),
                    (
                        "kind",
                        models.CharField(
                            choices=[("done", "Done"), ("in_progress", "In progress"), ("note", "Note")],
                            default="note",
                            max_length=20,
                        ),
                    ),
                    ("text", models.TextField()),
                    ("at", models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow())),
                    (
                        "user",
                        common.models.TenantForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "agent",
                        common.models.TenantForeignKey(
                            null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agents.agent"
                        ),
                    ),
                ],
                options={
                    "verbose_name_plural": "work log entries",
                    "ordering": ("-at", "-id"),
                    "indexes": [
                        models.Index(fields=["tenant", "project", "-at", "-id"], name="tasks_worklogentry_project"),
                        models.Index(
                            condition=models.Q(("phase__isnull", False)),
                            fields=["tenant", "phase", "-at", "-id"],
                            name="tasks_worklogentry_phase",
                        ),
                        models.Index(
                            condition=models.Q(("task__isnull", False)),
                            fields=["tenant", "task", "-at", "-id"],
                            name="tasks_worklogentry_task",
                        ),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("kind__in", ["done", "in_progress", "note"])),
                            name="tasks_worklogentry_kind",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("agent__isnull", True), ("user__isnull", False)),
                                models.Q(("agent__isnull", False), ("user__isnull", True)),
                                _connector="OR",
                            ),
                            name="tasks_worklogentry_actor",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("text", ""), _negated=True), name="tasks_worklogentry_text"
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="CommitRecord",
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
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="commits",
                            to="projects.project",
                        ),
                    ),
                    (
                        "task",
                        common.models.TenantForeignKey(
                            blank=True,
                            db_index=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="commits",
                            to="tasks.task",
                        ),
                    ),
                    (
                        "further_task_ids",
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.UUIDField(), blank=True, default=list, size=None
                        ),
                    ),
                    ("hash", models.CharField(blank=True, max_length=64, null=True)),
                    ("branch", models.CharField(blank=True, default="", max_length=255)),
                    ("message", models.TextField()),
                    ("committed_at", models.DateTimeField(blank=True, null=True)),
                    (
                        "user",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "agent",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="commits",
                            to="agents.agent",
                        ),
                    ),
                ],
                options={
                    "ordering": ("-id",),
                    "indexes": [
                        models.Index(fields=["tenant", "project", "-id"], name="tasks_commitrecord_project"),
                        models.Index(
                            condition=models.Q(("task__isnull", False)),
                            fields=["tenant", "task", "-id"],
                            name="tasks_commitrecord_task",
                        ),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("agent__isnull", True), ("user__isnull", False)),
                                models.Q(("agent__isnull", False), ("user__isnull", True)),
                                _connector="OR",
                            ),
                            name="tasks_commitrecord_author",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("hash__isnull", True), ("hash__regex", "^[0-9a-f]{7,64}$"), _connector="OR"
                            ),
                            name="tasks_commitrecord_hash_form",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("hash__isnull", True), ("committed_at__isnull", False), _connector="OR"
                            ),
                            name="tasks_commitrecord_committed",
                        ),
                        models.UniqueConstraint(fields=("tenant", "project", "hash"), name="tasks_commitrecord_hash"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="FileChange",
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
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="file_changes",
                            to="projects.project",
                        ),
                    ),
                    (
                        "commit",
                        common.models.TenantForeignKey(
                            blank=True,
                            db_index=False,
                            null=True,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="files",
                            to="tasks.commitrecord",
                        ),
                    ),
                    (
                        "task",
                        common.models.TenantForeignKey(
                            blank=True,
                            db_index=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="file_changes",
                            to="tasks.task",
                        ),
                    ),
                    ("path", models.CharField(max_length=600)),
                    ("copied_from", models.CharField(blank=True, default="", max_length=600)),
                    (
                        "change",
                        models.CharField(
                            choices=[
                                ("created", "Created"),
                                ("modified", "Modified"),
                                ("copied", "Copied"),
                                ("deleted", "Deleted"),
                            ],
                            max_length=10,
                        ),
                    ),
                    (
                        "status",
                        models.CharField(
                            choices=[("planned", "Planned"), ("done", "Done"), ("reviewed", "Reviewed")],
                            default="done",
                            max_length=10,
                        ),
                    ),
                    ("lines_added", models.PositiveIntegerField(default=0)),
                    ("lines_deleted", models.PositiveIntegerField(default=0)),
                    (
                        "user",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "agent",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="agents.agent",
                        ),
                    ),
                ],
                options={
                    "ordering": ("path",),
                    "indexes": [
                        models.Index(fields=["tenant", "project", "path", "-id"], name="tasks_filechange_path"),
                        models.Index(
                            condition=models.Q(("task__isnull", False)),
                            fields=["tenant", "task", "path"],
                            name="tasks_filechange_task",
                        ),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("change__in", ["created", "modified", "copied", "deleted"])),
                            name="tasks_filechange_change",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("status__in", ["planned", "done", "reviewed"])),
                            name="tasks_filechange_status",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("agent__isnull", True), ("user__isnull", False)),
                                models.Q(("agent__isnull", False), ("user__isnull", True)),
                                _connector="OR",
                            ),
                            name="tasks_filechange_author",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("path", ""), _negated=True), name="tasks_filechange_path"
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("commit__isnull", False)),
                            fields=("tenant", "commit", "path"),
                            name="tasks_filechange_once",
                        ),
                    ],
                },
            ),
            migrations.AlterField(
                model_name="acceptancecontract",
                name="task",
                field=common.models.TenantForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="contracts",
                    to="tasks.task",
                ),
            ),
            migrations.RemoveConstraint(
                model_name="approvalrequest",
                name="tasks_approvalrequest_decided",
            ),
            migrations.AddField(
                model_name="approvalrequest",
                name="confidence",
                field=models.DecimalField(decimal_places=3, max_digits=4, null=True),
            ),
            migrations.AddField(
                model_name="approvalrequest",
                name="escalation_level",
                field=models.PositiveSmallIntegerField(default=0),
            ),
            migrations.AddField(
                model_name="approvalrequest",
                name="estimated_cost_usd",
                field=models.DecimalField(decimal_places=6, max_digits=12, null=True),
            ),
            migrations.AddField(
                model_name="approvalrequest",
                name="estimated_tokens",
                field=models.PositiveBigIntegerField(null=True),
            ),
            migrations.AddField(
                model_name="approvalrequest",
                name="gate",
                field=common.models.TenantForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="approval_requests",
                    to="projects.gate",
                ),
            ),
            migrations.AddField(
                model_name="approvalrequest",
                name="phase",
                field=common.models.TenantForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="approval_requests",
                    to="projects.phase",
                ),
            ),
            migrations.AddField(
                model_name="approvalrequest",
                name="policy",
                field=models.JSONField(default=dict),
            ),
            migrations.AddField(
                model_name="approvalrequest",
                name="project",
                field=common.models.TenantForeignKey(
                    db_index=False,
                    editable=False,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="approvals",
                    to="projects.project",
                ),
            ),
            migrations.AddField(
                model_name="approvalrequest",
                name="quorum",
                field=models.PositiveSmallIntegerField(
                    default=1, validators=[django.core.validators.MinValueValidator(1)]
                ),
            ),
            migrations.AddField(
                model_name="approvalrequest",
                name="requested_by",
                field=common.models.TenantForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                ),
            ),
            migrations.AddField(
                model_name="approvalrequest",
                name="risk",
                field=models.CharField(
                    choices=[("low", "Low"), ("high", "High"), ("critical", "Critical")], default="low", max_length=10
                ),
            ),
            migrations.AddField(
                model_name="approvalrequest",
                name="trigger",
                field=models.CharField(
                    choices=[
                        ("phase_completion", "A phase is complete"),
                        ("quality_threshold", "Quality below the threshold"),
                        ("conflict_detected", "A conflict was found"),
                        ("agent_error", "An agent's error"),
                        ("budget_exceeded", "The budget is used up"),
                        ("safety_violation", "A safety rule was broken"),
                        ("manual_request", "Asked for"),
                    ],
                    default="manual_request",
                    max_length=20,
                ),
            ),
            migrations.AddField(
                model_name="approvalrequest",
                name="decided_by_rule",
                field=common.models.TenantForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="decided",
                    to="tasks.standingrule",
                ),
            ),
            migrations.AlterField(
                model_name="approvalrequest",
                name="agent",
                field=common.models.TenantForeignKey(
                    null=True, on_delete=django.db.models.deletion.PROTECT, related_name="approvals", to="agents.agent"
                ),
            ),
            migrations.AlterField(
                model_name="approvalrequest",
                name="execution",
                field=common.models.TenantForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="approvals",
                    to="tasks.execution",
                ),
            ),
            migrations.AlterField(
                model_name="approvalrequest",
                name="task",
                field=common.models.TenantForeignKey(
                    db_index=False,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="approvals",
                    to="tasks.task",
                ),
            ),
            migrations.AddIndex(
                model_name="approvalrequest",
                index=models.Index(
                    condition=models.Q(("status", "pending")),
                    fields=["expires_at"],
                    name="tasks_approvalrequest_overdue",
                ),
            ),
            migrations.AddIndex(
                model_name="approvalrequest",
                index=models.Index(
                    condition=models.Q(("task__isnull", False)),
                    fields=["tenant", "task", "-id"],
                    name="tasks_approvalrequest_task",
                ),
            ),
            migrations.AddIndex(
                model_name="approvalrequest",
                index=models.Index(fields=["tenant", "project", "status", "-id"], name="tasks_approvalrequest_project"),
            ),
            migrations.AddConstraint(
                model_name="approvalrequest",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(
                            ("decided_at__isnull", False),
                            ("status__in", ["approved", "rejected", "amended"]),
                            models.Q(
                                models.Q(("decided_by__isnull", False), ("decided_by_rule__isnull", True)),
                                models.Q(("decided_by__isnull", True), ("decided_by_rule__isnull", False)),
                                _connector="OR",
                            ),
                            models.Q(("comment", ""), _negated=True),
                        ),
                        models.Q(
                            ("status__in", ["pending", "expired", "cancelled"]),
                            ("decided_by__isnull", True),
                            ("decided_by_rule__isnull", True),
                        ),
                        _connector="OR",
                    ),
                    name="tasks_approvalrequest_decided",
                ),
            ),
            migrations.AddConstraint(
                model_name="approvalrequest",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        (
                            "trigger__in",
                            [
                                "phase_completion",
                                "quality_threshold",
                                "conflict_detected",
                                "agent_error",
                                "budget_exceeded",
                                "safety_violation",
                                "manual_request",
                            ],
                        )
                    ),
                    name="tasks_approvalrequest_trigger",
                ),
            ),
            migrations.AddConstraint(
                model_name="approvalrequest",
                constraint=models.CheckConstraint(
                    condition=models.Q(("risk__in", ["low", "high", "critical"])), name="tasks_approvalrequest_risk"
                ),
            ),
            migrations.AddConstraint(
                model_name="approvalrequest",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(
                            ("kind__in", ("question", "pre_execution", "response_approval", "next_step")), _negated=True
                        ),
                        models.Q(("agent__isnull", False), ("execution__isnull", False)),
                        _connector="OR",
                    ),
                    name="tasks_approvalrequest_of_an_attempt",
                ),
            ),
            migrations.AddConstraint(
                model_name="approvalrequest",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("kind", "phase_gate"), _negated=True),
                        ("phase__isnull", False),
                        ("gate__isnull", False),
                        _connector="OR",
                    ),
                    name="tasks_approvalrequest_of_a_phase",
                ),
            ),
            migrations.AddConstraint(
                model_name="approvalrequest",
                constraint=models.CheckConstraint(
                    condition=models.Q(("execution__isnull", True), ("task__isnull", False), _connector="OR"),
                    name="tasks_approvalrequest_task",
                ),
            ),
            migrations.AddConstraint(
                model_name="approvalrequest",
                constraint=models.CheckConstraint(
                    condition=models.Q(("quorum__gte", 1)), name="tasks_approvalrequest_quorum_min"
                ),
            ),
            migrations.AddConstraint(
                model_name="approvalrequest",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        ("confidence__isnull", True),
                        models.Q(("confidence__gte", 0), ("confidence__lte", 1)),
                        _connector="OR",
                    ),
                    name="tasks_approvalrequest_confidence",
                ),
            ),
            migrations.AddConstraint(
                model_name="approvalrequest",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        ("estimated_cost_usd__isnull", True), ("estimated_cost_usd__gte", 0), _connector="OR"
                    ),
                    name="tasks_approvalrequest_cost",
                ),
            ),
            migrations.AddConstraint(
                model_name="approvalrequest",
                constraint=models.UniqueConstraint(
                    condition=models.Q(("status", "pending")),
                    fields=("tenant", "execution", "trigger"),
                    name="tasks_approvalrequest_one_open",
                ),
            ),
            migrations.AddField(
                model_name="approvalresponse",
                name="amended_content",
                field=models.JSONField(null=True),
            ),
            migrations.AddField(
                model_name="approvalresponse",
                name="selected_option",
                field=models.CharField(default="", max_length=100),
            ),
            migrations.AddConstraint(
                model_name="approvalresponse",
                constraint=models.UniqueConstraint(
                    condition=models.Q(("counted", True)),
                    fields=("tenant", "approval", "user"),
                    name="tasks_approvalresponse_once",
                ),
            ),
            migrations.AlterField(
                model_name="criterion",
                name="contract",
                field=common.models.TenantForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="criteria",
                    to="tasks.acceptancecontract",
                ),
            ),
            migrations.AlterField(
                model_name="evaluation",
                name="criterion",
                field=common.models.TenantForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="evaluations",
                    to="tasks.criterion",
                ),
            ),
            migrations.AddField(
                model_name="execution",
                name="cancel_requested_at",
                field=models.DateTimeField(null=True),
            ),
            migrations.AddField(
                model_name="execution",
                name="celery_task_id",
                field=models.CharField(default="", max_length=255),
            ),
            migrations.AddField(
                model_name="execution",
                name="error_category",
                field=models.CharField(
                    choices=[
                        ("validation", "What was handed in is not valid"),
                        ("execution", "The work itself failed"),
                        ("timeout", "It took too long"),
                        ("budget", "The budget was used up"),
                        ("safety", "A safety rule was broken"),
                        ("infrastructure", "The platform or a provider failed"),
                    ],
                    max_length=20,
                    null=True,
                ),
            ),
            migrations.AddField(
                model_name="execution",
                name="error_code",
                field=models.CharField(default="", max_length=100),
            ),
            migrations.AddField(
                model_name="execution",
                name="evidence",
                field=common.models.TenantForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="executions",
                    to="evidence.evidence",
                ),
            ),
            migrations.AddField(
                model_name="execution",
                name="parent",
                field=common.models.TenantForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="children",
                    to="tasks.execution",
                ),
            ),
            migrations.AddField(
                model_name="execution",
                name="project",
                field=common.models.TenantForeignKey(
                    db_index=False,
                    editable=False,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="executions",
                    to="projects.project",
                ),
            ),
            migrations.AddField(
                model_name="execution",
                name="hard_limit_at",
                field=models.DateTimeField(null=True),
            ),
            migrations.AddField(
                model_name="execution",
                name="idempotency_key",
                field=models.CharField(default="", max_length=255),
            ),
            migrations.AddField(
                model_name="execution",
                name="last_activity_at",
                field=models.DateTimeField(null=True),
            ),
            migrations.AddField(
                model_name="execution",
                name="retryable",
                field=models.BooleanField(null=True),
            ),
            migrations.AddField(
                model_name="execution",
                name="soft_limit_at",
                field=models.DateTimeField(null=True),
            ),
            migrations.AddField(
                model_name="execution",
                name="execution_time_ms",
                field=models.GeneratedField(
                    db_persist=True,
                    expression=models.Func(
                        models.Func(
                            models.Value("epoch"),
                            django.db.models.expressions.CombinedExpression(
                                models.F("ended_at"), "-", models.F("started_at")
                            ),
                            function="date_part",
                            output_field=models.FloatField(),
                        ),
                        template="(%(expressions)s * 1000)::bigint",
                    ),
                    output_field=models.BigIntegerField(),
                ),
            ),
            migrations.AddField(
                model_name="execution",
                name="total_tokens",
                field=models.GeneratedField(
                    db_persist=True,
                    expression=django.db.models.expressions.CombinedExpression(
                        models.F("input_tokens"), "+", models.F("output_tokens")
                    ),
                    output_field=models.BigIntegerField(),
                ),
            ),
            migrations.AlterField(
                model_name="execution",
                name="agent",
                field=common.models.TenantForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="executions",
                    to="agents.agent",
                ),
            ),
            migrations.AlterField(
                model_name="execution",
                name="task",
                field=common.models.TenantForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="executions",
                    to="tasks.task",
                ),
            ),
            migrations.AddIndex(
                model_name="execution",
                index=models.Index(
                    condition=models.Q(("status", "running")), fields=["hard_limit_at"], name="tasks_execution_overdue"
                ),
            ),
            migrations.AddIndex(
                model_name="execution",
                index=models.Index(fields=["tenant", "agent", "-id"], name="tasks_execution_agent"),
            ),
            migrations.AddIndex(
                model_name="execution",
                index=models.Index(fields=["tenant", "project", "-id"], name="tasks_execution_project"),
            ),
            migrations.AddIndex(
                model_name="execution",
                index=models.Index(fields=["tenant", "status", "-id"], name="tasks_execution_state"),
            ),
            migrations.AddIndex(
                model_name="execution",
                index=models.Index(fields=["tenant", "created_at"], name="tasks_execution_created"),
            ),
            migrations.AddIndex(
                model_name="execution",
                index=models.Index(
                    condition=models.Q(("trace_id", ""), _negated=True),
                    fields=["tenant", "trace_id"],
                    name="tasks_execution_trace",
                ),
            ),
            migrations.AddConstraint(
                model_name="execution",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        (
                            "error_category__in",
                            ["validation", "execution", "timeout", "budget", "safety", "infrastructure"],
                        )
                    ),
                    name="tasks_execution_error_category",
                ),
            ),
            migrations.AddConstraint(
                model_name="execution",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        ("parent__isnull", True), models.Q(("parent", models.F("id")), _negated=True), _connector="OR"
                    ),
                    name="tasks_execution_not_own_parent",
                ),
            ),
            migrations.AddConstraint(
                model_name="execution",
                constraint=models.CheckConstraint(
                    condition=models.Q(("cost_usd__isnull", True), ("cost_usd__gte", 0), _connector="OR"),
                    name="tasks_execution_cost",
                ),
            ),
            migrations.AddConstraint(
                model_name="execution",
                constraint=models.UniqueConstraint(
                    condition=models.Q(("idempotency_key", ""), _negated=True),
                    fields=("tenant", "agent", "idempotency_key"),
                    name="tasks_execution_idempotent",
                ),
            ),
            migrations.AlterField(
                model_name="executionlog",
                name="execution",
                field=common.models.TenantForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="log_chunks",
                    to="tasks.execution",
                ),
            ),
            migrations.AlterModelOptions(
                name="task",
                options={"base_manager_name": "all_objects", "ordering": ("-id",)},
            ),
            migrations.AlterModelManagers(
                name="task",
                managers=[
                    ("objects", django.db.models.manager.Manager()),
                    ("all_objects", django.db.models.manager.Manager()),
                ],
            ),
            migrations.RemoveConstraint(
                model_name="task",
                name="tasks_task_claimable",
            ),
            migrations.RemoveConstraint(
                model_name="task",
                name="tasks_task_github_issue",
            ),
            migrations.AddField(
                model_name="task",
                name="assigned_user",
                field=common.models.TenantForeignKey(
                    blank=True,
                    db_index=False,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="assigned_tasks",
                    to=settings.AUTH_USER_MODEL,
                ),
            ),
            migrations.AddField(
                model_name="task",
                name="group",
                field=common.models.TenantForeignKey(
                    blank=True,
                    db_index=False,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="tasks",
                    to="projects.taskgroup",
                ),
            ),
            migrations.AddField(
                model_name="task",
                name="phase",
                field=common.models.TenantForeignKey(
                    blank=True,
                    db_index=False,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="tasks",
                    to="projects.phase",
                ),
            ),
            migrations.AddField(
                model_name="task",
                name="actual_hours",
                field=models.DecimalField(blank=True, decimal_places=2, max_digits=6, null=True),
            ),
            migrations.AddField(
                model_name="task",
                name="ai_analysis",
                field=models.JSONField(blank=True, default=dict),
            ),
            migrations.AddField(
                model_name="task",
                name="ai_suggestions",
                field=models.JSONField(blank=True, default=list),
            ),
            migrations.AddField(
                model_name="task",
                name="code",
                field=models.CharField(
                    blank=True, default="", help_text="The step's number in its plan: 1.2.", max_length=20
                ),
            ),
            migrations.AddField(
                model_name="task",
                name="due_date",
                field=models.DateTimeField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name="task",
                name="estimated_hours",
                field=models.DecimalField(blank=True, decimal_places=2, max_digits=6, null=True),
            ),
            migrations.AddField(
                model_name="task",
                name="estimated_minutes",
                field=models.PositiveIntegerField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name="task",
                name="files_changed",
                field=models.PositiveIntegerField(default=0),
            ),
            migrations.AddField(
                model_name="task",
                name="github_node_id",
                field=models.CharField(blank=True, default="", max_length=255),
            ),
            migrations.AddField(
                model_name="task",
                name="github_pr_number",
                field=models.PositiveIntegerField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name="task",
                name="hard_timeout_seconds",
                field=models.PositiveIntegerField(default=1800),
            ),
            migrations.AddField(
                model_name="task",
                name="inactivity_seconds",
                field=models.PositiveIntegerField(default=300),
            ),
            migrations.AddField(
                model_name="task",
                name="lines_added",
                field=models.PositiveIntegerField(default=0),
            ),
            migrations.AddField(
                model_name="task",
                name="lines_deleted",
                field=models.PositiveIntegerField(default=0),
            ),
            migrations.AddField(
                model_name="task",
                name="metadata",
                field=models.JSONField(blank=True, default=dict),
            ),
            migrations.AddField(
                model_name="task",
                name="notes",
                field=models.TextField(blank=True, default=""),
            ),
            migrations.AddField(
                model_name="task",
                name="soft_timeout_seconds",
                field=models.PositiveIntegerField(default=1500),
            ),
            migrations.AddField(
                model_name="task",
                name="target_path",
                field=models.CharField(blank=True, default="", max_length=1000),
            ),
            migrations.AddField(
                model_name="task",
                name="waiting_on",
                field=models.PositiveSmallIntegerField(default=0, editable=False),
            ),
            migrations.AlterField(
                model_name="task",
                name="assigned_agent",
                field=common.models.TenantForeignKey(
                    blank=True,
                    db_index=False,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="assigned_tasks",
                    to="agents.agent",
                ),
            ),
            migrations.AlterField(
                model_name="task",
                name="parent",
                field=common.models.TenantForeignKey(
                    blank=True,
                    db_index=False,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="children",
                    to="tasks.task",
                ),
            ),
            migrations.AlterField(
                model_name="task",
                name="plan",
                field=common.models.TenantForeignKey(
                    blank=True,
                    db_index=False,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="tasks",
                    to="projects.plan",
                ),
            ),
            migrations.AlterField(
                model_name="task",
                name="project",
                field=common.models.TenantForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="tasks",
                    to="projects.project",
                ),
            ),
            migrations.AddIndex(
                model_name="task",
                index=models.Index(
                    condition=models.Q(("deleted_at__isnull", True)),
                    fields=["tenant", "project", "status", "priority_rank", "id"],
                    name="tasks_task_urgency",
                ),
            ),
            migrations.AddIndex(
                model_name="task",
                index=models.Index(fields=["tenant", "status", "-id"], name="tasks_task_by_status"),
            ),
            migrations.AddIndex(
                model_name="task",
                index=models.Index(fields=["tenant", "priority", "-id"], name="tasks_task_by_priority"),
            ),
            migrations.AddIndex(
                model_name="task",
                index=models.Index(fields=["tenant", "type", "-id"], name="tasks_task_by_type"),
            ),
            migrations.AddIndex(
                model_name="task",
                index=models.Index(
                    condition=models.Q(("assigned_user__isnull", False)),
                    fields=["tenant", "assigned_user", "status", "-id"],
                    name="tasks_task_of_user",
                ),
            ),
            migrations.AddIndex(
                model_name="task",
                index=models.Index(
                    condition=models.Q(("assigned_agent__isnull", False)),
                    fields=["tenant", "assigned_agent", "status", "-id"],
                    name="tasks_task_of_agent",
                ),
            ),
            migrations.AddIndex(
                model_name="task",
                index=models.Index(fields=["tenant", "created_at"], name="tasks_task_created"),
            ),
            migrations.AddIndex(
                model_name="task",
                index=models.Index(
                    condition=models.Q(("parent__isnull", False)),
                    fields=["tenant", "parent", "id"],
                    name="tasks_task_children",
                ),
            ),
            migrations.AddIndex(
                model_name="task",
                index=models.Index(
                    condition=models.Q(("plan__isnull", False)),
                    fields=["tenant", "plan", "id"],
                    name="tasks_task_of_plan",
                ),
            ),
            migrations.AddIndex(
                model_name="task",
                index=models.Index(
                    condition=models.Q(("phase__isnull", False)),
                    fields=["tenant", "phase", "status"],
                    name="tasks_task_of_phase",
                ),
            ),
            migrations.AddIndex(
                model_name="task",
                index=models.Index(
                    condition=models.Q(("group__isnull", False)),
                    fields=["tenant", "group", "status"],
                    name="tasks_task_of_group",
                ),
            ),
            migrations.AddIndex(
                model_name="task",
                index=models.Index(
                    condition=models.Q(
                        ("closed_at__isnull", True), ("due_date__isnull", False), ("deleted_at__isnull", True)
                    ),
                    fields=["tenant", "due_date"],
                    name="tasks_task_due",
                ),
            ),
            migrations.AddIndex(
                model_name="task",
                index=django.contrib.postgres.indexes.GinIndex(fields=["labels"], name="tasks_task_labels"),
            ),
            migrations.AddConstraint(
                model_name="task",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("claimable_from__isnull", False), ("status", "open"), ("waiting_on", 0)),
                        models.Q(("claimable_from__isnull", True), ("status", "open"), ("waiting_on__gt", 0)),
                        ("status", "in_progress"),
                        models.Q(
                            models.Q(("status__in", ["open", "in_progress"]), _negated=True),
                            ("claimable_from__isnull", True),
                        ),
                        _connector="OR",
                    ),
                    name="tasks_task_claimable",
                ),
            ),
            migrations.AddConstraint(
                model_name="task",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("assigned_agent__isnull", True), ("assigned_user__isnull", False)),
                        models.Q(("assigned_agent__isnull", False), ("assigned_user__isnull", True)),
                        models.Q(("assigned_agent__isnull", True), ("assigned_user__isnull", True)),
                        _connector="OR",
                    ),
                    name="tasks_task_one_primary",
                ),
            ),
            migrations.AddConstraint(
                model_name="task",
                constraint=models.CheckConstraint(
                    condition=models.Q(("estimated_hours__isnull", True), ("estimated_hours__gte", 0), _connector="OR"),
                    name="tasks_task_estimated_hours",
                ),
            ),
            migrations.AddConstraint(
                model_name="task",
                constraint=models.CheckConstraint(
                    condition=models.Q(("actual_hours__isnull", True), ("actual_hours__gte", 0), _connector="OR"),
                    name="tasks_task_actual_hours",
                ),
            ),
            migrations.AddConstraint(
                model_name="task",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        ("hard_timeout_seconds__lte", 604800),
                        ("inactivity_seconds__gte", 1),
                        ("inactivity_seconds__lte", 604800),
                        ("soft_timeout_seconds__gte", 1),
                        ("soft_timeout_seconds__lte", models.F("hard_timeout_seconds")),
                    ),
                    name="tasks_task_limits",
                ),
            ),
            migrations.AddConstraint(
                model_name="task",
                constraint=models.UniqueConstraint(
                    condition=models.Q(models.Q(("code", ""), _negated=True), ("deleted_at__isnull", True)),
                    fields=("tenant", "plan", "code"),
                    name="tasks_task_code",
                ),
            ),
            migrations.AddConstraint(
                model_name="task",
                constraint=models.UniqueConstraint(
                    condition=models.Q(("github_issue_number__isnull", False), ("deleted_at__isnull", True)),
                    fields=("tenant", "project", "github_issue_number"),
                    name="tasks_task_github_issue",
                ),
            ),
            migrations.AddConstraint(
                model_name="task",
                constraint=models.UniqueConstraint(
                    condition=models.Q(("github_pr_number__isnull", False), ("deleted_at__isnull", True)),
                    fields=("tenant", "project", "github_pr_number"),
                    name="tasks_task_github_pr",
                ),
            ),
            migrations.AddConstraint(
                model_name="task",
                constraint=models.UniqueConstraint(
                    condition=models.Q(models.Q(("github_node_id", ""), _negated=True), ("deleted_at__isnull", True)),
                    fields=("tenant", "github_node_id"),
                    name="tasks_task_github_node",
                ),
            ),
        ),
        project_of_the_task("tasks_execution"),
        project_of_the_task("tasks_approvalrequest"),
        set_not_null("execution", "executions"),
        set_not_null("approvalrequest", "approvals"),
        ProtectTables(
            "StandingRule",
            "TaskDependency",
            "Assignment",
            "ChecklistItem",
            "Comment",
            "Attachment",
            "Handoff",
            "Blocker",
            "CommitRecord",
            "FileChange",
        ),
        ProtectTables("StandingRuleResponse", "WorkLogEntry", append_only=True),
        ProtectReferences("Task", "phase", "group", "assigned_user"),
        ProtectReferences("Execution", "project", "parent", "evidence"),
        ProtectReferences("ApprovalRequest", "project", "phase", "gate", "requested_by", "decided_by_rule"),
        migrations.RunSQL(KEEP_ENDED.format(columns=GENERATED), KEEP_ENDED.format(columns="'updated_at'")),
        search_function(
            "search_task_labels(wanted varchar[], with_all boolean)",
            "SELECT id FROM public.tasks_task WHERE tenant_id = mine AND deleted_at IS NULL"
            " AND CASE WHEN with_all THEN labels @> wanted ELSE labels && wanted END",
            grants=["SELECT (tenant_id, id, labels, deleted_at) ON tasks_task"],
        ),
    ]
