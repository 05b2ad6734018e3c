"""Done is not verified: only a run whose exit code somebody else than its author reported says that a task holds."""

from audit.services import record
from evidence.models import Evidence, Grade
from tasks import events
from tasks.models import Criterion, CriterionKind, Execution, Task, Verification
from tasks.services.base import subject_of
from tasks.services.contracts import grade_for


def judge_verification(task: Task, execution: Execution) -> None:
    """Set the verification of a locked task by the newest standing evidence of a run. Without one it stays."""
    pieces = Evidence.objects.about_task(task.id).counting().without_content().order_by("-id")
    told = [piece for piece in pieces if grade_for(piece, execution) != Grade.SELF_ASSERTED]
    runs = [piece for piece in told if piece.exit_code is not None]
    if not runs:
        return
    expected = expected_codes(task)
    latest = {run.data.get("command_name") or str(run.data.get("command")): run for run in reversed(runs)}
    held = all(run.exit_code == expected.get(name, 0) for name, run in latest.items())
    found = Verification.VERIFIED if held else Verification.FAILED
    if found != task.verification:
        Task.all_objects.filter(id=task.id).update(verification=found)
        task.refresh_from_db(fields=["verification"])
        record(events.TASK_VERIFICATION_CHANGED, subject_of(task), verification=str(found))


def expected_codes(task: Task) -> dict[str, int]:
    """Return the exit codes that criteria ask for, by command; any other command ends with 0."""
    found = Criterion.objects.filter(contract__task_id=task.id, kind=CriterionKind.COMMAND_EXIT)
    return {str(one.parameters["command"]): one.parameters.get("exit_code", 0) for one in found}
