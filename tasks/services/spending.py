"""What work costs and what holds it back: budgets, emergency stops, an agent's limits, statistics and status.

The hooks that claims, heartbeats and every change of an attempt's state call. All run in their transaction, behind the
lock of the task; what they lock themselves is locked in one order: agents by id, then budgets by id.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from agents.models import (
    Agent,
    AgentState,
    Budget,
    BudgetHold,
    BudgetScope,
    CostEntry,
    EmergencyStop,
    StopScope,
    StopTrigger,
)
from agents.services import close_quota_pool
from agents.services.holds import (
    Level,
    Reservation,
    Usage,
    levels_of,
    live_holds,
    lock_budgets,
    place_holds,
    reserve,
    settle,
)
from agents.services.presence import Cause, change_status, count_execution, heard_from, lock_agents
from agents.services.providers import Spending, cost_of, enter_cost
from agents.services.stops import stop_automatically
from projects.services import note_work
from tasks.models import (
    ApprovalKind,
    ApprovalRequest,
    ApprovalTrigger,
    Directive,
    Execution,
    ExecutionStatus,
    Task,
)
from tasks.querysets import TaskQuerySet

COUNTED = (ExecutionStatus.SUCCESS, ExecutionStatus.FAILURE, ExecutionStatus.TIMEOUT)
"""ends that count as a run; an attempt given back, withdrawn or parked is none"""
HOLD_MARGIN = timedelta(minutes=5)
"""after the end of its lease, before a sweep looks what became of an attempt's holds"""
STRENGTH = (Directive.CONTINUE, Directive.WRAP_UP, Directive.ASK, Directive.STOP)


# --- claiming ----------------------------------------------------------------------------------------------------
def allowed(candidates: TaskQuerySet, agent: Agent) -> TaskQuerySet:
    """Leave out what an emergency stop, a used-up budget or a shut quota pool keeps this agent from."""
    pool = agent.quota_pool
    if pool and pool.closed_until and pool.closed_until > timezone.now():
        return candidates.none()
    stops = EmergencyStop.objects.active().filter(
        Q(scope__in=(StopScope.TENANT, StopScope.PROJECT))
        | Q(scope=StopScope.AGENT, agent=agent)
        | Q(scope=StopScope.AGENT_TYPE, agent_type=agent.agent_type)
    )
    stopped = list(stops.values_list("project_id", flat=True))
    full = list(Budget.objects.exhausted().exclude(Q(scope=BudgetScope.AGENT) & ~Q(agent=agent)))
    if None in stopped or any(budget.scope in {BudgetScope.TENANT, BudgetScope.AGENT} for budget in full):
        return candidates.none()
    closed = [*stopped, *(budget.project_id for budget in full if budget.scope == BudgetScope.PROJECT)]
    spent = [budget.task_id for budget in full if budget.task_id]
    return candidates.exclude(project_id__in=list(filter(None, closed))).exclude(id__in=spent)


def admit(agent: Agent, tasks: Sequence[Task]) -> dict[UUID, Reservation]:
    """Reserve what each of these locked tasks will need; leave out those of a full budget or beyond the agent's limit.

    Also locks what the ends of their old attempts will change, so that nothing is locked out of order later.
    """
    if not tasks:
        return {}
    old = list(Execution.objects.filter(task__in=tasks).live())
    lock_agents([agent.id, *(execution.agent_id for execution in old)])
    free = agent.max_concurrent - running(agent.id).exclude(task__in=tasks).count()
    held = BudgetHold.objects.live().filter(execution_id__in=[execution.id for execution in old])
    budgets = lock_budgets(Q(id__in=budgets_over(agent, tasks)) | Q(id__in=held.values("budget_id")))
    admitted: dict[UUID, Reservation] = {}
    for task in tasks:
        own = [budget for budget in budgets if applies(budget, task, agent)]
        reservation = reserve(own) if len(admitted) < free else None
        if reservation is not None:
            admitted[task.id] = reservation
    return admitted


def applies(budget: Budget, task: Task, agent: Agent) -> bool:
    return budget.is_active and budget.counts(project=task.project_id, agent=agent.id, task=task.id)


