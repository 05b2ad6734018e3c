"""Attestations, links, credibility with its history, claims, decisions, chains; the context store."""

from decimal import Decimal

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

import common.ids
import common.models
from common.operations import Together
from common.tenancy.migrations import ProtectReferences, ProtectTables, search_function

# A verdict may be added once, scores, status and tags follow; everything else is fixed, for the owner of the table too.
# Generated columns are NULL in NEW before they are computed.
FIXED = """
CREATE OR REPLACE FUNCTION sec.keep_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  verdict text[] := ARRAY['verified_at', 'verified_by_id', 'rejected_at', 'rejected_by_id', 'review_note'];
  open    text[] := ARRAY['updated_at', 'status', 'credibility', 'uncertainty', 'confidence', 'disputed', 'policy_id',
                          'as_of', 'credibility_factors', 'historical_accuracy', 'tags', 'is_verified'];
BEGIN
  IF OLD.verified_at IS NULL AND OLD.rejected_at IS NULL THEN
    open := open || verdict;
  END IF;
  IF to_jsonb(NEW) - open IS DISTINCT FROM to_jsonb(OLD) - open THEN
    RAISE EXCEPTION 'evidence is fixed once it is handed in, and so is its verdict' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END
$$
"""
FIXED_BEFORE = """
CREATE OR REPLACE FUNCTION sec.keep_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  verdict text[] := ARRAY['verified_at', 'verified_by_id', 'rejected_at', 'rejected_by_id', 'review_note'];
  open    text[] := ARRAY['updated_at', 'credibility', 'uncertainty'];
BEGIN
  IF OLD.verified_at IS NULL AND OLD.rejected_at IS NULL THEN
    open := open || verdict;
  END IF;
  IF to_jsonb(NEW) - open IS DISTINCT FROM to_jsonb(OLD) - open THEN
    RAISE EXCEPTION 'evidence is fixed once it is handed in, and so is its verdict' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END
$$
"""

# A trigger's arguments are the columns that may change.
KEEP_ALL_BUT = """
CREATE FUNCTION sec.keep_all_but() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF to_jsonb(NEW) - TG_ARGV IS DISTINCT FROM to_jsonb(OLD) - TG_ARGV THEN
    RAISE EXCEPTION 'of % only % may change', TG_TABLE_NAME, array_to_string(TG_ARGV, ', ')
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END
$$
"""

# Three grains, each coarser than the next, so that no part contains itself. A part never moves (see below), so it is
# enough to look when it is made.
ARTIFACT_PARENT = """
CREATE FUNCTION sec.check_artifact_parent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  coarser text;
BEGIN
  SELECT granularity INTO coarser FROM public.evidence_artifact
  WHERE tenant_id = NEW.tenant_id AND id = NEW.parent_id AND project_id = NEW.project_id;
  IF coarser = 'document' OR (coarser = 'section' AND NEW.granularity = 'concept') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a section belongs to a document, a concept to a section or a document, of the same project'
    USING ERRCODE = 'check_violation', CONSTRAINT = 'evidence_artifact_parent';
END
$$
"""
PARENT_TRIGGER = (
    "CREATE TRIGGER evidence_artifact_parent BEFORE INSERT ON evidence_artifact"
    " FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION sec.check_artifact_parent()"
)

EVIDENCE_BY_TAGS = """
SELECT id FROM public.evidence_evidence
WHERE tenant_id = mine AND (with_all AND tags @> wanted OR NOT with_all AND tags && wanted)
"""
ARTIFACTS_BY_WORDS = """
SELECT id, ts_rank_cd(search, wanted) FROM public.evidence_artifact
WHERE tenant_id = mine AND project_id = in_project AND search @@ wanted AND is_current AND deleted_at IS NULL
  AND (grain IS NULL OR granularity = grain)
ORDER BY 2 DESC, 1 DESC LIMIT most
"""

RETRACTION = ("retracted_at", "retracted_by_id", "retraction_reason")


def fixed(table: str, name: str, *columns: str, when: str = "") -> migrations.RunSQL:
    """Refuse changes of all columns but these, in replica mode too, and removal by the app."""
    arguments = ", ".join(f"'{column}'" for column in ("updated_at", *columns))
    return migrations.RunSQL(
        [
            f"CREATE TRIGGER {table}_{name} BEFORE UPDATE ON {table} FOR EACH ROW {when}"
            f" EXECUTE FUNCTION sec.keep_all_but({arguments})",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}",
            f"REVOKE DELETE ON {table} FROM cm_app",
        ],
        [f"DROP TRIGGER {table}_{name} ON {table}"],
    )


