"""Holds: whatever attempts reserve and use, in whatever order, the sums stay true."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.models import Budget, BudgetHold
from agents.services.holds import Usage, live_holds, lock_budgets, place_holds, reserve, roll_over, settle
from tests.agents import set_budget
from tests.work import started
from tests.world import World

STEPS = st.lists(
    st.tuples(st.sampled_from(["begin", "use", "end"]), st.integers(0, 2), st.integers(0, 60)), max_size=14
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_a_budget_is_never_reserved_beyond_its_limit_and_nothing_is_lost(world: World, steps: list[Any]) -> None:
    with transaction.atomic():
        runs = [started(world)[1].execution_id for _ in range(3)]
        budget = set_budget(world, 100, "tokens")
        model = Model(world, budget, runs)
        for step, run, amount in steps:
            getattr(model, step)(run, amount)
            model.check()
        transaction.set_rollback(True)


class Model:
    """What is used, counted beside the database."""

    def __init__(self, world: World, budget: Budget, runs: list[Any]) -> None:
        self.world, self.budget, self.runs = world, budget, runs
        self.used: dict[int, int] = {}
        self.total = 0

    def begin(self, run: int, amount: int) -> None:
        if run in self.used:
            return
        with self.world.as_("system"):
            [locked] = lock_budgets(Q(id=self.budget.id))
            had_room = locked.remaining > 0
            reservation = reserve([locked])
            assert (reservation is not None) is had_room
            if reservation is not None:
                place_holds(self.runs[run], reservation, timezone.now())
                self.used[run] = 0
                fresh = Budget.objects.get(id=self.budget.id)
                assert fresh.spent + fresh.held <= fresh.cap

    def use(self, run: int, amount: int) -> None:
        if run in self.used:
            self.used[run] += amount
            self.total += amount
            self.settle(run, timezone.now() + timedelta(minutes=1))

    def end(self, run: int, amount: int) -> None:
        if run in self.used:
            self.settle(run, None)
            del self.used[run]

    def settle(self, run: int, expires_at: Any) -> None:
        with self.world.as_("system"):
            settle(live_holds(self.runs[run]), Usage(tokens=self.used[run]), expires_at=expires_at)

    def check(self) -> None:
        with self.world.as_("system"):
            fresh = Budget.objects.get(id=self.budget.id)
            live = list(BudgetHold.objects.live().filter(budget=fresh))
            assert fresh.held == sum((hold.amount - hold.used for hold in live), Decimal(0))
            all_used = BudgetHold.objects.filter(budget=fresh).aggregate(all=Sum("used"))["all"] or 0
            assert fresh.spent == all_used == self.total


@pytest.mark.parametrize(("period", "back", "rolls"), [
    ("day", "1 day", True), ("day", "0 days", False), ("month", "40 days", True), ("total", "400 days", False),
])  # fmt: skip
def test_a_period_rolls_once_and_only_when_it_is_over(world: World, period: str, back: str, rolls: bool) -> None:
    budget = set_budget(world, 100, "tokens", period)
    with world.as_("system"):
        earlier = timezone.now() - timedelta(days=int(back.split()[0]))
        Budget.objects.filter(id=budget.id).update(spent=100, period_start=earlier)
        fresh = Budget.objects.get(id=budget.id)
        assert fresh.is_stale is rolls
        assert fresh.spent_now == (0 if rolls else 100)
        assert Budget.objects.exhausted().exists() is not rolls
        assert roll_over([budget.id]) == int(rolls)
        assert roll_over([budget.id]) == 0
        assert Budget.objects.get(id=budget.id).spent == (0 if rolls else 100)