def budgets_over(agent: Agent, tasks: Sequence[Task]) -> QuerySet[Any, Any]:
    """Return the ids of the active budgets that a run of this agent at one of these tasks counts against."""
    ours = (
        Q(scope=BudgetScope.TENANT)
        | Q(scope=BudgetScope.PROJECT, project_id__in={task.project_id for task in tasks})
        | Q(scope=BudgetScope.AGENT, agent=agent)
        | Q(scope=BudgetScope.TASK, task_id__in=[task.id for task in tasks])
    )
    return Budget.objects.active().filter(ours).values("id")


def running(agent_id: UUID) -> QuerySet[Execution]:
    """Return the attempts that an agent holds a lease for now."""
    return Execution.objects.filter(
        agent_id=agent_id, status=ExecutionStatus.RUNNING, lease_expires_at__gt=timezone.now()
    )


def began(agent: Agent, executions: Iterable[Execution], admitted: dict[UUID, Reservation]) -> None:
    """The last step of a claim: place the holds, and note that the agent works, or at least that it called."""
    for execution in executions:
        place_holds(execution.id, admitted[execution.task_id], hold_end(execution.lease_expires_at))
        change_status(agent, AgentState.WORKING, cause_of(execution), current=execution.id)
    heard_from(agent)


def hold_end(lease_expires_at: datetime | None) -> datetime:
    return (lease_expires_at or timezone.now()) + HOLD_MARGIN


def cause_of(execution: Execution, reason: str = "") -> Cause:
    return Cause(reason, execution.id, execution.project_id, execution.task_id)


# --- running -----------------------------------------------------------------------------------------------------
def steer(execution: Execution, agent: Agent) -> None:
    """Settle what a locked task's attempt has used so far; put into `directive` and `notes` how it goes on, and why.

    A stop of people comes first, then a budget's end, then a question, then what was said to the attempt itself. Only
    the last is stored: the others hold as long as their reason does.
    """
    levels = settled(execution, expires_at=hold_end(execution.lease_expires_at))
    stops = EmergencyStop.objects.over(project=execution.project_id, agent=agent.id, agent_type=agent.agent_type)
    heard_from(agent)
    reasons = [f"Emergency stop: {stop.reason}" for stop in stops]
    reasons += [level.words for level in levels if level.stops]
    questions = [level.words for level in unanswered(execution.task_id, levels)]
    if reasons:
        execution.directive = Directive.STOP
    elif questions and STRENGTH.index(Directive(execution.directive)) < STRENGTH.index(Directive.ASK):
        execution.directive = Directive.ASK
    execution.notes = (*reasons, *questions)


def unanswered(task_id: UUID, levels: Iterable[Level]) -> list[Level]:
    """Return the budgets that ask and for which nobody has let this task go on in this period."""
    asking = [level for level in levels if level.asks and not level.stops]
    if not asking:
        return []
    granted = ApprovalRequest.objects.filter(
        task_id=task_id, kind=ApprovalKind.BUDGET_OVERRIDE, status__in=("approved", "amended")
    )
    known = {key for policy in granted.values_list("policy", flat=True) for key in policy.get("budgets", ())}
    return [level for level in asking if level.key not in known]


def budget_question(execution: Execution) -> dict[str, Any]:
    """Return what makes a question of this attempt one about its budgets, if they are why it asks."""
    asking = unanswered(execution.task_id, levels_of(execution.id))
    if not asking:
        return {}
    return {
        "kind": ApprovalKind.BUDGET_OVERRIDE,
        "trigger": ApprovalTrigger.BUDGET_EXCEEDED,
        "policy": {"budgets": [level.key for level in asking]},
    }


def settled(execution: Execution, *, runs: int = 0, expires_at: datetime | None = None) -> list[Level]:
    """Settle the holds of an attempt, if it has any; with `expires_at` it goes on."""
    holds = live_holds(execution.id)
    return settle(holds, usage_of(execution, runs=runs), expires_at=expires_at) if holds else []


def usage_of(execution: Execution, *, runs: int = 0) -> Usage:
    """Return what an attempt has used of each unit. Tokens and money that nobody told count nothing here."""
    end = execution.ended_at or timezone.now()
    lasted = (end - (execution.started_at or end)).total_seconds()
    usd = cost_of(execution.agent, spending_of(execution)).amount_usd
    return Usage(
        usd=usd or Decimal(0),
        tokens=(execution.input_tokens or 0) + (execution.output_tokens or 0),
        seconds=Decimal(str(max(lasted, 0))),
        runs=runs,
    )


