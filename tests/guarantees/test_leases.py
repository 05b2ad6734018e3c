"""G1: a task has at most one accepted result, and it comes from the holder of the lease."""

import pytest

from tests.guarantees.fence import (
    check_a_grant_works_once,
    check_a_rule_leaves_what_is_critical_to_people,
    check_the_fence,
)
from tests.guarantees.leases import Plan, run_leases
from tests.servers import Server
from tests.sizes import short_and_long
from tests.world import World

SHORT = Plan(tasks=60, agents=4, kills=6, pauses=10, backend_kills=3, seconds=120)
LONG = Plan(tasks=200, agents=6, kills=20, pauses=30, backend_kills=10, seconds=180)


def test_the_fence(world: World) -> None:
    check_the_fence(world)


def test_a_rule_leaves_what_is_critical_to_people(world: World) -> None:
    check_a_rule_leaves_what_is_critical_to_people(world)


def test_a_grant_works_once(world: World) -> None:
    check_a_grant_works_once(world)


@pytest.mark.parametrize("plan", short_and_long(SHORT, LONG))
def test_agents_that_are_killed_and_paused(committed_world: World, server: Server, plan: Plan) -> None:
    tally = run_leases(committed_world, server, plan)
    print(tally)
    assert tally.complaints(plan, late=1) == [], tally
