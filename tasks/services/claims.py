"""Claiming: an agent gets a task, a new attempt and its lease. One statement finds and locks; nobody waits."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from agents.models import Agent
from audit.services import record
from common import context
from common.context import Principal
from common.ids import sha256_hex
from common.models import ClockTimestamp
from tasks import events
from tasks.models import ErrorCategory, Execution, ExecutionStatus, Task, TaskStatus
from tasks.services import spending
from tasks.services.attempts import advance
from tasks.services.base import lock_task, subject_of
from tasks.services.limits import lapse, lease_end
from tasks.services.retries import after_failure

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
    candidates = spending.allowed(Task.objects.claimable_by(principal, able), agent)
    if project_ids:
        candidates = candidates.filter(project_id__in=project_ids)
    locked = list(
        candidates.select_related("project")
        .most_urgent_first()
        .select_for_update(skip_locked=True, of=("self",))[:limit]
    )
    admitted = spending.admit(agent, locked)
    claimed = [start_attempt(task, agent, lease_seconds) for task in locked if task.id in admitted]
    spending.began(agent, [each.execution for each in claimed], admitted)
    return claimed


def start_attempt(task: Task, agent: Agent, lease_seconds: int) -> Claimed:
    """Begin the next attempt of a locked task."""
    end_expired_attempt(task)
    now = clock(task)
    execution = Execution(
        project_id=task.project_id,
        task=task,
        agent=agent,
        parent=ordering_attempt(task),
        attempt=task.attempt + 1,
        status=ExecutionStatus.RUNNING,
        lease_seconds=lease_seconds,
        last_heartbeat_at=now,
        last_activity_at=now,
        soft_limit_at=now + timedelta(seconds=task.soft_timeout_seconds),
        hard_limit_at=now + timedelta(seconds=task.hard_timeout_seconds),
        started_at=now,
        input_hash=input_hash(task),
        trace_id=context.current().trace_id,
    )
    execution.lease_expires_at = until = lease_end(task, execution, beat=now, active=now)
    execution.save(force_insert=True)
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


def ordering_attempt(task: Task) -> Execution | None:
    """Return the attempt this one is a part of: the one that runs for the task's parent."""
    return Execution.objects.filter(task_id=task.parent_id).live().first() if task.parent_id else None


def input_hash(task: Task) -> str:
    """Return SHA-256 over what the agent is given, as JSON with sorted names and no spaces."""
    given = {name: getattr(task, name) for name in ("title", "description", "instructions", "input", "target_path")}
    return sha256_hex(json.dumps(given, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())


def end_expired_attempt(task: Task) -> Execution | None:
    """End the attempt whose lease ran out, or that was parked for an answer that has come; return it as it was."""
    execution = Execution.objects.filter(task_id=task.id).live().first()
    if execution is None:
        return None
    if execution.status == ExecutionStatus.WAITING_FOR_HITL:
        words = "Parked for an approval; the next attempt goes on."
        advance(execution.id, ExecutionStatus.CANCELLED, summary=words)
        return execution
    status, code, words = lapse(task, execution)
    timed_out = status == ExecutionStatus.TIMEOUT
    facts = {"error_code": code, "error_category": ErrorCategory.TIMEOUT, "retryable": True} if timed_out else {}
    advance(execution.id, status, error=words, **facts)
    event = events.EXECUTION_TIMED_OUT if timed_out else events.EXECUTION_CANCELLED
    record(event, subject_of(task), reason=words, attempt=execution.attempt)
    return execution


def reap_expired_leases(limit: int = 100) -> int:
    """End the running tenant's attempts whose lease has run out, and let their tasks go on.

    For most a claim would do it by itself; this is for the people who watch, for tasks that kill their workers, and for
    attempts that did not stop when they were told to.
    """
    expired = Execution.objects.expired().order_by("lease_expires_at").values_list("task_id", flat=True)[:limit]
    return sum(reap(task_id) for task_id in list(expired))


@transaction.atomic
def reap(task_id: UUID) -> bool:
    task = lock_task(task_id)
    if not Execution.objects.filter(task_id=task_id).expired().exists():
        return False
    execution = end_expired_attempt(task)
    if execution is not None:
        _, _, words = lapse(task, execution)
        lost = f"Its worker was lost {task.max_attempts} times in a row; look at the run logs, then reopen it."
        after_failure(task, execution, words if task.attempts_left > 0 else lost, retryable=True, at=clock(task))
    return True
