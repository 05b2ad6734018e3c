"""How long an attempt may go on. Its lease ends with the first of: the last heartbeat and its length, the last sign of
work and the task's inactivity, the hard limit. So one column says when an attempt is lost, silent or overdue.
"""

from datetime import datetime, timedelta

from tasks.models import Execution, ExecutionStatus, Task


def lease_end(task: Task, execution: Execution, *, beat: datetime, active: datetime) -> datetime:
    """Return until when the lease holds after a heartbeat at `beat` and a sign of work at `active`."""
    ends = [beat + timedelta(seconds=execution.lease_seconds), active + timedelta(seconds=task.inactivity_seconds)]
    return min([*ends, execution.hard_limit_at] if execution.hard_limit_at else ends)


def lapse(task: Task, execution: Execution) -> tuple[ExecutionStatus, str, str]:
    """Return what an attempt becomes whose lease has run out, the code of the reason and the reason in words."""
    end = execution.lease_expires_at
    if execution.cancel_requested_at:
        return ExecutionStatus.CANCELLED, "", f"It did not stop when it was told to. {execution.error}"
    if end and execution.hard_limit_at and execution.hard_limit_at <= end:
        return ExecutionStatus.TIMEOUT, "hard_limit", "It ran past its hard limit."
    quiet_until = (execution.last_activity_at or execution.created_at) + timedelta(seconds=task.inactivity_seconds)
    if end and quiet_until <= end:
        words = f"It showed no work for {task.inactivity_seconds} s."
        return ExecutionStatus.TIMEOUT, "inactivity", words
    return ExecutionStatus.TIMEOUT, "lease_expired", "The lease ran out without a heartbeat."
