"""Done is not verified: only a run whose exit code somebody else than its author reported says that a task holds."""

from collections.abc import Sequence

from audit.services import record
from evidence.models import Evidence, Grade
from tasks import events
from tasks.models import Criterion, CriterionKind, Execution, Task, Verification
from tasks.services.base import subject_of
from tasks.services.contracts import evaluate, what_counts


def judge_without(task: Task, rejected: Evidence) -> None:
    """Judge a locked task anew as far as it rested on evidence that was rejected, by what is left.

    Nothing else is looked at again: neither what has come nor what has expired since changes what was decided. A task
    that is closed stays closed, and its page says what does not hold any more.
    """
    attempts = Execution.objects.select_related("agent").filter(task_id=task.id)
    execution = attempts.accepted().first() or attempts.order_by("-id").first()
    if execution:
        evaluate(task, execution, resting_on=rejected.id)
    if speaks_of_a_run(rejected):
        judge_verification(task)


def judge_verification(task: Task) -> None:
    """Set the verification of a locked task by the newest standing evidence of each run."""
    found = found_by(task, [piece for piece in what_counts(task) if speaks_of_a_run(piece)])
    if found != task.verification:
        Task.all_objects.filter(id=task.id).update(verification=found)
        task.refresh_from_db(fields=["verification"])
        record(events.TASK_VERIFICATION_CHANGED, subject_of(task), verification=str(found))


def speaks_of_a_run(piece: Evidence) -> bool:
    return piece.exit_code is not None and piece.grade != Grade.SELF_ASSERTED


def found_by(task: Task, runs: Sequence[Evidence]) -> str:
    """Return what runs, the newest first, say of a task. Without one, what people said of it stays."""
    if not runs:
        return Verification.SCRIPTED if task.verification == Verification.SCRIPTED else Verification.UNVERIFIED
    expected = expected_codes(task)
    latest = {run.data.get("command_name") or str(run.data.get("command")): run for run in reversed(runs)}
    held = all(run.exit_code == expected.get(name, 0) for name, run in latest.items())
    return Verification.VERIFIED if held else Verification.FAILED


def expected_codes(task: Task) -> dict[str, int]:
    """Return the exit codes that criteria ask for, by command; any other command ends with 0."""
    found = Criterion.objects.filter(contract__task_id=task.id, kind=CriterionKind.COMMAND_EXIT)
    return {str(one.parameters["command"]): one.parameters.get("exit_code", 0) for one in found}
