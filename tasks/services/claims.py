"""Claiming: an agent gets a task, a new attempt and its lease. One statement finds and locks; nobody waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from agents.models import Agent
from audit.services import record
from common import context
from common.context import Principal
from common.models import ClockTimestamp
from tasks import events
from tasks.models import Execution, ExecutionStatus, Task, TaskStatus
from tasks.services.work_items import block, lock_task, offer_again, subject_of

MIN_LEASE, MAX_LEASE = 1, 3600


@dataclass(frozen=True, slots=True)
class Claimed:
    """A task given to an agent."""

    task: Task
    execution: Execution


@transaction.atomic
def claim_tasks(
    *,
    principal: Principal,
    agent: Agent,
    project_ids: list[UUID] | None = None,
    capabilities: list[str] | None = None,
    lease_seconds: int = 60,
    limit: int = 1,
) -> list[Claimed]:
    """Give `agent` up to `limit` of the most urgent tasks it may do now, each under a lease of `lease_seconds`.

    Rows that another claim holds are passed over (`SKIP LOCKED`). A task whose lease ran out is claimable like an open
    one: its old attempt ends here as timed out, so a dead sweeper delays nobody.
    """
    able = agent.capability_names if capabilities is None else sorted(set(capabilities) & set(agent.capability_names))
    candidates = Task.objects.claimable_by(principal, able)
    if project_ids:
        candidates = candidates.filter(project_id__in=project_ids)
    locked = list(
        candidates.select_related("project")
        .most_urgent_first()
        .select_for_update(skip_locked=True, of=("self",))[:limit]
    )
    return [start_attempt(task, agent, lease_seconds) for task in locked]


def start_attempt(task: Task, agent: Agent, lease_seconds: int) -> Claimed:
    """Begin the next attempt of a locked task."""
    end_expired_attempt(task)
    now = clock(task)
    until = now + timedelta(seconds=lease_seconds)
    execution = Execution.objects.create(
        project_id=task.project_id,
        task=task,
        agent=agent,
        attempt=task.attempt + 1,
        status=ExecutionStatus.RUNNING,
        lease_seconds=lease_seconds,
        lease_expires_at=until,
        last_heartbeat_at=now,
        started_at=now,
        trace_id=context.current().trace_id,
    )
    Task.objects.filter(id=task.id).update(
        status=TaskStatus.IN_PROGRESS,
        status_reason="",
        attempt=execution.attempt,
        attempts_left=task.attempts_left - 1,
        claimable_from=until,
        started_at=task.started_at or now,
    )
    task.refresh_from_db(fields=["status", "status_reason", "attempt", "attempts_left", "claimable_from", "started_at"])
    record(
        events.TASK_CLAIMED,
        subject_of(task),
        execution_id=str(execution.id),
        attempt=execution.attempt,
        lease_seconds=lease_seconds,
    )
    return Claimed(task, execution)


def clock(task: Task) -> datetime:
    """Return the database's time now; the locked row is there to ask."""
    now: datetime = Task.objects.filter(id=task.id).values_list(ClockTimestamp(), flat=True).get()
    return now


def end_expired_attempt(task: Task) -> None:
    """End the attempt whose lease ran out, or that was parked for an answer that has come."""
    for execution in Execution.objects.filter(task_id=task.id).live():
        parked = execution.status == ExecutionStatus.WAITING_FOR_HITL
        Execution.objects.filter(id=execution.id).update(
            status=ExecutionStatus.CANCELLED if parked else ExecutionStatus.TIMEOUT,
            ended_at=ClockTimestamp(),
            error="" if parked else "The lease ran out without a heartbeat.",
            summary="Parked for an approval; the next attempt goes on." if parked else "",
        )
        if not parked:
            record(events.EXECUTION_TIMED_OUT, subject_of(task), attempt=execution.attempt)


def reap_expired_leases(limit: int = 100) -> int:
    """Offer the running tenant's tasks with an expired lease again, or block those whose attempts are used up.

    A claim would do the first by itself; this is for the people who watch, and for tasks that kill their workers.
    """
    expired = Execution.objects.expired().order_by("lease_expires_at").values_list("task_id", flat=True)[:limit]
    return sum(reap(task_id) for task_id in list(expired))


@transaction.atomic
def reap(task_id: UUID) -> bool:
    task = lock_task(task_id)
    if not Execution.objects.filter(task_id=task_id).expired().exists():
        return False
    end_expired_attempt(task)
    if task.attempts_left > 0:
        offer_again(task, events.TASK_RELEASED, at=clock(task), reason="The lease ran out.", data=latest_attempt(task))
    else:
        block(task, f"Its worker was lost {task.max_attempts} times in a row; look at the run logs, then reopen it.")
    return True


def latest_attempt(task: Task) -> dict[str, str | int]:
    execution = Execution.objects.get(task_id=task.id, attempt=task.attempt)
    return {"execution_id": str(execution.id), "attempt": execution.attempt}
