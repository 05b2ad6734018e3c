"""How long a person waits for the first page: after a fresh clone, and every day."""

import statistics
from collections.abc import Iterator

import pytest

from common.embedded.processes import free_port
from tests.system.clones import Clone

pytestmark = pytest.mark.bench

COLD_SECONDS, WARM_SECONDS = 30, 8
ROUNDS = 5


@pytest.fixture(scope="module")
def clone() -> Iterator[Clone]:
    made = Clone()
    yield made
    made.remove()


def seconds_to_ready(clone: Clone) -> float:
    with clone.running("make", "run", environment={"PORT": str(free_port(18300))}) as running:
        running.url()
        running.interrupt()
        return running.seconds_to_ready


def test_the_first_page_of_a_fresh_clone(clone: Clone) -> None:
    seconds = seconds_to_ready(clone)
    print(f"\ncold start: {seconds:.1f} s (at most {COLD_SECONDS})")
    assert seconds <= COLD_SECONDS


def test_the_first_page_of_every_later_start(clone: Clone) -> None:
    seconds_to_ready(clone)
    rounds = [seconds_to_ready(clone) for _ in range(ROUNDS)]
    print(f"\nwarm start: median {statistics.median(rounds):.1f} s, worst {max(rounds):.1f} s (at most {WARM_SECONDS})")
    assert statistics.median(rounds) <= WARM_SECONDS
