"""Row security for evidence; what was handed in never changes."""

from django.db import migrations

from common.tenancy.migrations import ProtectTables

# A verdict may be added once; the evidence itself is fixed, for the owner of the table too.
FIXED = """
CREATE FUNCTION sec.keep_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.tenant_id, NEW.project_id, NEW.task_id, NEW.execution_id, NEW.agent_id, NEW.author_id, NEW.source_type,
      NEW.grade, NEW.title, NEW.description, NEW.data, NEW.content, NEW.content_sha256)
     IS DISTINCT FROM
     (OLD.tenant_id, OLD.project_id, OLD.task_id, OLD.execution_id, OLD.agent_id, OLD.author_id, OLD.source_type,
      OLD.grade, OLD.title, OLD.description, OLD.data, OLD.content, OLD.content_sha256) THEN
    RAISE EXCEPTION 'evidence is fixed once it is handed in' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END
$$
"""
TRIGGER = (
    "CREATE TRIGGER evidence_evidence_fixed BEFORE UPDATE ON evidence_evidence"
    " FOR EACH ROW EXECUTE FUNCTION sec.keep_evidence()"
)


class Migration(migrations.Migration):
    dependencies = [("evidence", "0001_initial"), ("agents", "0002_tenancy"), ("projects", "0002_tenancy")]
    operations = [
        ProtectTables("Evidence"),
        migrations.RunSQL(
            [FIXED, TRIGGER, "REVOKE DELETE ON evidence_evidence FROM cm_app"],
            ["DROP TRIGGER evidence_evidence_fixed ON evidence_evidence", "DROP FUNCTION sec.keep_evidence()"],
        ),
    ]