def spending_of(execution: Execution) -> Spending:
    return Spending(execution.input_tokens, execution.output_tokens, execution.cost_usd)


# --- ending ------------------------------------------------------------------------------------------------------
def moved(execution_id: UUID) -> None:
    """Keep the books of an attempt whose state has just changed while its task was locked.

    One that waits for an answer holds nothing, and what it used so far is its whole cost: when it ends later, nothing
    is left to settle.
    """
    agents = lock_agents(Execution.objects.filter(id=execution_id).values_list("agent_id", flat=True))
    execution = Execution.objects.select_related("agent").get(id=execution_id)
    if execution.status in (*COUNTED, ExecutionStatus.WAITING_FOR_HITL) or has_open_books(execution):
        count_and_settle(execution)
    refresh_status(agents[0], execution)
    if execution.status == ExecutionStatus.FAILURE:
        watch_failures(execution)


def has_open_books(execution: Execution) -> bool:
    """Whether an attempt was cancelled while it ran."""
    cancelled = execution.status == ExecutionStatus.CANCELLED
    return cancelled and not CostEntry.objects.filter(execution_id=execution.id).exists()


def count_and_settle(execution: Execution) -> None:
    counted = execution.status in COUNTED
    if counted:
        succeeded = execution.status == ExecutionStatus.SUCCESS
        count_execution(execution.agent_id, succeeded=succeeded, milliseconds=execution.execution_time_ms or 0)
        note_work(execution.project_id)
    settled(execution, runs=int(counted))
    enter_cost(
        execution.agent,
        spending_of(execution),
        project_id=execution.project_id,
        task_id=execution.task_id,
        execution_id=execution.id,
    )


def refresh_status(agent: Agent, execution: Execution) -> None:
    """Derive a locked agent's status from its attempts, after a change of this one."""
    cause = cause_of(execution, execution.error[:500])
    current = running(agent.id).exclude(id=execution.id).order_by("-id").first()
    waiting = (
        Execution.objects.filter(agent_id=agent.id, status=ExecutionStatus.WAITING_FOR_HITL).order_by("-id").first()
    )
    if current:
        change_status(agent, AgentState.WORKING, cause, current=current.id)
    elif execution.status == ExecutionStatus.FAILURE:
        change_status(agent, AgentState.ERROR, cause, error=execution.error or "It did not say why.")
    elif waiting:
        change_status(agent, AgentState.WAITING_FOR_HITL, cause, current=waiting.id)
    else:
        change_status(agent, AgentState.IDLE, cause)


def watch_failures(execution: Execution) -> None:
    """Stop an agent that fails with the same error again and again, or with any error more often still."""
    same, any_error = settings.REPEATED_ERRORS_STOP, settings.FAILURES_STOP
    tries = Execution.objects.filter(agent_id=execution.agent_id, status__in=COUNTED).order_by("-id")
    released = EmergencyStop.objects.filter(agent_id=execution.agent_id, scope=StopScope.AGENT).order_by("-id").first()
    if released and released.released_at:
        tries = tries.filter(ended_at__gt=released.released_at)
    last = list(tries.values_list("status", "error")[: max(same, any_error)])
    failures = next((number for number, (status, _) in enumerate(last) if status != ExecutionStatus.FAILURE), len(last))
    alike = next((number for number, (_, error) in enumerate(last) if error != execution.error), len(last))
    target = {"scope": StopScope.AGENT, "agent": execution.agent}
    if same and min(failures, alike) >= same:
        words = f"It failed {same} times in a row with the same error: {execution.error[:500]}"
        stop_automatically(StopTrigger.REPETITION, words, **target)
    elif any_error and failures >= any_error:
        words = f"It failed {any_error} times in a row, the last time with: {execution.error[:500]}"
        stop_automatically(StopTrigger.ERROR, words, **target)


def provider_refused(execution: Execution, seconds: int | None) -> None:
    """Shut the agent's quota pool for as long as its provider said (429)."""
    if seconds and execution.agent.quota_pool:
        until = timezone.now() + timedelta(seconds=seconds)
        close_quota_pool(pool=execution.agent.quota_pool, until=until, reason=f"{execution.agent} was refused.")
