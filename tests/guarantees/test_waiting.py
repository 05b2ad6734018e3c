from tests.guarantees.waiting import check_waiting
from tests.world import World


def test_nothing_begins_before_what_it_waits_for(world: World) -> None:
    check_waiting(world)
