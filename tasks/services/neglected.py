"""Sweeps for what nobody came back for: holds that no end settled, agents that fell silent."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from agents.models import AgentStatus
from agents.services.holds import expired_holds
from agents.services.presence import SILENCE, lock_agents, mark_silent
from tasks.models import Execution, ExecutionStatus
from tasks.services.base import lock_task
from tasks.services.spending import COUNTED, HOLD_MARGIN, running, settled


def settle_expired_holds(limit: int = 100) -> int:
    """Settle the running tenant's holds whose attempt ended without settling them; a live attempt keeps its own.

    Every end settles its holds; this is for what a fault left behind.
    """
    return sum(settle_left_behind(execution_id) for execution_id in expired_holds(limit))


@transaction.atomic
def settle_left_behind(execution_id: UUID) -> bool:
    lock_task(Execution.objects.values_list("task_id", flat=True).get(id=execution_id))
    execution = Execution.objects.select_related("agent").get(id=execution_id)
    if execution.status == ExecutionStatus.RUNNING:
        settled(execution, expires_at=timezone.now() + HOLD_MARGIN)
        return False
    settled(execution, runs=int(execution.status in COUNTED))
    return True


def mark_silent_agents(limit: int = 100) -> int:
    """Set agents of the running tenant offline that nobody has heard for five minutes and that hold no lease."""
    silent = AgentStatus.objects.silent_since(timezone.now() - SILENCE).order_by("last_heartbeat_at")
    return sum(silence(agent_id) for agent_id in list(silent.values_list("agent_id", flat=True)[:limit]))


@transaction.atomic
def silence(agent_id: UUID) -> bool:
    [agent] = lock_agents([agent_id])
    return not running(agent_id).exists() and mark_silent(agent)