def retractable(table: str) -> list[migrations.RunSQL]:
    """A statement may be taken back once."""
    return [
        fixed(table, "fixed", *RETRACTION, when="WHEN (OLD.retracted_at IS NULL)"),
        fixed(table, "retracted", when="WHEN (OLD.retracted_at IS NOT NULL)"),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_tenancy"),
        ("agents", "0002_tenancy"),
        ("evidence", "0002_tenancy"),
        ("projects", "0002_tenancy"),
    ]

    operations = [
        Together(
            migrations.CreateModel(
                name="CredibilityPolicy",
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
                    ("version", models.PositiveIntegerField()),
                    ("document", models.JSONField()),
                    ("sha256", models.CharField(max_length=64)),
                    ("effective_from", models.DateTimeField()),
                    ("note", models.TextField(blank=True, default="")),
                    (
                        "user",
                        common.models.TenantForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "verbose_name_plural": "credibility policies",
                    "ordering": ("-version",),
                    "indexes": [models.Index(fields=["tenant", "-effective_from"], name="evidence_policy_effective")],
                    "constraints": [
                        models.UniqueConstraint(
                            fields=("tenant", "version"), name="evidence_credibilitypolicy_version"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                            name="evidence_credibilitypolicy_sha256",
                        ),
                    ],
                },
            ),
            migrations.AlterField(
                model_name="evidence",
                name="project",
                field=common.models.TenantForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="evidence",
                    to="projects.project",
                ),
            ),
            migrations.AddField(
                model_name="evidence",
                name="source_name",
                field=models.CharField(blank=True, default="", max_length=255),
            ),
            migrations.AddField(
                model_name="evidence",
                name="source_url",
                field=models.CharField(blank=True, default="", max_length=1000),
            ),
            migrations.AddField(
                model_name="evidence",
                name="media_type",
                field=models.CharField(blank=True, default="", max_length=255),
            ),
            migrations.AddField(
                model_name="evidence",
                name="subject_uri",
                field=models.CharField(blank=True, default="", max_length=1000),
            ),
            migrations.AddField(
                model_name="evidence",
                name="subject_digest",
                field=models.CharField(blank=True, default="", max_length=200),
            ),
            migrations.AddField(
                model_name="evidence",
                name="mutable",
                field=models.BooleanField(default=False),
            ),
            migrations.AddField(
                model_name="evidence",
                name="collected_at",
                field=models.DateTimeField(null=True),
            ),
            migrations.AddField(
                model_name="evidence",
                name="expires_at",
                field=models.DateTimeField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name="evidence",
                name="metadata",
                field=models.JSONField(blank=True, default=dict),
            ),
            migrations.AddField(
                model_name="evidence",
                name="tags",
                field=django.contrib.postgres.fields.ArrayField(
                    base_field=models.CharField(max_length=100), blank=True, default=list, size=None
                ),
            ),
            migrations.AddField(
                model_name="evidence",
                name="status",
                field=models.CharField(
                    choices=[
                        ("current", "Current"),
                        ("superseded", "Superseded"),
                        ("expired", "Expired"),
                        ("integrity_failed", "Integrity failed"),
                    ],
                    default="current",
                    editable=False,
                    max_length=20,
                ),
            ),
            migrations.AddField(
                model_name="evidence",
                name="confidence",
                field=models.GeneratedField(
                    choices=[
                        ("very_high", "Very high"),
                        ("high", "High"),
                        ("medium", "Medium"),
                        ("low", "Low"),
                        ("very_low", "Very low"),
                    ],
                    db_persist=True,
                    expression=models.Case(
                        models.When(credibility__gte=Decimal("0.9"), then=models.Value("very_high")),
                        models.When(credibility__gte=Decimal("0.75"), then=models.Value("high")),
                        models.When(credibility__gte=Decimal("0.5"), then=models.Value("medium")),
                        models.When(credibility__gte=Decimal("0.25"), then=models.Value("low")),
                        default=models.Value("very_low"),
                    ),
                    output_field=models.CharField(max_length=10),
                ),
            ),
            migrations.AddField(
                model_name="evidence",
                name="disputed",
                field=models.BooleanField(default=False, editable=False),
            ),
            migrations.AddField(
                model_name="evidence",
                name="credibility_factors",
                field=models.JSONField(default=dict, editable=False),
            ),
            migrations.AddField(
                model_name="evidence",
                name="historical_accuracy",
                field=models.DecimalField(decimal_places=2, editable=False, max_digits=5, null=True),
            ),
            migrations.AddField(
                model_name="evidence",
                name="policy",
                field=common.models.TenantForeignKey(
                    editable=False,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="evidence.credibilitypolicy",
                ),
            ),
            migrations.AddField(
                model_name="evidence",
                name="as_of",
                field=models.DateTimeField(editable=False, null=True),
            ),
            migrations.AddField(
                model_name="evidence",
                name="is_verified",
                field=models.GeneratedField(
                    db_persist=True,
                    expression=models.Case(
                        models.When(then=models.Value(True), verified_at__isnull=False), default=models.Value(False)
                    ),
                    output_field=models.BooleanField(),
                ),
            ),
            migrations.AddIndex(
                model_name="evidence",
                index=models.Index(
                    condition=models.Q(("execution_id__isnull", False)),
                    fields=["tenant", "execution_id", "-id"],
                    name="evidence_evidence_execution",
                ),
            ),
            migrations.AddIndex(
                model_name="evidence",
                index=models.Index(fields=["tenant", "source_type", "-id"], name="evidence_evidence_source"),
            ),
            migrations.AddIndex(
                model_name="evidence",
                index=models.Index(fields=["tenant", "credibility", "id"], name="evidence_evidence_credible"),
            ),
            migrations.AddIndex(
                model_name="evidence",
                index=models.Index(fields=["tenant", "is_verified", "-id"], name="evidence_evidence_is_verified"),
            ),
            migrations.AddIndex(
                model_name="evidence",
                index=models.Index(fields=["tenant", "created_at"], name="evidence_evidence_created"),
            ),
            migrations.AddIndex(
                model_name="evidence",
                index=models.Index(
                    condition=models.Q(("expires_at__isnull", False), ("status", "current")),
                    fields=["expires_at"],
                    name="evidence_evidence_expiry",
                ),
            ),
            migrations.AddIndex(
                model_name="evidence",
                index=django.contrib.postgres.indexes.GinIndex(fields=["tags"], name="evidence_evidence_tags"),
            ),
            migrations.AddConstraint(
                model_name="evidence",
                constraint=models.CheckConstraint(
                    condition=models.Q(("status__in", ["current", "superseded", "expired", "integrity_failed"])),
                    name="evidence_evidence_status",
                ),
            ),
            migrations.AddConstraint(
                model_name="evidence",
                constraint=models.CheckConstraint(
                    condition=models.Q(("confidence__in", ["very_high", "high", "medium", "low", "very_low"])),
                    name="evidence_evidence_confidence",
                ),
            ),
            migrations.AddConstraint(
                model_name="evidence",
                constraint=models.CheckConstraint(
                    condition=models.Q(("historical_accuracy__gte", 0), ("historical_accuracy__lte", 100)),
                    name="evidence_evidence_historical_accuracy",
                ),
            ),
            migrations.AddConstraint(
                model_name="evidence",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("verified_at__isnull", True), ("verified_by__isnull", True)),
                        models.Q(("verified_at__isnull", False), ("verified_by__isnull", False)),
                        _connector="OR",
                    ),
                    name="evidence_evidence_verified",
                ),
            ),
            migrations.AddConstraint(
                model_name="evidence",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("rejected_at__isnull", True), ("rejected_by__isnull", True)),
                        models.Q(("rejected_at__isnull", False), ("rejected_by__isnull", False)),
                        _connector="OR",
                    ),
                    name="evidence_evidence_rejected",
                ),
            ),
            migrations.AddConstraint(
                model_name="evidence",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("status", "integrity_failed"), _negated=True), ("credibility", 0), _connector="OR"
                    ),
                    name="evidence_evidence_broken_is_nothing",
                ),
            ),
            migrations.CreateModel(
                name="EvidenceLink",
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
                    ("retracted_at", models.DateTimeField(editable=False, null=True)),
                    (
                        "retracted_by",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("retraction_reason", models.TextField(default="", editable=False)),
                    (
                        "from_evidence",
                        common.models.TenantForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="links", to="evidence.evidence"
                        ),
                    ),
                    (
                        "to_evidence",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="linked_from",
                            to="evidence.evidence",
                        ),
                    ),
                    (
                        "kind",
                        models.CharField(
                            choices=[
                                ("supports", "Supports"),
                                ("contradicts", "Contradicts"),
                                ("corroborates", "Corroborates"),
                                ("related", "Related"),
                                ("derived_from", "Derived from"),
                                ("supersedes", "Supersedes"),
                            ],
                            max_length=20,
                        ),
                    ),
                    (
                        "strength",
                        models.DecimalField(
                            decimal_places=4,
                            default=Decimal("1"),
                            help_text="λ of the credibility formula, from 0 to 1.",
                            max_digits=5,
                        ),
                    ),
                    ("reason", models.TextField(blank=True, default="")),
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
                    "ordering": ("-id",),
                    "indexes": [models.Index(fields=["tenant", "to_evidence", "kind"], name="evidence_link_to")],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                (
                                    "kind__in",
                                    [
                                        "supports",
                                        "contradicts",
                                        "corroborates",
                                        "related",
                                        "derived_from",
                                        "supersedes",
                                    ],
                                )
                            ),
                            name="evidence_evidencelink_kind",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("strength__gte", 0), ("strength__lte", 1)),
                            name="evidence_evidencelink_strength",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("user__isnull", True), models.Q(("agent__isnull", True), _negated=True)),
                                models.Q(models.Q(("user__isnull", True), _negated=True), ("agent__isnull", True)),
                                _connector="OR",
                            ),
                            name="evidence_evidencelink_actor",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("retracted_at__isnull", True), ("retracted_by__isnull", True)),
                                models.Q(("retracted_at__isnull", False), ("retracted_by__isnull", False)),
                                _connector="OR",
                            ),
                            name="evidence_evidencelink_retracted",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("from_evidence", models.F("to_evidence")), _negated=True),
                            name="evidence_evidencelink_not_itself",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("kind", "supports"), ("from_evidence__gt", models.F("to_evidence")), _connector="OR"
                            ),
                            name="evidence_evidencelink_newer_to_older",
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("retracted_at__isnull", True)),
                            fields=("tenant", "from_evidence", "to_evidence", "kind"),
                            name="evidence_evidencelink_once",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Attestation",
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
                        "evidence",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="attestations",
                            to="evidence.evidence",
                        ),
                    ),
                    (
                        "method",
                        models.CharField(
                            choices=[
                                ("platform_rerun", "Run again by the platform"),
                                ("reproduced_build", "Build reproduced"),
                                ("proof_checked", "Proof checked"),
                                ("human_review", "Reviewed by a person"),
                                ("source_lookup", "Source looked up"),
                                ("static_check", "Static check"),
                                ("signature_valid", "Signature valid"),
                                ("schema_check", "Schema check"),
                                ("llm_review", "Reviewed by a model"),
                                ("human_override", "Overridden by a person"),
                            ],
                            max_length=20,
                        ),
                    ),
                    (
                        "verdict",
                        models.CharField(
                            choices=[("confirm", "Confirms"), ("refute", "Refutes"), ("inconclusive", "Inconclusive")],
                            max_length=15,
                        ),
                    ),
                    (
                        "user",
                        common.models.TenantForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="attestations",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "agent",
                        common.models.TenantForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="attestations",
                            to="agents.agent",
                        ),
                    ),
                    ("envelope", models.JSONField()),
                    ("envelope_sha256", models.CharField(max_length=64)),
                    ("key_fingerprint", models.CharField(max_length=100)),
                    ("predicate_type", models.CharField(max_length=200)),
                    ("independence_group", models.CharField(max_length=200)),
                    ("principal", models.CharField(blank=True, default="", max_length=200)),
                    ("organisation", models.CharField(blank=True, default="", max_length=200)),
                    ("model_family", models.CharField(blank=True, default="", max_length=100)),
                    ("toolchain", models.CharField(blank=True, default="", max_length=200)),
                    ("upstream_digest", models.CharField(blank=True, default="", max_length=200)),
                    ("started_on", models.DateTimeField(null=True)),
                    ("finished_on", models.DateTimeField()),
                    ("note", models.TextField(blank=True, default="")),
                ],
                options={
                    "ordering": ("-id",),
                    "indexes": [
                        models.Index(fields=["tenant", "key_fingerprint", "-id"], name="evidence_attestation_key")
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                (
                                    "method__in",
                                    [
                                        "platform_rerun",
                                        "reproduced_build",
                                        "proof_checked",
                                        "human_review",
                                        "source_lookup",
                                        "static_check",
                                        "signature_valid",
                                        "schema_check",
                                        "llm_review",
                                        "human_override",
                                    ],
                                )
                            ),
                            name="evidence_attestation_method",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("verdict__in", ["confirm", "refute", "inconclusive"])),
                            name="evidence_attestation_verdict",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("user__isnull", True), ("agent__isnull", True), _connector="OR"),
                            name="evidence_attestation_attester",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("method__in", ["human_review", "human_override", "llm_review", "source_lookup"]),
                                    _negated=True,
                                ),
                                ("user__isnull", False),
                                ("agent__isnull", False),
                                _connector="OR",
                            ),
                            name="evidence_attestation_by_somebody",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("method__in", ["human_review", "human_override"]), _negated=True),
                                ("user__isnull", False),
                                _connector="OR",
                            ),
                            name="evidence_attestation_by_person",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("started_on__isnull", True),
                                ("started_on__lte", models.F("finished_on")),
                                _connector="OR",
                            ),
                            name="evidence_attestation_times",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("envelope_sha256__regex", "^[0-9a-f]{64}$")),
                            name="evidence_attestation_sha256",
                        ),
                        models.UniqueConstraint(
                            fields=("tenant", "evidence", "envelope_sha256"), name="evidence_attestation_envelope"
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="AttestationRevocation",
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
                        "attestation",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="revocations",
                            to="evidence.attestation",
                        ),
                    ),
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
                    ("reason", models.TextField()),
                ],
                options={
                    "ordering": ("-id",),
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("user__isnull", True), models.Q(("agent__isnull", True), _negated=True)),
                                models.Q(models.Q(("user__isnull", True), _negated=True), ("agent__isnull", True)),
                                _connector="OR",
                            ),
                            name="evidence_attestationrevocation_actor",
                        ),
                        models.UniqueConstraint(
                            fields=("tenant", "attestation"), name="evidence_attestationrevocation_once"
                        ),
                    ],
                    "indexes": [],
                },
            ),
            migrations.CreateModel(
                name="CredibilityChange",
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
                        "evidence",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="credibility_changes",
                            to="evidence.evidence",
                        ),
                    ),
                    ("previous_credibility", models.DecimalField(decimal_places=4, max_digits=5, null=True)),
                    ("previous_uncertainty", models.DecimalField(decimal_places=4, max_digits=5, null=True)),
                    ("new_credibility", models.DecimalField(decimal_places=4, max_digits=5)),
                    ("new_uncertainty", models.DecimalField(decimal_places=4, max_digits=5)),
                    ("confirming", models.DecimalField(decimal_places=4, max_digits=12)),
                    ("refuting", models.DecimalField(decimal_places=4, max_digits=12)),
                    ("base_rate", models.DecimalField(decimal_places=4, max_digits=5)),
                    ("as_of", models.DateTimeField()),
                    (
                        "policy",
                        common.models.TenantForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="changes",
                            to="evidence.credibilitypolicy",
                        ),
                    ),
                    ("inputs", models.JSONField(default=list)),
                    (
                        "reason_code",
                        models.CharField(
                            choices=[
                                ("created", "Created"),
                                ("attested", "Attested"),
                                ("attestation_revoked", "Attestation revoked"),
                                ("linked", "Linked"),
                                ("link_retracted", "Link retracted"),
                                ("decayed", "Decayed"),
                                ("attester_record_changed", "Attester's record changed"),
                                ("policy_changed", "Policy changed"),
                                ("integrity_failed", "Integrity failed"),
                                ("human_override", "Overridden by a person"),
                            ],
                            max_length=30,
                        ),
                    ),
                    ("reason", models.TextField(blank=True, default="")),
                    ("metadata", models.JSONField(blank=True, default=dict)),
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
                    ("event_id", models.UUIDField(editable=False, null=True)),
                ],
                options={
                    "ordering": ("-id",),
                    "indexes": [
                        models.Index(fields=["tenant", "evidence", "-id"], name="evidence_change_evidence"),
                        models.Index(fields=["tenant", "created_at"], name="evidence_change_created"),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                (
                                    "reason_code__in",
                                    [
                                        "created",
                                        "attested",
                                        "attestation_revoked",
                                        "linked",
                                        "link_retracted",
                                        "decayed",
                                        "attester_record_changed",
                                        "policy_changed",
                                        "integrity_failed",
                                        "human_override",
                                    ],
                                )
                            ),
                            name="evidence_credibilitychange_reason_code",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("previous_credibility__gte", 0),
                                ("previous_credibility__lte", 1),
                                ("new_credibility__gte", 0),
                                ("new_credibility__lte", 1),
                            ),
                            name="evidence_credibilitychange_credibility",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("previous_uncertainty__gte", 0),
                                ("previous_uncertainty__lte", 1),
                                ("new_uncertainty__gte", 0),
                                ("new_uncertainty__lte", 1),
                            ),
                            name="evidence_credibilitychange_uncertainty",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("base_rate__gte", 0), ("base_rate__lte", 1)),
                            name="evidence_credibilitychange_base_rate",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("confirming__gte", 0), ("refuting__gte", 0)),
                            name="evidence_credibilitychange_amounts",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("previous_credibility__isnull", True), ("previous_uncertainty__isnull", True)
                                ),
                                models.Q(
                                    ("previous_credibility__isnull", False), ("previous_uncertainty__isnull", False)
                                ),
                                _connector="OR",
                            ),
                            name="evidence_credibilitychange_previous",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("user__isnull", True), ("agent__isnull", True), _connector="OR"),
                            name="evidence_credibilitychange_actor",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("reason_code", "human_override"), _negated=True),
                                models.Q(("user__isnull", False), models.Q(("reason", ""), _negated=True)),
                                _connector="OR",
                            ),
                            name="evidence_credibilitychange_override",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Claim",
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
                            related_name="claims",
                            to="projects.project",
                        ),
                    ),
                    ("subject", models.CharField(max_length=500)),
                    ("predicate", models.CharField(max_length=200)),
                    ("value", models.JSONField()),
                    ("scope", models.CharField(blank=True, default="", max_length=500)),
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("open", "Open"),
                                ("supported", "Supported"),
                                ("disputed", "Disputed"),
                                ("refuted", "Refuted"),
                                ("withdrawn", "Withdrawn"),
                            ],
                            default="open",
                            max_length=20,
                        ),
                    ),
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
                    "ordering": ("-id",),
                    "indexes": [
                        models.Index(fields=["tenant", "project", "status", "-id"], name="evidence_claim_project"),
                        models.Index(fields=["tenant", "subject", "predicate"], name="evidence_claim_subject"),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                ("status__in", ["open", "supported", "disputed", "refuted", "withdrawn"])
                            ),
                            name="evidence_claim_status",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("user__isnull", True), models.Q(("agent__isnull", True), _negated=True)),
                                models.Q(models.Q(("user__isnull", True), _negated=True), ("agent__isnull", True)),
                                _connector="OR",
                            ),
                            name="evidence_claim_actor",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="ClaimEvidence",
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
                    ("retracted_at", models.DateTimeField(editable=False, null=True)),
                    (
                        "retracted_by",
                        common.models.TenantForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("retraction_reason", models.TextField(default="", editable=False)),
                    (
                        "claim",
                        common.models.TenantForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="evidence", to="evidence.claim"
                        ),
                    ),
                    (
                        "evidence",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="claims",
                            to="evidence.evidence",
                        ),
                    ),
                    (
                        "role",
                        models.CharField(
                            choices=[("supports", "Supports"), ("opposes", "Opposes"), ("context", "Context")],
                            max_length=10,
                        ),
                    ),
                    (
                        "strength",
                        models.DecimalField(
                            decimal_places=4,
                            default=Decimal("1"),
                            help_text="λ, how direct it is, from 0 to 1.",
                            max_digits=5,
                        ),
                    ),
                    ("reason", models.TextField(blank=True, default="")),
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
                    "verbose_name_plural": "claim evidence",
                    "ordering": ("id",),
                    "indexes": [models.Index(fields=["tenant", "evidence"], name="evidence_claimevidence_by")],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("role__in", ["supports", "opposes", "context"])),
                            name="evidence_claimevidence_role",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("strength__gte", 0), ("strength__lte", 1)),
                            name="evidence_claimevidence_strength",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("user__isnull", True), models.Q(("agent__isnull", True), _negated=True)),
                                models.Q(models.Q(("user__isnull", True), _negated=True), ("agent__isnull", True)),
                                _connector="OR",
                            ),
                            name="evidence_claimevidence_actor",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("retracted_at__isnull", True), ("retracted_by__isnull", True)),
                                models.Q(("retracted_at__isnull", False), ("retracted_by__isnull", False)),
                                _connector="OR",
                            ),
                            name="evidence_claimevidence_retracted",
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("retracted_at__isnull", True)),
                            fields=("tenant", "claim", "evidence"),
                            name="evidence_claimevidence_once",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Decision",
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
                            related_name="decisions",
                            to="projects.project",
                        ),
                    ),
                    ("question", models.TextField()),
                    ("options", models.JSONField(default=list)),
                    ("outcome", models.TextField()),
                    ("rationale", models.TextField(blank=True, default="")),
                    (
                        "authority",
                        models.CharField(
                            choices=[("human", "A person"), ("agent", "An agent"), ("policy", "A policy")],
                            max_length=10,
                        ),
                    ),
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
                    ("policy_sha256", models.CharField(blank=True, default="", max_length=64)),
                    (
                        "combination",
                        models.CharField(
                            choices=[("all", "All of them"), ("any", "Any of them")], default="all", max_length=10
                        ),
                    ),
                    (
                        "threshold",
                        models.DecimalField(
                            blank=True,
                            decimal_places=4,
                            help_text="The least credibility it had to stand on, if any.",
                            max_digits=5,
                            null=True,
                        ),
                    ),
                    ("made_at", models.DateTimeField()),
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("standing", "Standing"),
                                ("superseded", "Superseded"),
                                ("withdrawn", "Withdrawn"),
                            ],
                            default="standing",
                            editable=False,
                            max_length=15,
                        ),
                    ),
                    ("support_degraded_at", models.DateTimeField(editable=False, null=True)),
                    (
                        "supersedes",
                        common.models.TenantForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="superseded_by",
                            to="evidence.decision",
                        ),
                    ),
                ],
                options={
                    "ordering": ("-id",),
                    "indexes": [models.Index(fields=["tenant", "project", "-id"], name="evidence_decision_project")],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("authority__in", ["human", "agent", "policy"])),
                            name="evidence_decision_authority",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("combination__in", ["all", "any"])),
                            name="evidence_decision_combination",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("status__in", ["standing", "superseded", "withdrawn"])),
                            name="evidence_decision_status",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("threshold__gte", 0), ("threshold__lte", 1)),
                            name="evidence_decision_threshold",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("agent__isnull", True), ("authority", "human"), ("user__isnull", False)),
                                models.Q(("agent__isnull", False), ("authority", "agent"), ("user__isnull", True)),
                                models.Q(
                                    ("agent__isnull", True),
                                    ("authority", "policy"),
                                    ("user__isnull", True),
                                    models.Q(("policy_sha256", ""), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="evidence_decision_actor",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("supersedes__isnull", True), ("id__gt", models.F("supersedes")), _connector="OR"
                            ),
                            name="evidence_decision_supersedes_older",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="DecisionBasis",
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
                        "decision",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="basis",
                            to="evidence.decision",
                        ),
                    ),
                    (
                        "claim",
                        common.models.TenantForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="decisions",
                            to="evidence.claim",
                        ),
                    ),
                    (
                        "evidence",
                        common.models.TenantForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="decisions",
                            to="evidence.evidence",
                        ),
                    ),
                    (
                        "role",
                        models.CharField(
                            choices=[("supports", "Supports"), ("opposes", "Opposes"), ("context", "Context")],
                            max_length=10,
                        ),
                    ),
                    ("load_bearing", models.BooleanField(default=True)),
                    ("credibility", models.DecimalField(decimal_places=4, max_digits=5)),
                    ("uncertainty", models.DecimalField(decimal_places=4, max_digits=5)),
                    ("leaf_index", models.PositiveBigIntegerField(null=True)),
                ],
                options={
                    "verbose_name_plural": "decision basis",
                    "ordering": ("id",),
                    "indexes": [models.Index(fields=["tenant", "decision", "id"], name="evidence_basis_decision")],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("role__in", ["supports", "opposes", "context"])),
                            name="evidence_decisionbasis_role",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("claim__isnull", True), models.Q(("evidence__isnull", True), _negated=True)),
                                models.Q(models.Q(("claim__isnull", True), _negated=True), ("evidence__isnull", True)),
                                _connector="OR",
                            ),
                            name="evidence_decisionbasis_item",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("credibility__gte", 0), ("credibility__lte", 1)),
                            name="evidence_decisionbasis_credibility",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("uncertainty__gte", 0), ("uncertainty__lte", 1)),
                            name="evidence_decisionbasis_uncertainty",
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("claim__isnull", False)),
                            fields=("tenant", "decision", "claim"),
                            name="evidence_decisionbasis_claim_once",
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("evidence__isnull", False)),
                            fields=("tenant", "decision", "evidence"),
                            name="evidence_decisionbasis_evidence_once",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="EvidenceChain",
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
                            related_name="evidence_chains",
                            to="projects.project",
                        ),
                    ),
                    (
                        "primary_evidence",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="chains",
                            to="evidence.evidence",
                        ),
                    ),
                    (
                        "decision",
                        common.models.TenantForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="chains",
                            to="evidence.decision",
                        ),
                    ),
                    ("description", models.TextField(blank=True, default="")),
                    (
                        "confidence",
                        models.DecimalField(decimal_places=4, default=Decimal("0"), editable=False, max_digits=5),
                    ),
                ],
                options={
                    "ordering": ("-id",),
                    "indexes": [
                        models.Index(fields=["tenant", "project", "-id"], name="evidence_chain_project"),
                        models.Index(fields=["tenant", "primary_evidence", "-id"], name="evidence_chain_primary"),
                        models.Index(fields=["tenant", "created_at"], name="evidence_chain_created"),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("confidence__gte", 0), ("confidence__lte", 1)),
                            name="evidence_evidencechain_confidence",
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="EvidenceChainItem",
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
                        "chain",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="items",
                            to="evidence.evidencechain",
                        ),
                    ),
                    (
                        "evidence",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="chain_items",
                            to="evidence.evidence",
                        ),
                    ),
                    ("ordinal", models.PositiveIntegerField()),
                    (
                        "role",
                        models.CharField(
                            choices=[
                                ("primary", "Primary"),
                                ("supporting", "Supporting"),
                                ("contradicting", "Contradicting"),
                            ],
                            default="supporting",
                            max_length=20,
                        ),
                    ),
                ],
                options={
                    "ordering": ("ordinal", "id"),
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("role__in", ["primary", "supporting", "contradicting"])),
                            name="evidence_evidencechainitem_role",
                        ),
                        models.UniqueConstraint(
                            fields=("tenant", "evidence", "chain"), name="evidence_evidencechainitem_once"
                        ),
                        models.UniqueConstraint(
                            deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                            fields=("tenant", "chain", "ordinal"),
                            name="evidence_evidencechainitem_ordinal",
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("role", "primary")),
                            fields=("tenant", "chain"),
                            name="evidence_evidencechainitem_one_primary",
                        ),
                    ],
                    "indexes": [],
                },
            ),
            migrations.CreateModel(
                name="Artifact",
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
                        "project",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="artifacts",
                            to="projects.project",
                        ),
                    ),
                    (
                        "artifact_type",
                        models.CharField(
                            choices=[
                                ("project_plan", "Project plan"),
                                ("software_specification", "Software specification"),
                                ("implementation_plan", "Implementation plan"),
                                ("system_architecture", "System architecture"),
                                ("source_code", "Source code"),
                                ("test_results", "Test results"),
                                ("deployment_log", "Deployment log"),
                                ("deployment_package", "Deployment package"),
                                ("user_input", "User input"),
                                ("agent_output", "Agent output"),
                                ("hitl_response", "Answer of a person"),
                            ],
                            max_length=30,
                        ),
                    ),
                    (
                        "granularity",
                        models.CharField(
                            choices=[("document", "Document"), ("section", "Section"), ("concept", "Concept")],
                            default="document",
                            max_length=10,
                        ),
                    ),
                    (
                        "parent",
                        common.models.TenantForeignKey(
                            db_index=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="children",
                            to="evidence.artifact",
                        ),
                    ),
                    ("path", models.CharField(max_length=500)),
                    ("ordinal", models.PositiveIntegerField(default=0)),
                    ("title", models.CharField(blank=True, default="", max_length=500)),
                    ("content", models.JSONField(default=dict)),
                    ("content_text", models.TextField(blank=True, default="")),
                    ("content_sha256", models.CharField(max_length=64)),
                    ("media_type", models.CharField(default="application/json", max_length=255)),
                    ("file_sha256", models.CharField(max_length=64, null=True)),
                    ("file_size", models.PositiveBigIntegerField(null=True)),
                    ("token_estimate", models.PositiveIntegerField(default=0)),
                    ("version", models.PositiveIntegerField(default=1)),
                    (
                        "supersedes",
                        common.models.TenantForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="superseded_by",
                            to="evidence.artifact",
                        ),
                    ),
                    ("is_current", models.BooleanField(default=True, editable=False)),
                    (
                        "source_agent",
                        common.models.TenantForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="artifacts",
                            to="agents.agent",
                        ),
                    ),
                    ("source_execution_id", models.UUIDField(editable=False, null=True)),
                    (
                        "created_by",
                        common.models.TenantForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="artifacts",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("metadata", models.JSONField(blank=True, default=dict)),
                    (
                        "tags",
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.CharField(max_length=100), blank=True, default=list, size=None
                        ),
                    ),
                    (
                        "search",
                        models.GeneratedField(
                            db_persist=True,
                            expression=django.contrib.postgres.search.CombinedSearchVector(
                                django.contrib.postgres.search.SearchVector("title", config="english", weight="A"),
                                "||",
                                django.contrib.postgres.search.SearchVector(
                                    django.db.models.functions.text.Left("content_text", 200000),
                                    config="english",
                                    weight="B",
                                ),
                                django.contrib.postgres.search.SearchConfig("english"),
                            ),
                            output_field=django.contrib.postgres.search.SearchVectorField(),
                        ),
                    ),
                    (
                        "embedding",
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.FloatField(), editable=False, null=True, size=None
                        ),
                    ),
                    ("embedding_model", models.CharField(editable=False, max_length=100, null=True)),
                    ("embedding_dimension", models.PositiveSmallIntegerField(editable=False, null=True)),
                ],
                options={
                    "ordering": ("-id",),
                    "abstract": False,
                    "base_manager_name": "all_objects",
                    "indexes": [
                        models.Index(
                            fields=["tenant", "project", "granularity", "-id"], name="evidence_artifact_project"
                        ),
                        models.Index(fields=["tenant", "parent", "ordinal"], name="evidence_artifact_children"),
                        models.Index(
                            condition=models.Q(("source_execution_id__isnull", False)),
                            fields=["tenant", "source_execution_id", "-id"],
                            name="evidence_artifact_execution",
                        ),
                        django.contrib.postgres.indexes.GinIndex(fields=["search"], name="evidence_artifact_search"),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                (
                                    "artifact_type__in",
                                    [
                                        "project_plan",
                                        "software_specification",
                                        "implementation_plan",
                                        "system_architecture",
                                        "source_code",
                                        "test_results",
                                        "deployment_log",
                                        "deployment_package",
                                        "user_input",
                                        "agent_output",
                                        "hitl_response",
                                    ],
                                )
                            ),
                            name="evidence_artifact_artifact_type",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("granularity__in", ["document", "section", "concept"])),
                            name="evidence_artifact_granularity",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("granularity", "document"), ("parent__isnull", True)),
                                models.Q(
                                    models.Q(("granularity", "document"), _negated=True), ("parent__isnull", False)
                                ),
                                _connector="OR",
                            ),
                            name="evidence_artifact_parent",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("parent__isnull", True),
                                models.Q(("parent", models.F("id")), _negated=True),
                                _connector="OR",
                            ),
                            name="evidence_artifact_not_its_own_parent",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("supersedes__isnull", True), ("id__gt", models.F("supersedes")), _connector="OR"
                            ),
                            name="evidence_artifact_supersedes_older",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("supersedes__isnull", True), ("version", 1)),
                                models.Q(("supersedes__isnull", False), ("version__gt", 1)),
                                _connector="OR",
                            ),
                            name="evidence_artifact_version",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("source_agent__isnull", False), ("created_by__isnull", False), _connector="OR"
                            ),
                            name="evidence_artifact_source",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("content_sha256__regex", "^[0-9a-f]{64}$")),
                            name="evidence_artifact_sha256",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("file_sha256__isnull", True), ("file_size__isnull", True)),
                                models.Q(("file_sha256__isnull", False), ("file_size__isnull", False)),
                                _connector="OR",
                            ),
                            name="evidence_artifact_file",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("embedding__isnull", True),
                                    ("embedding_dimension__isnull", True),
                                    ("embedding_model__isnull", True),
                                ),
                                models.Q(
                                    ("embedding__isnull", False),
                                    ("embedding_dimension__isnull", False),
                                    ("embedding_model__isnull", False),
                                ),
                                _connector="OR",
                            ),
                            name="evidence_artifact_embedding",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("embedding__isnull", True),
                                ("embedding__len", models.F("embedding_dimension")),
                                _connector="OR",
                            ),
                            name="evidence_artifact_embedding_dimension",
                        ),
                        models.UniqueConstraint(
                            models.F("tenant"),
                            models.F("project"),
                            models.F("artifact_type"),
                            django.db.models.functions.text.Lower("path"),
                            condition=models.Q(("deleted_at__isnull", True), ("is_current", True)),
                            name="evidence_artifact_current",
                        ),
                        models.UniqueConstraint(
                            models.F("tenant"),
                            models.F("project"),
                            models.F("artifact_type"),
                            django.db.models.functions.text.Lower("path"),
                            models.F("version"),
                            condition=models.Q(("deleted_at__isnull", True)),
                            name="evidence_artifact_versions",
                        ),
                    ],
                },
                managers=[
                    ("objects", django.db.models.manager.Manager()),
                    ("all_objects", django.db.models.manager.Manager()),
                ],
            ),
            migrations.CreateModel(
                name="ArtifactUse",
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
                        "artifact",
                        common.models.TenantForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="uses",
                            to="evidence.artifact",
                        ),
                    ),
                    ("execution_id", models.UUIDField(editable=False)),
                    ("rank", models.PositiveIntegerField()),
                    ("tokens", models.PositiveIntegerField()),
                    ("was_dropped", models.BooleanField(default=False)),
                ],
                options={
                    "ordering": ("execution_id", "rank"),
                    "indexes": [
                        models.Index(fields=["tenant", "artifact", "-id"], name="evidence_artifactuse_artifact")
                    ],
                    "constraints": [
                        models.UniqueConstraint(
                            fields=("tenant", "execution_id", "rank"), name="evidence_artifactuse_rank"
                        )
                    ],
                },
            ),
        ),
        ProtectTables(
            "EvidenceLink", "Claim", "ClaimEvidence", "Decision", "EvidenceChain", "EvidenceChainItem", "Artifact"
        ),
        ProtectTables(
            "CredibilityPolicy",
            "Attestation",
            "AttestationRevocation",
            "CredibilityChange",
            "DecisionBasis",
            "ArtifactUse",
            append_only=True,
        ),
        ProtectReferences("Evidence", "policy"),
        migrations.RunSQL(
            [FIXED, "ALTER TABLE evidence_evidence ENABLE ALWAYS TRIGGER evidence_evidence_fixed"],
            [FIXED_BEFORE, "ALTER TABLE evidence_evidence ENABLE TRIGGER evidence_evidence_fixed"],
        ),
        migrations.RunSQL(KEEP_ALL_BUT, "DROP FUNCTION sec.keep_all_but()"),
        *retractable("evidence_evidencelink"),
        *retractable("evidence_claimevidence"),
        fixed("evidence_claim", "fixed", "status"),
        fixed("evidence_decision", "fixed", "status", "support_degraded_at"),
        fixed(
            "evidence_artifact",
            "fixed",
            "is_current",
            "deleted_at",
            "tags",
            "search",
            "embedding",
            "embedding_model",
            "embedding_dimension",
        ),
        migrations.RunSQL(
            [ARTIFACT_PARENT, PARENT_TRIGGER],
            [
                "DROP TRIGGER evidence_artifact_parent ON evidence_artifact",
                "DROP FUNCTION sec.check_artifact_parent()",
            ],
        ),
        search_function(
            "search_evidence_tags(wanted varchar[], with_all boolean)",
            EVIDENCE_BY_TAGS,
            grants=["SELECT (tenant_id, id, tags) ON evidence_evidence"],
        ),
        search_function(
            "search_artifacts(in_project uuid, words text, grain text, most integer)",
            ARTIFACTS_BY_WORDS,
            returns="TABLE (artifact_id uuid, score real)",
            declare="  wanted tsquery := websearch_to_tsquery('english', words);",
            grants=[
                "SELECT (tenant_id, id, project_id, granularity, search, is_current, deleted_at) ON evidence_artifact"
            ],
        ),
    ]
