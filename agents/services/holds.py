"""Holds: what an attempt reserves of every budget it counts against, and how that becomes what it spent.

A reservation is one UPDATE per budget that compares and sets (`with_room`), under locks taken in the order of ids: of
any number of claims at the same time none gets the last share twice. What an attempt really used is a fact and is
entered even beyond what it had reserved; then there is no room for anybody until the period ends.

`held` of a budget is the sum over its live holds of what they have not used yet. A budget per run reserves nothing: it
judges each attempt alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from agents import events
from agents.models import Budget, BudgetHold, BudgetPeriod, BudgetScope, BudgetUnit, StopScope, StopTrigger
from agents.querysets import SMALLEST, PeriodStart
from agents.services.budgets import budget_subject, concerned
from agents.services.stops import stop_automatically
from audit.events import EventType
from audit.services import record
from common.models import ClockTimestamp

ZERO = Decimal(0)
REMEMBERED = 50
"""attempts that say what the next one will need"""
FIRST_SHARE = Decimal("0.1")
"""of the limit, reserved while nothing is known"""

Reservation = dict[UUID, Decimal]


@dataclass(frozen=True, slots=True)
class Usage:
    """What an attempt has used so far, in each unit; what nobody told counts nothing here."""

    usd: Decimal = ZERO
    tokens: int = 0
    seconds: Decimal = ZERO
    runs: int = 0

    def of(self, unit: str) -> Decimal:
        return Decimal(getattr(self, BudgetUnit(unit).value))


@dataclass(frozen=True, slots=True)
class Level:
    """How far a budget is used up, as one attempt hears it."""

    budget: Budget
    percent: Decimal
    just_ended: bool = False
    """this attempt's usage has just used the budget up"""

    @property
    def asks(self) -> bool:
        return self.percent >= self.budget.ask_at

    @property
    def stops(self) -> bool:
        return self.percent >= self.budget.stop_at

    @property
    def words(self) -> str:
        return f"The budget of {self.budget} is used up to {int(self.percent)} %."

    @property
    def key(self) -> str:
        """What an override is about: this budget, in this period."""
        return f"{self.budget.id}@{self.budget.period_start.date().isoformat()}"


def lock_budgets(condition: Q) -> list[Budget]:
    """Lock budgets in the order of their ids; begin the new period of those whose old one is over."""
    rows = Budget.objects.filter(condition).order_by("id")
    budgets = list(rows.select_for_update(no_key=True, of=("self",)))
    stale = [budget.id for budget in budgets if budget.is_stale]
    if not stale:
        return budgets
    roll_over(stale)
    return list(rows.select_for_update(no_key=True, of=("self",)))


def roll_over(identifiers: Iterable[UUID]) -> int:
    """Begin the period we are in: one UPDATE, and only the first one finds the old period."""
    due = Budget.objects.due_to_roll().filter(id__in=identifiers)
    return due.update(spent=ZERO, period_start=PeriodStart())


def reserve(budgets: Sequence[Budget]) -> Reservation | None:
    """Take what one attempt will need of each of these locked budgets; None, and nothing taken, where one is full."""
    taken: Reservation = {}
    for budget in budgets:
        amount = share(budget)
        if amount and not take(budget, amount):
            give_back(budgets, taken)
            return None
        taken[budget.id] = amount
    return taken


def share(budget: Budget) -> Decimal:
    """Return what to reserve: the 90th percentile of what the last attempts used, at most what is left."""
    if budget.period == BudgetPeriod.RUN:
        return ZERO
    if budget.unit == BudgetUnit.RUNS:
        return Decimal(1)
    settled = BudgetHold.objects.filter(budget=budget).exclude(released_at=None).order_by("-id")
    # what a hold has used when it is released is what it is settled with
    known = sorted(settled.values_list("used", flat=True)[:REMEMBERED])
    wanted = known[ceil(len(known) * 0.9) - 1] if known else budget.limit_amount * FIRST_SHARE
    return max(min(wanted, budget.remaining), SMALLEST).quantize(SMALLEST)


def take(budget: Budget, amount: Decimal) -> bool:
    """Hold `amount` of a budget if there is room for it now."""
    if not Budget.objects.filter(id=budget.id).with_room(amount).update(held=F("held") + amount):
        return False
    budget.held += amount
    return True


