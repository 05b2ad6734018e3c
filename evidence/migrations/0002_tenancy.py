"""Row security for evidence; what was handed in never changes."""

from django.db import migrations

from common.tenancy.migrations import ProtectTables

# A verdict may be added once, and scores follow; everything else is fixed, for the owner of the table too, and so is
# every column that comes later.
FIXED = """
CREATE FUNCTION sec.keep_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
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
