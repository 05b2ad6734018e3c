"""G12: a limit holds under any number of claims at the same time. Threads with connections of their own."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import connection

from agents.models import Agent, Budget
from common.context import Principal
from common.tenancy import tenant_context
from tasks.services import claim_tasks, create_task
from tests.agents import another_agent, set_budget
from tests.world import World

THREADS = 32
LIMIT = 10


def together(count: int, call: Callable[[int], Any]) -> list[Any]:
    """Run `call` in so many threads that all begin at the same moment; return what they returned."""
    start = threading.Barrier(count)
    results: list[Any] = [None] * count

    def run(number: int) -> None:
        try:
            start.wait(30)
            results[number] = call(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results


def check_a_budget_under_claims(world: World) -> None:
    """32 claims of eight agents for 40 tasks against a budget of 10 runs: 10 attempts, and the budget says 10."""
    budgets = [set_budget(world, LIMIT), set_budget(world, LIMIT + 5, scope="project", project=world.project)]
    with world.as_("engineer"):
        for number in range(THREADS + 8):
            create_task(project=world.project, title=f"task {number}")
    callers = [another_agent(world, f"racer {number}", max_concurrent=100) for number in range(8)]

    def claim(number: int) -> int:
        agent, caller = callers[number % len(callers)]
        return claims_of(world, agent, caller)

    given = together(THREADS, claim)
    assert None not in given, "a claim failed"
    assert sum(given) == LIMIT, f"{sum(given)} attempts began under a budget of {LIMIT} runs"
    with world.as_("system"):
        held = set(Budget.objects.filter(id__in=[budget.id for budget in budgets]).values_list("held", flat=True))
        assert held == {Decimal(LIMIT)}, f"the budgets hold {held}"


def claims_of(world: World, agent: Agent, caller: Principal) -> int:
    """Claim until there is nothing more; a claim that found its task taken meanwhile asks again."""
    taken = 0
    for _ in range(3):
        with tenant_context(world.tenant.id, actor=caller.actor):
            taken += len(claim_tasks(principal=caller, agent=agent))
    return taken