def give_back(budgets: Sequence[Budget], taken: Reservation) -> None:
    for budget in budgets:
        if taken.get(budget.id):
            Budget.objects.filter(id=budget.id).update(held=F("held") - taken[budget.id])
            budget.held -= taken[budget.id]


def place_holds(execution_id: UUID, reservation: Reservation, expires_at: datetime) -> None:
    """Write down what an attempt that has begun holds."""
    BudgetHold.objects.bulk_create(
        BudgetHold(budget_id=budget, execution_id=execution_id, amount=amount, expires_at=expires_at)
        for budget, amount in reservation.items()
    )


def live_holds(execution_id: UUID) -> list[BudgetHold]:
    return list(BudgetHold.objects.live().of_execution(execution_id))


def settle(holds: Sequence[BudgetHold], usage: Usage, *, expires_at: datetime | None = None) -> list[Level]:
    """Turn what a locked task's attempt has used from held into spent, and return how far its budgets are used up.

    With `expires_at` the attempt goes on and keeps the rest of its holds; without, it has ended and the rest is free.
    """
    budgets = {budget.id: budget for budget in lock_budgets(Q(id__in=[hold.budget_id for hold in holds]))}
    levels = [settle_one(hold, budgets[hold.budget_id], usage, expires_at) for hold in holds]
    for level in levels:
        stop_scope(level)
    return levels


def settle_one(hold: BudgetHold, budget: Budget, usage: Usage, expires_at: datetime | None) -> Level:
    used = max(hold.used, usage.of(budget.unit).quantize(SMALLEST))
    amount = max(hold.amount, used)
    kept = amount - used if expires_at else ZERO
    ended = {} if expires_at else {"released_at": ClockTimestamp(), "settled_amount": used}
    BudgetHold.objects.filter(id=hold.id).update(
        used=used, amount=amount, expires_at=expires_at or hold.expires_at, **ended
    )
    if budget.period == BudgetPeriod.RUN:
        before, after = hold.used, used
    else:
        before, after = budget.spent, budget.spent + used - hold.used
        change = kept - (hold.amount - hold.used)
        Budget.objects.filter(id=budget.id).update(spent=F("spent") + used - hold.used, held=F("held") + change)
        budget.spent, budget.held = after, budget.held + change
    return tell(budget, percent(budget, before), percent(budget, after), after)


def percent(budget: Budget, spent: Decimal) -> Decimal:
    return spent * 100 / budget.limit_amount


def tell(budget: Budget, before: Decimal, after: Decimal, spent: Decimal) -> Level:
    """Record the step that a budget has just reached: once in its period, for what is spent only grows in it."""
    event: EventType | None = None
    if before < budget.stop_at <= after:
        event = events.BUDGET_EXCEEDED
    elif before < budget.warn_at <= after:
        event = events.BUDGET_WARNING
    if event:
        record(
            event,
            budget_subject(budget),
            concerns=concerned(budget),
            unit=str(budget.unit),
            limit=f"{budget.limit_amount:f}",
            spent=f"{spent:f}",
            percent=int(after),
        )
    return Level(budget, after, just_ended=event is events.BUDGET_EXCEEDED)


def stop_scope(level: Level) -> None:
    """Stop everything in the scope of a budget that says so, at the moment it is used up."""
    budget = level.budget
    if not (level.just_ended and budget.emergency_stop_enabled):
        return
    targets: dict[str, dict[str, Any]] = {
        BudgetScope.TENANT: {"scope": StopScope.TENANT},
        BudgetScope.PROJECT: {"scope": StopScope.PROJECT, "project": budget.project},
        BudgetScope.AGENT: {"scope": StopScope.AGENT, "agent": budget.agent},
    }
    stop_automatically(StopTrigger.BUDGET, level.words, **targets[BudgetScope(budget.scope)])


def levels_of(execution_id: UUID) -> list[Level]:
    """Return how far the budgets of a running attempt are used up, without changing anything."""
    holds = BudgetHold.objects.live().of_execution(execution_id).select_related("budget")
    return [
        Level(
            hold.budget,
            percent(hold.budget, hold.used if hold.budget.period == BudgetPeriod.RUN else hold.budget.spent_now),
        )
        for hold in holds
    ]


def expired_holds(limit: int) -> list[UUID]:
    """Return attempts whose holds nobody settled in time."""
    late = BudgetHold.objects.live().filter(expires_at__lt=timezone.now()).order_by("expires_at")
    return list(dict.fromkeys(late.values_list("execution_id", flat=True)[:limit]))
