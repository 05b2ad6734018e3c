"""G5: every event a client may see, exactly once, in order, also when everything is cut and killed."""

import pytest

from tests.guarantees.cursor import by_position, check_the_cursor
from tests.guarantees.live import Plan, run_live
from tests.servers import Server
from tests.world import World

SHORT = Plan(events=5000, clients=20, writers=4, cuts=60, restarts=3, wipes=3, seconds=180)


def test_the_cursor(committed_world: World) -> None:
    check_the_cursor(committed_world, by_position)


@pytest.mark.usefixtures("relay")
async def test_clients_that_are_cut(committed_world: World, server: Server) -> None:
    tally = await run_live(committed_world, server, SHORT)
    print(tally)
    assert tally.complaints(SHORT) == [], tally
