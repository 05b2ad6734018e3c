"""Positions: dense for each tenant, without gaps, whoever commits when and however many relays run."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connections

from accounts.services import update_user
from audit.log import relay
from audit.models import Event, Position
from audit.queries import events_after, head
from audit.tests.places import place_all
from common.tenancy import system_call
from common.tests.logged import logged
from projects.services import update_project
from tests.work import claim_one, make_task
from tests.world import World


def change(world: World, name: str) -> None:
    with world.as_("engineer"):
        update_project(project=world.project, name=name)


def positions(world: World) -> list[int]:
    with world.as_("system"):
        return list(Position.objects.order_by("pos").values_list("pos", flat=True))


def read_on(world: World, cursor: int) -> tuple[int, list[UUID]]:
    """Read as a socket does, from a cursor on."""
    with world.as_("admin"):
        seen, batch = [], events_after(cursor, principal=world.admin.principal(), project_ids=[])
        while batch.upto > cursor:
            cursor = batch.upto
            seen += [placed.event.id for placed in batch.events]
            batch = events_after(cursor, principal=world.admin.principal(), project_ids=[])
        return cursor, seen


@contextmanager
def in_thread(work: Callable[[], Any]) -> Iterator[threading.Thread]:
    """Run `work` on a connection of its own beside the block, and wait for it."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(30)
        assert not thread.is_alive()
    if failures:
        raise failures[0]


def test_each_tenant_has_its_own_dense_positions(committed_worlds: Callable[[], World]) -> None:
    first, second = committed_worlds(), committed_worlds()
    for number in range(5):
        change(first, f"first {number}")
        change(second, f"second {number}")
    place_all()
    for world in (first, second):
        assert positions(world) == list(range(1, len(positions(world)) + 1))
        with world.as_("system"):
            assert head() == Event.objects.count() == Position.objects.values("event_id").distinct().count()


def test_positions_follow_the_order_of_cause_and_effect(committed_world: World) -> None:
    for number in range(20):
        change(committed_world, f"name {number}")
    place_all()
    with committed_world.as_("system"):
        order = Position.objects.order_by("pos").values_list("event_id", flat=True)
        reasons = dict(Event.objects.values_list("id", "resource_label"))
        said = [reasons[event_id] for event_id in order if reasons[event_id].startswith("name")]
    assert said == [f"name {number}" for number in range(20)]


def test_what_commits_late_is_placed_later_and_no_cursor_skips_it(committed_world: World) -> None:
    world = committed_world
    place_all()
    cursor, _ = read_on(world, 0)
    written, go_on = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with world.as_("reviewer"):
            update_project(project=world.project, name="late")
            written.set()
            assert go_on.wait(20)

    with in_thread(write_slowly):
        assert written.wait(20)
        with world.as_("admin"):  # about another row: the late one holds a lock on its own
            update_user(user=world.viewer, display_name="Somebody")
        place_all()
        cursor, seen = read_on(world, cursor)
        assert len(seen) == 1
        before = positions(world)
        go_on.set()
    place_all()
    after = positions(world)
    assert after == list(range(1, len(before) + 2))
    cursor, late = read_on(world, cursor)
    assert len(late) == 1
    with world.as_("system"):
        assert Event.objects.get(id=late[0]).resource_label == "late"
        # The identifier was made before the one it comes after: order by id would have lost it.
        assert late[0] < seen[0]
    assert read_on(world, cursor) == (cursor, [])


def test_many_relays_at_once_place_every_event_once(committed_world: World) -> None:
    world = committed_world
    writing = threading.Event()
    placed: list[tuple[UUID, int]] = []
    lock = threading.Lock()

    def relay_on() -> None:
        while not writing.is_set() or pending():
            rows = system_call("place_events", 7)
            with lock:
                placed.extend((row["tenant_id"], row["pos"]) for row in rows)
        connections.close_all()

    threads = [threading.Thread(target=relay_on) for _ in range(6)]
    for thread in threads:
        thread.start()
    try:
        for number in range(60):
            change(world, f"name {number}")
    finally:
        writing.set()
        for thread in threads:
            thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    place_all()
    assert len(placed) == len(set(placed))
    assert positions(world) == list(range(1, len(positions(world)) + 1))
    with world.as_("system"):
        assert Position.objects.count() == Event.objects.count()


