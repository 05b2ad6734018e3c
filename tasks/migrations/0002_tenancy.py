"""Row security for work, and what the database itself refuses: closing a task unproven, changing what has ended."""

from django.db import migrations

from common.tenancy.migrations import ProtectTables, system_function

# Done is computed: `completed` needs, for each criterion, a last finding that it is met, by evidence of this task that
# stands and is strong enough. Whoever writes the row, by whatever path.
REFUSE_UNPROVEN = """
CREATE FUNCTION sec.refuse_unproven() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  missing text;
  grades text[] := ARRAY['self_asserted', 'runner_reported', 'hook_observed', 'ci_attested', 'human'];
BEGIN
  SELECT string_agg(c.title, ', ' ORDER BY c.ordinal) INTO missing
  FROM public.tasks_criterion c
  JOIN public.tasks_acceptancecontract k ON k.tenant_id = c.tenant_id AND k.id = c.contract_id
  WHERE k.tenant_id = NEW.tenant_id AND k.task_id = NEW.id AND NOT EXISTS (
    SELECT 1
    FROM (SELECT v.is_met, v.evidence_id FROM public.tasks_evaluation v
          WHERE v.tenant_id = c.tenant_id AND v.criterion_id = c.id ORDER BY v.id DESC LIMIT 1) last
    JOIN public.evidence_evidence e ON e.tenant_id = c.tenant_id AND e.id = last.evidence_id
    WHERE last.is_met AND e.task_id = NEW.id AND e.rejected_at IS NULL
      AND array_position(grades, e.grade::text) >= array_position(grades, c.minimum_grade::text));
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'the task cannot be completed, not met: %', missing USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$
"""
REFUSE_UNPROVEN_TRIGGER = """
CREATE TRIGGER tasks_task_proven BEFORE INSERT OR UPDATE OF status, resolution ON tasks_task FOR EACH ROW
WHEN (NEW.status = 'closed' AND NEW.resolution = 'completed') EXECUTE FUNCTION sec.refuse_unproven()
"""

# An attempt that has ended stays as it ended, and attempts never go back.
KEEP_ENDED = """
CREATE FUNCTION sec.keep_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF to_jsonb(NEW) - 'updated_at' IS DISTINCT FROM to_jsonb(OLD) - 'updated_at' THEN
    RAISE EXCEPTION 'an ended execution does not change' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$
"""
KEEP_ATTEMPT = """
CREATE FUNCTION sec.keep_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.attempt < OLD.attempt THEN
    RAISE EXCEPTION 'an attempt number never goes back' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$
"""

DUE_WORK = """
RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT e.tenant_id FROM tasks_execution e WHERE e.status = 'running' AND e.lease_expires_at < clock_timestamp()
  UNION
  SELECT a.tenant_id FROM tasks_approvalrequest a WHERE a.status = 'pending' AND a.expires_at < clock_timestamp()
$$
"""


def reference(column: str, table: str) -> migrations.RunSQL:
    """Evidence is below us and knows work only by id; the references are made where both are known."""
    name = f"evidence_evidence_{column.removesuffix('_id')}_fk"
    return migrations.RunSQL(
        f"ALTER TABLE evidence_evidence ADD CONSTRAINT {name} FOREIGN KEY (tenant_id, {column})"
        f" REFERENCES {table} (tenant_id, id) DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE evidence_evidence DROP CONSTRAINT {name}",
    )


class Migration(migrations.Migration):
    dependencies = [("tasks", "0001_initial"), ("evidence", "0002_tenancy")]
    operations = [
        ProtectTables("Task", "Execution", "ApprovalRequest", "AcceptanceContract", "Criterion"),
        ProtectTables("ExecutionLog", "QuarantinedWrite", "ApprovalResponse", "Evaluation", append_only=True),
        reference("task_id", "tasks_task"),
        reference("execution_id", "tasks_execution"),
        migrations.RunSQL(
            [REFUSE_UNPROVEN, REFUSE_UNPROVEN_TRIGGER],
            ["DROP TRIGGER tasks_task_proven ON tasks_task", "DROP FUNCTION sec.refuse_unproven()"],
        ),
        migrations.RunSQL(
            [
                KEEP_ENDED,
                "CREATE TRIGGER tasks_execution_ended BEFORE UPDATE ON tasks_execution FOR EACH ROW"
                " WHEN (OLD.status IN ('success', 'failure', 'timeout', 'cancelled')) EXECUTE FUNCTION sec.keep_ended()",
            ],
            ["DROP TRIGGER tasks_execution_ended ON tasks_execution", "DROP FUNCTION sec.keep_ended()"],
        ),
        migrations.RunSQL(
            [
                KEEP_ATTEMPT,
                "CREATE TRIGGER tasks_task_attempt BEFORE UPDATE OF attempt ON tasks_task"
                " FOR EACH ROW EXECUTE FUNCTION sec.keep_attempt()",
            ],
            ["DROP TRIGGER tasks_task_attempt ON tasks_task", "DROP FUNCTION sec.keep_attempt()"],
        ),
        system_function(
            "tenants_with_due_work()", DUE_WORK, grants=["SELECT ON tasks_execution, tasks_approvalrequest"]
        ),
    ]
