"""The states of an attempt and the ways between them. Nothing else changes `Execution.status`."""

from typing import Any
from uuid import UUID

from audit.services import record
from common.errors import Conflict
from common.models import ClockTimestamp
from tasks import events
from tasks.models import ENDED, LIVE, Execution, ExecutionStatus, Task
from tasks.services import spending
from tasks.services.base import subject_of

# What each state is reached from. What has ended is in no list: that is final.
FROM: dict[str, tuple[ExecutionStatus, ...]] = {
    ExecutionStatus.RUNNING: (ExecutionStatus.PENDING, ExecutionStatus.WAITING_FOR_HITL),
    ExecutionStatus.WAITING_FOR_HITL: (ExecutionStatus.RUNNING,),
    ExecutionStatus.SUCCESS: (ExecutionStatus.RUNNING,),
    ExecutionStatus.FAILURE: (ExecutionStatus.RUNNING,),
    ExecutionStatus.TIMEOUT: (ExecutionStatus.RUNNING,),
    ExecutionStatus.CANCELLED: LIVE,
}


def advance(execution_id: UUID, to: str, **values: Any) -> None:
    """Bring an attempt into another state by compare-and-set. Raises `Conflict` where no way leads there."""
    if to in ENDED:
        values.setdefault("ended_at", ClockTimestamp())
    if not Execution.objects.filter(id=execution_id, status__in=FROM[to]).update(status=to, **values):
        word = ExecutionStatus(to).label.lower()
        raise Conflict(f"From the state it is in, the attempt cannot become: {word}.", code="no_such_transition")
    spending.moved(execution_id)


def cancel_attempt(task: Task, execution: Execution, why: str) -> None:
    """End an attempt of a locked task without a result."""
    advance(execution.id, ExecutionStatus.CANCELLED, error=why)
    record(events.EXECUTION_CANCELLED, subject_of(task), reason=why[:2000], attempt=execution.attempt)


def cancel_live_attempts(task: Task, why: str) -> bool:
    """End whatever runs or waits for a locked task; return whether anything did."""
    live = list(Execution.objects.filter(task_id=task.id).live())
    for execution in live:
        cancel_attempt(task, execution, why)
    return bool(live)