def pending() -> int:
    return int(system_call("log_gauges")[0]["pending"])


def test_a_change_that_is_rolled_back_leaves_no_gap(committed_world: World) -> None:
    world = committed_world
    with suppress(ZeroDivisionError), world.as_("engineer"):
        update_project(project=world.project, name="never")
        raise ZeroDivisionError
    change(world, "after")
    place_all()
    assert positions(world) == list(range(1, len(positions(world)) + 1))


def test_the_gauges_say_how_much_waits_and_for_how_long(committed_world: World) -> None:
    place_all()
    change(committed_world, "waits")
    [gauges] = system_call("log_gauges")
    assert gauges["months_ahead"] >= 3
    assert gauges["pending"] >= 0
    assert gauges["oldest_pending_seconds"] < 60
    place_all()
    assert pending() == 0


# --- what the relay tells -------------------------------------------------------------------------------------------


def test_the_console_hears_what_people_wait_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    make_task(world)
    claim_one(world)
    said: list[str] = []
    monkeypatch.setattr(relay.logger, "info", lambda *_, extra: said.append(extra["activity"]))
    with world.as_("system"):
        events = list(Event.objects.values_list("id", flat=True))
    relay.announce([{"tenant_id": world.tenant.id, "pos": 1, "event_id": event_id} for event_id in events])
    assert said == ["task claimed: CM-1 work by tester"]


def test_the_relays_line_about_an_event_has_the_ids_of_what_caused_it(world: World) -> None:
    make_task(world)
    claim_one(world)
    with world.as_("system"):
        event = Event.objects.get(event_type="task.claimed")
    with logged() as lines:
        relay.announce([{"tenant_id": world.tenant.id, "pos": 1, "event_id": event.id}])
    [line] = lines.of("task.claimed")
    assert (line["trace_id"], line["request_id"]) == (event.trace_id, str(event.request_id))


async def test_a_dead_redis_costs_the_relay_nothing_but_the_poke(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dead:
        async def group_send(self, *_: Any) -> None:
            raise ConnectionError

    monkeypatch.setattr(relay, "get_channel_layer", Dead)
    await relay.poke([{"tenant_id": UUID(int=1), "pos": 1}])


async def test_a_hanging_redis_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging:
        async def group_send(self, *_: Any) -> None:
            await asyncio.sleep(60)

    monkeypatch.setattr(relay, "get_channel_layer", Hanging)
    monkeypatch.setattr(relay, "POKE_TIMEOUT_SECONDS", 0.05)
    async with asyncio.timeout(2):
        await relay.poke([{"tenant_id": UUID(int=1), "pos": 1}, {"tenant_id": UUID(int=2), "pos": 1}])


async def test_each_tenant_is_poked_with_its_newest_position(monkeypatch: pytest.MonkeyPatch) -> None:
    poked: list[tuple[str, int]] = []

    class Layer:
        async def group_send(self, group: str, message: dict[str, Any]) -> None:
            poked.append((group, message["pos"]))

    monkeypatch.setattr(relay, "get_channel_layer", Layer)
    await relay.poke([{"tenant_id": UUID(int=1), "pos": 1}, {"tenant_id": UUID(int=1), "pos": 2}])
    assert poked == [(f"tenant.{UUID(int=1)}", 2)]


async def test_the_relay_waits_for_a_database_that_is_away_and_stops_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, calls = asyncio.Event(), []

    def away() -> list[dict[str, Any]]:
        calls.append(1)
        if len(calls) == 2:
            stop.set()
        raise OperationalError("away")

    monkeypatch.setattr(relay, "step", away)
    async with asyncio.timeout(5):
        await relay.run(stop)
    assert len(calls) == 2
