"""What one machine bears: bytes, memory, work and reads over HTTP, sockets. `UPDATE_CAPACITY=1` writes the page anew.

Sizes: CAPACITY_TASKS, CAPACITY_EVENTS and the like (tests/bench/filled.py), CAPACITY_SOCKETS. Each measure first sees
that the product did the right thing; what failed has no figure, and the page is written only with all of them.
"""

import os
from collections.abc import Iterator

import pytest

from tests.bench import measures, page
from tests.bench.callers import Times
from tests.bench.filled import Filled, filled, machine
from tests.bench.followers import follow, following

pytestmark = pytest.mark.bench

ALONE_TASKS, TOGETHER_TASKS = 100, 400
TOGETHER = 8
CHANGES = 30
SOCKETS = int(os.environ.get("CAPACITY_SOCKETS") or 200)


@pytest.fixture(scope="module")
def product() -> Iterator[Filled]:
    with filled() as made:
        yield made


@pytest.fixture(scope="module", autouse=True)
def neighbours(product: Filled) -> measures.Neighbours:
    return measures.Neighbours(product)


@pytest.fixture(scope="module")
def tables() -> dict[str, page.Figures]:
    """The figures so far, by the title of their table."""
    return {}


def columns(number: int, times: Times) -> dict[str, float]:
    return {
        f"{number}: a second": times.per_second,
        f"{number}: p50 ms": times.ms(50),
        f"{number}: p95 ms": times.ms(95),
    }


def cost(times: Times) -> dict[str, float]:
    """Return what one costs: other work on the machine changes this least."""
    return {f"{name} CPU ms": times.cpu_ms(name) for name in ("web", "PostgreSQL")}


def test_storage(product: Filled, tables: dict[str, page.Figures]) -> None:
    tables["on disk"] = measures.storage(product)
    log = tables["the rest"] = {}
    log["whole database after the load, MB"] = {"figure": measures.database_bytes(product) / 1e6}
    rate = product.caught_up.events / product.caught_up.seconds
    log["events that one relay places, seals and tells, a second"] = {"figure": rate}


def test_work(product: Filled, tables: dict[str, page.Figures]) -> None:
    before, events = measures.database_bytes(product), product.one("SELECT count(*) FROM audit_event")
    found = tables["through one web process"] = {}
    for agents, tasks in ((1, ALONE_TASKS), (TOGETHER, TOGETHER_TASKS)):
        worked = measures.work(product, agents, tasks)
        for name, times in worked.items():
            kept = columns(agents, times)
            if name in measures.CALLS:
                kept.pop(f"{agents}: a second")  # a part of the cycle: what has a rate is the whole of it
            found.setdefault(name, {}).update(kept)
    found["whole cycle"] |= cost(worked["whole cycle"])
    product.settle()
    done = ALONE_TASKS + TOGETHER_TASKS
    grown = measures.database_bytes(product) - before
    written = product.one("SELECT count(*) FROM audit_event") - events
    tables["the rest"]["database growth for a finished task, bytes"] = {"figure": grown / done}
    tables["the rest"]["events of a finished task"] = {"figure": written / done}


def test_reads(product: Filled, tables: dict[str, page.Figures]) -> None:
    for name, (caller, what) in measures.reads(product).items():
        row = tables["through one web process"].setdefault(name, {})
        for callers in (1, TOGETHER):
            times = measures.read(product, caller, what, callers)
            row.update(columns(callers, times))
        row |= cost(times)


async def test_live(product: Filled, tables: dict[str, page.Figures]) -> None:
    async with following(product, SOCKETS) as followers:
        times = await follow(product, followers, CHANGES)
    tables[f"{SOCKETS} sockets follow a project"] = {
        f"the {which} of them hears of a change": {"p50 ms": each.ms(50), "p95 ms": each.ms(95)}
        for which, each in times.items()
    }


def test_memory(product: Filled, tables: dict[str, page.Figures]) -> None:
    """After all the work, as it is then."""
    tables["memory"] = measures.memory(product)
    open_now = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'cm_app'"
    tables["the rest"]["connections to PostgreSQL at the end"] = {"figure": product.one(open_now)}


def test_the_page(product: Filled, tables: dict[str, page.Figures], neighbours: measures.Neighbours) -> None:
    names = ["on disk", "memory", "through one web process", f"{SOCKETS} sockets follow a project", "the rest"]
    assert set(tables) == set(names)
    loaded = ", ".join(f"{number:,} {name}" for name, number in product.sizes.items())
    others = f"Other work on the machine took {neighbours.cores():.1f} cores meanwhile."
    words = f"Measured on {machine(product.owner)}. Loaded: {loaded}. {others}\n"
    measured = "\n".join([words, *(page.table(name, tables[name]) for name in names)])
    print(f"\n{measured}\n{page.follows(measured)}")
    if os.environ.get("UPDATE_CAPACITY"):
        page.write(measured)
