"""G5: every event a client may see, exactly once, in order, also when everything is cut and killed."""

import pytest

from tests.guarantees.cursor import by_position, check_the_cursor
from tests.guarantees.live import Plan, run_live
from tests.servers import Server
from tests.sizes import short_and_long
from tests.world import World

SHORT = Plan(events=1500, clients=10, writers=4, cuts=20, restarts=1, wipes=1, seconds=120)
LONG = Plan(events=5000, clients=20, writers=4, cuts=60, restarts=3, wipes=3, seconds=180)


def test_the_cursor(committed_world: World) -> None:
    check_the_cursor(committed_world, by_position)


@pytest.mark.usefixtures("relay")
@pytest.mark.parametrize("plan", short_and_long(SHORT, LONG))
async def test_clients_that_are_cut(committed_world: World, server: Server, plan: Plan) -> None:
    tally = await run_live(committed_world, server, plan)
    print(tally)
    assert tally.complaints(plan) == [], tally
