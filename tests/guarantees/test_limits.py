"""G12: limits are exact."""

from decimal import Decimal

from agents.models import Agent
from agents.services.presence import count_execution
from common.context import SYSTEM
from common.tenancy import tenant_context
from tasks.services import claim_tasks, create_task
from tests.agents import another_agent
from tests.guarantees.limits import THREADS, check_a_budget_under_claims, claims_of, together
from tests.world import World


def test_no_budget_is_overrun_by_claims_at_the_same_time(committed_world: World) -> None:
    check_a_budget_under_claims(committed_world)


def test_no_agent_runs_more_at_a_time_than_it_may(committed_world: World) -> None:
    world = committed_world
    agent, caller = another_agent(world, "narrow", max_concurrent=3)
    with world.as_("engineer"):
        for number in range(THREADS):
            create_task(project=world.project, title=f"task {number}")
    given = together(THREADS, lambda _: claims_of(world, agent, caller))
    assert sum(given) == 3
    with tenant_context(world.tenant.id, actor=caller.actor):
        assert claim_tasks(principal=caller, agent=agent, limit=10) == []


def test_statistics_are_exact_however_many_runs_end_at_the_same_time(committed_world: World) -> None:
    world = committed_world

    def finish(number: int) -> None:
        with tenant_context(world.tenant.id, actor=SYSTEM):
            count_execution(world.agent.id, succeeded=number % 4 != 0, milliseconds=100 + number)

    together(THREADS, finish)
    with world.as_("system"):
        agent = Agent.objects.get(id=world.agent.id)
    assert (agent.total_executions, agent.successful_executions) == (32, 24)
    assert agent.total_execution_time_ms == sum(100 + number for number in range(32))
    assert agent.success_rate == Decimal(75)
    assert agent.avg_execution_time_ms == agent.total_execution_time_ms // 32
    assert agent.last_used_at
