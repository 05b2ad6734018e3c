"""Done is not verified: only a run whose exit code somebody else than its author reported says that a task holds."""

from collections.abc import Sequence

from audit.services import record
from evidence.models import Evidence, Grade
from tasks import events
from tasks.models import Criterion, CriterionKind, Execution, Task, Verification
from tasks.services.base import subject_of
from tasks.services.contracts import evaluate, grade_for


def judge_again(task: Task) -> None:
    """Judge the criteria and the verification of a locked task by the evidence that is left after some was rejected.

    A task that is closed stays closed, and its page says what does not hold any more.
    """
    attempts = Execution.objects.select_related("agent").filter(task_id=task.id)
    execution = attempts.accepted().first() or attempts.order_by("-id").first()
    if execution:
        evaluate(task, execution)
        judge_verification(task, execution)


def judge_verification(task: Task, execution: Execution) -> None:
    """Set the verification of a locked task by the newest standing evidence of each run."""
    pieces = Evidence.objects.about_task(task.id).counting().without_content().order_by("-id")
    told = [piece for piece in pieces if grade_for(piece, execution) != Grade.SELF_ASSERTED]
    runs = [piece for piece in told if piece.exit_code is not None]
    found = found_by(task, runs)
    if found != task.verification:
        Task.all_objects.filter(id=task.id).update(verification=found)
        task.refresh_from_db(fields=["verification"])
        record(events.TASK_VERIFICATION_CHANGED, subject_of(task), verification=str(found))


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
