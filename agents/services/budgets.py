"""Budgets: limits that people set. What running work takes of them is in `holds`."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from agents import events
from agents.models import Agent, Budget, BudgetPeriod, BudgetScope, BudgetUnit
from audit.services import Subject, changes_of, record
from common.duplicates import refusing_duplicates
from common.errors import Invalid
from projects.models import Project

CHANGEABLE = frozenset({"limit_amount", "warn_at", "ask_at", "stop_at", "emergency_stop_enabled", "is_active"})


def budget_subject(budget: Budget) -> Subject:
    return Subject("budget", budget.id, str(budget), budget.project_id, budget.task_id)


def concerned(budget: Budget) -> list[UUID]:
    """Return whom a budget concerns beside the members of its project."""
    return [budget.agent.owner_id] if budget.agent else []


@transaction.atomic
def create_budget(
    *,
    scope: str,
    unit: str,
    period: str,
    limit_amount: Decimal,
    project: Project | None = None,
    agent: Agent | None = None,
    task_id: UUID | None = None,
    **steps: Any,
) -> Budget:
    """Set a limit. It holds for attempts that are claimed from now on; `steps` are the columns that may change later.

    Raises `Invalid` for a scope that names too little or too much, or steps out of order, `Conflict` where the same
    thing has such a budget already.
    """
    target = {"project": project, "agent": agent, "task_id": task_id}
    budget = Budget(
        scope=scope,
        unit=unit,
        period=period,
        limit_amount=limit_amount,
        **target,
        **{name: value for name, value in steps.items() if name in CHANGEABLE},
    )
    check_scope(budget, target)
    check_steps(budget)
    if task_id:
        events.task_budget_set.send(Budget, task_id=task_id, project_id=budget.project_id)
    budget.parent = enclosing(budget)
    save(budget)
    record(
        events.BUDGET_CREATED,
        budget_subject(budget),
        concerns=concerned(budget),
        unit=str(unit),
        limit=f"{limit_amount:f}",
    )
    return budget


def save(budget: Budget) -> None:
    with refusing_duplicates("It has an active budget of this unit and period already.", code="budget_exists"):
        budget.save(force_insert=True)


def check_scope(budget: Budget, target: dict[str, Any]) -> None:
    needed = {
        BudgetScope.TENANT: set[str](),
        BudgetScope.PROJECT: {"project"},
        BudgetScope.AGENT: {"agent"},
        BudgetScope.TASK: {"project", "task_id"},
    }[BudgetScope(budget.scope)]
    named = {name for name, value in target.items() if value is not None}
    errors = {name.removesuffix("_id"): ["A budget of this scope names it."] for name in needed - named}
    errors |= {name.removesuffix("_id"): ["A budget of this scope does not name it."] for name in named - needed}
    if budget.unit == BudgetUnit.RUNS and budget.period == BudgetPeriod.RUN:
        errors["period"] = ["A run is one run."]
    if budget.unit == BudgetUnit.RUNS and budget.limit_amount < 1:
        errors["limit_amount"] = ["Allow one run at least."]
    if errors:
        raise Invalid("The budget is not valid.", errors=errors)


def check_steps(budget: Budget) -> None:
    errors = {}
    if not 0 < budget.warn_at <= budget.ask_at <= budget.stop_at <= 100:
        errors["warn_at"] = ["The order is warn_at, ask_at, stop_at, from 1 to 100."]
    if budget.limit_amount <= 0:
        errors["limit_amount"] = ["More than zero."]
    if budget.emergency_stop_enabled and budget.scope == BudgetScope.TASK:
        errors["emergency_stop_enabled"] = ["No emergency stop is about one task."]
    if errors:
        raise Invalid("The budget is not valid.", errors=errors)


def enclosing(budget: Budget) -> Budget | None:
    """Return the budget that this one is a part of: the nearest wider one of the same unit and period."""
    wider = Budget.objects.active().filter(unit=budget.unit, period=budget.period)
    if budget.scope == BudgetScope.TASK:
        of_project: Budget | None = wider.filter(scope=BudgetScope.PROJECT, project=budget.project).first()
        if of_project:
            return of_project
    if budget.scope == BudgetScope.TENANT:
        return None
    of_tenant: Budget | None = wider.filter(scope=BudgetScope.TENANT).first()
    return of_tenant


@transaction.atomic
def update_budget(*, budget: Budget, **changes: Any) -> Budget:
    """Change limit and steps, or end or renew a budget. What is spent and held stays. Raises as `create_budget`."""
    locked = Budget.objects.select_for_update(no_key=True, of=("self",)).get(id=budget.id)
    changed = {name: value for name, value in changes.items() if name in CHANGEABLE and getattr(locked, name) != value}
    if changed:
        differences = changes_of(locked, changed)
        for name, value in changed.items():
            setattr(locked, name, value)
        check_steps(locked)
        with refusing_duplicates("It has an active budget of this unit and period already.", code="budget_exists"):
            Budget.objects.filter(id=budget.id).update(**changed)
        locked.refresh_from_db()
        record(
            events.BUDGET_UPDATED,
            budget_subject(locked),
            concerns=concerned(locked),
            changes=differences,
            changed=sorted(changed),
        )
    return locked
