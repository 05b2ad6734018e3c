"""The long forms of the guarantees: the same code as in tests/guarantees, the numbers of the design."""

from collections.abc import Callable

import pytest

from tests.guarantees import leases, live, tampering
from tests.servers import Server
from tests.world import World

pytestmark = pytest.mark.chaos

LEASES = leases.Plan(tasks=600, agents=8, kills=110, pauses=160, backend_kills=40, seconds=600, every=0.15)
LIVE = live.Plan(events=20_000, clients=45, writers=8, cuts=200, restarts=20, wipes=10, seconds=900)


def test_leases(committed_world: World, server: Server) -> None:
    tally = leases.run_leases(committed_world, server, LEASES)
    print(tally)
    assert tally.complaints(LEASES, late=5) == [], tally


@pytest.mark.usefixtures("relay")
async def test_live(committed_world: World, server: Server) -> None:
    tally = await live.run_live(committed_world, server, LIVE)
    print(tally)
    assert tally.complaints(LIVE) == [], tally


def test_tampering(committed_worlds: Callable[[], World]) -> None:
    with tampering.spoilable(committed_worlds, events=40) as log:
        tally = tampering.run_tamperings(log, tampering.ALL, times=6)
    print(f"{tally.done} tamperings, {len(tally.false_alarms)} false alarms")
    assert tally.complaints(240) == []
