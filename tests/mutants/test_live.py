"""G5 can turn red."""

from uuid import UUID

import pytest

from audit.models import Event
from tests.guarantees.cursor import by_position, check_the_cursor
from tests.guarantees.live import Listener, Tally, compare
from tests.world import World

pytestmark = pytest.mark.mutant
MARK = UUID(int=1)


def by_id(world: World, cursor: str) -> tuple[str, list[UUID]]:
    """The naive cursor: identifiers are ordered by time, so the last one seen must be enough. It is not."""
    with world.as_("admin"):
        found = Event.objects.filter(id__gt=UUID(cursor or str(UUID(int=0)))).order_by("id")
        events = list(found.values_list("id", flat=True))
    return (str(events[-1]) if events else cursor), events


def test_a_naive_cursor(committed_world: World) -> None:
    with pytest.raises(AssertionError, match="missing or doubled"):
        check_the_cursor(committed_world, by_id)


def test_a_cursor_that_goes_back(committed_world: World) -> None:
    """Reads the last event again after each pause."""

    def again(world: World, cursor: str) -> tuple[str, list[UUID]]:
        upto, events = by_position(world, cursor)
        return (str(int(upto) - 1), events) if len(events) > 1 else (cursor, [])

    with pytest.raises(AssertionError, match="missing or doubled"):
        check_the_cursor(committed_world, again)


@pytest.mark.parametrize(
    ("got", "wrong"),
    [([1, 2, 4], "missing"), ([1, 2, 2, 3, 4], "duplicate"), ([1, 3, 2, 4], "disorder"), ([1, 2, 3, 4, 9], "foreign")],
)
def test_the_comparison_counts(got: list[int], wrong: str) -> None:
    listener = Listener("x", "/", "", frozenset({MARK}), 0, got=got)
    tally = Tally()
    compare([listener], [(pos, MARK, f"0-{pos}") for pos in (1, 2, 3, 4)], tally)
    assert getattr(tally, wrong) == 1
