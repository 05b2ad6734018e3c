"""What an agent is doing: derived from its claims, heartbeats, questions, failures and silence, never typed.

All of it happens under the lock of the agent's row. Lock order within a transaction: task, agents by id, budgets by id.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Greatest, Round
from django.utils import timezone

from agents import events
from agents.models import Agent, AgentState, AgentStatus, AgentStatusHistory
from audit.services import Subject, record
from common.models import ClockTimestamp

SEEN_RESOLUTION = timedelta(seconds=15)
SILENCE = timedelta(minutes=5)
"""after which an agent that holds no lease is offline; `sec.tenants_with_due_work` says the same"""

EVENT_OF = {AgentState.ERROR: events.AGENT_ERRED, AgentState.OFFLINE: events.AGENT_HEARTBEAT_LOST}


@dataclass(frozen=True, slots=True)
class Cause:
    """What made the status change."""

    reason: str = ""
    execution_id: UUID | None = None
    project_id: UUID | None = None
    task_id: UUID | None = None


def lock_agents(identifiers: Iterable[UUID]) -> list[Agent]:
    """Lock agents in the order of their ids."""
    rows = Agent.all_objects.filter(id__in=set(identifiers)).order_by("id")
    return list(rows.select_for_update(no_key=True, of=("self",)))


def change_status(
    agent: Agent, status: AgentState, cause: Cause, *, current: UUID | None = None, error: str = ""
) -> None:
    """Note what a locked agent is doing; a change goes into its history and into the log."""
    row = AgentStatus.objects.filter(agent_id=agent.id).first()
    values = {"status": status, "current_execution_id": current, "error_message": error[:2000]}
    if row is None:
        heard = ClockTimestamp()
        AgentStatus.objects.create(agent=agent, last_heartbeat_at=heard, last_activity_at=heard, **values)
    else:
        AgentStatus.objects.filter(id=row.id).update(last_activity_at=ClockTimestamp(), **values)
    previous = row.status if row else None
    if previous != status:
        AgentStatusHistory.objects.create(
            agent=agent, previous=previous, status=status, reason=cause.reason, execution_id=cause.execution_id
        )
        subject = Subject("agent", agent.id, str(agent), cause.project_id, cause.task_id)
        record(
            EVENT_OF.get(status, events.AGENT_STATUS_CHANGED),
            subject,
            reason=cause.reason,
            concerns=[agent.owner_id],
            previous=str(previous or AgentState.OFFLINE),
            status=str(status),
        )


def heard_from(agent: Agent) -> None:
    """Note that an agent was heard: at most every 15 s, no event unless it was away.

    The last thing a call does, and it waits for nobody: where another call of the same agent holds its row, that one
    will have been heard too.
    """
    now = timezone.now()
    if agent.last_seen_at and now - agent.last_seen_at <= SEEN_RESOLUTION:
        return
    free = Agent.objects.filter(id=agent.id).select_for_update(no_key=True, skip_locked=True, of=("self",))
    if not free.first():
        return
    Agent.objects.filter(id=agent.id).update(last_seen_at=now)
    there = AgentStatus.objects.filter(agent_id=agent.id).exclude(status=AgentState.OFFLINE)
    if not there.update(last_heartbeat_at=ClockTimestamp()):
        change_status(agent, AgentState.IDLE, Cause("It called."))
        AgentStatus.objects.filter(agent_id=agent.id).update(last_heartbeat_at=ClockTimestamp())


def mark_silent(agent: Agent) -> bool:
    """Set a locked agent offline if it is still silent; return whether it was."""
    limit = timezone.now() - SILENCE
    if not AgentStatus.objects.silent_since(limit).filter(agent_id=agent.id).exists():
        return False
    change_status(agent, AgentState.OFFLINE, Cause(f"Nothing was heard for {SILENCE.seconds // 60} minutes."))
    return True


def count_execution(agent_id: UUID, *, succeeded: bool, milliseconds: int) -> None:
    """Count a finished execution: one UPDATE over the stored sums, exact however many finish at the same time."""
    total = F("total_executions") + 1
    good = F("successful_executions") + int(succeeded)
    spent = F("total_execution_time_ms") + Greatest(milliseconds, 0)
    Agent.all_objects.filter(id=agent_id).update(
        total_executions=total,
        successful_executions=good,
        total_execution_time_ms=spent,
        success_rate=Round(good * 100.0 / total, 2),
        avg_execution_time_ms=spent / total,
        last_used_at=ClockTimestamp(),
    )
