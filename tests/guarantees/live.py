"""G5: clients on sockets that are cut, a web process that is killed, and what each client got in the end."""

import asyncio
import contextlib
import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
import redis
from channels.db import database_sync_to_async
from django.db import connections
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from audit.queries import head
from audit.services import Subject, record
from projects.models import Project
from projects.services import create_project
from tasks import events
from tests.servers import Server
from tests.world import World

HELD_OPEN_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything. Nobody may fall behind by more than `window` events: beyond 500 a client is told so."""

    events: int
    clients: int
    writers: int
    cuts: int
    restarts: int
    wipes: int
    seconds: int
    window: int = 350
    seed: int = 20261121


@dataclass(slots=True)
class Listener:
    """One client: where it listens, what it may see, what it got."""

    name: str
    address: str
    token: str
    sees: frozenset[UUID]
    cursor: int
    got: list[int] = field(default_factory=list)
    resyncs: int = 0
    foreign: int = 0
    connection: ClientConnection | None = None

    async def listen(self, server: Server) -> None:
        """Follow for ever; come back with the cursor after every cut."""
        headers = {"Authorization": f"Bearer {self.token}"}
        while True:
            url = f"{server.socket_url}{self.address}?since={self.cursor}"
            with contextlib.suppress(OSError, TimeoutError, WebSocketException):
                async with connect(url, additional_headers=headers, open_timeout=10, max_queue=64) as self.connection:
                    async for message in self.connection:
                        self.take(json.loads(message))
            self.connection = None
            await asyncio.sleep(0.05)

    def take(self, message: dict[str, Any]) -> None:
        if message["op"] == "resync":
            self.resyncs += 1
        if message["op"] != "event":
            return
        self.cursor = message["pos"]
        if message["project_id"] and UUID(message["project_id"]) not in self.sees:
            self.foreign += 1
        elif message["type"] == "task.created":
            self.got.append(message["pos"])

    def cut(self) -> None:
        if self.connection:
            self.connection.transport.abort()


@dataclass(slots=True)
class Tally:
    """What was counted over all clients. All but the deliveries and the faults must be 0."""

    written: int = 0
    delivered: int = 0
    missing: int = 0
    duplicate: int = 0
    disorder: int = 0
    foreign: int = 0
    resyncs: int = 0
    log_disorder: int = 0
    late_seen: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    def complaints(self, plan: Plan) -> list[str]:
        names = ("missing", "duplicate", "disorder", "foreign", "resyncs", "log_disorder")
        wrong = [f"{name} {getattr(self, name)}" for name in names if getattr(self, name)]
        if self.written < plan.events or not self.late_seen:
            wrong.append(f"only {self.written} events, {self.late_seen} late ones")
        if self.faults != Counter(cut=plan.cuts, restart=plan.restarts, wipe=plan.wipes):
            wrong.append(f"only {dict(self.faults)}")
        return wrong


class Writers:
    """Threads that write events of two projects in transactions of all lengths, a tenth of which roll back."""

    def __init__(self, world: World, projects: list[Project], plan: Plan) -> None:
        self.world, self.projects, self.plan = world, projects, plan
        self.written = 0
        self.slowest = 0
        self.lock = threading.Lock()
        self.deadline = time.monotonic() + plan.seconds
        self.threads = [threading.Thread(target=self.write, args=(number,)) for number in range(plan.writers)]
        self.threads.append(threading.Thread(target=self.hold_open))

    def write(self, number: int) -> None:
        chance = random.Random(self.plan.seed + number)  # noqa: S311  # no secret is made of it
        turn = 0
        while self.written < self.plan.events and time.monotonic() < self.deadline:
            if self.written - self.slowest > self.plan.window:
                time.sleep(0.02)
                continue
            size = chance.randint(1, 12)
            with contextlib.suppress(Rollback):
                self.transaction(chance, f"{number}", turn, size)
                with self.lock:
                    self.written += size
            turn += size
        connections.close_all()

    def transaction(self, chance: random.Random, writer: str, turn: int, size: int) -> None:
        rolls_back = chance.random() < 0.1
        with self.world.as_("engineer"):
            for step in range(size):
                self.record(chance.choice(self.projects), f"{writer}-{turn + step:06}")
            time.sleep(chance.uniform(0, 0.02))
            if rolls_back:
                raise Rollback

    def record(self, project: Project, key: str) -> None:
        subject = Subject(type="task", id=None, label=key, project_id=project.id)
        record(events.TASK_CREATED, subject, key=key, type="task")

    def hold_open(self) -> None:
        """Write first, commit when most of the others have long been delivered, before PostgreSQL ends it as idle."""
        end = min(self.deadline, time.monotonic() + HELD_OPEN_SECONDS)
        with self.world.as_("engineer"):
            for project in self.projects:
                self.record(project, "late-000000")
            while self.written < self.plan.events * 0.7 and time.monotonic() < end:
                time.sleep(0.05)
        connections.close_all()


class Rollback(Exception):
    """Ends a transaction without its events."""


async def run_live(world: World, server: Server, plan: Plan) -> Tally:
    """Write, cut, kill, wait until everybody has everything (or the time is over), then compare."""
    other, start = await database_sync_to_async(prepare)(world)
    listeners = make_listeners(world, other, start, plan.clients)
    writers = Writers(world, [world.project, other], plan)
    tally = Tally()
    async with listening(listeners, server):
        for thread in writers.threads:
            thread.start()
        faults = asyncio.create_task(harm(listeners, server, plan, writers, tally))
        while any(thread.is_alive() for thread in writers.threads):
            writers.slowest = min(listener.cursor for listener in listeners if listener.sees) - start
            await asyncio.sleep(0.02)
        await faults
        places = await until_all_is_there(listeners, world.tenant.id, start, writers.deadline)
    compare(listeners, places, tally)
    return tally


def prepare(world: World) -> tuple[Project, int]:
    """Make a second project of the engineer alone; return it and the position from which everybody listens."""
    with world.as_("engineer"):
        other = create_project(owner=world.engineer, name="Other", key="OT", slug="other")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and pending():
        time.sleep(0.05)
    with world.as_("system"):
        return other, head()


def pending() -> int:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        row = owner.execute("SELECT count(*) FROM audit_pending").fetchone()
    return int(row[0]) if row else 0


def make_listeners(world: World, other: Project, start: int, number: int) -> list[Listener]:
    """Members of one project, of both, an administrator, and a stranger, in turn."""
    one, both = frozenset({world.project.id}), frozenset({world.project.id, other.id})
    kinds = [
        ("reviewer", f"/ws/projects/{world.project.id}/", one),
        ("engineer", f"/ws/projects/{other.id}/", frozenset({other.id})),
        ("viewer", "/ws/live/", one),
        ("engineer", "/ws/live/", both),
        ("admin", f"/ws/projects/{world.project.id}/", one),
        ("stranger", "/ws/live/", frozenset()),
        ("admin", "/ws/live/", both),
    ]
    chosen = (kinds[place % len(kinds)] for place in range(number))
    return [Listener(who, path, world.tokens[who], frozenset(sees), start) for who, path, sees in chosen]


@asynccontextmanager
async def listening(listeners: list[Listener], server: Server) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(listener.listen(server)) for listener in listeners]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def harm(listeners: list[Listener], server: Server, plan: Plan, writers: Writers, tally: Tally) -> None:
    """Spread the plan's faults over the run, by how far the writing is."""
    chance = random.Random(plan.seed)  # noqa: S311  # no secret is made of it
    faults = ["cut"] * plan.cuts + ["restart"] * plan.restarts + ["wipe"] * plan.wipes
    chance.shuffle(faults)
    for number, fault in enumerate(faults):
        while writers.written < plan.events * number / len(faults) and time.monotonic() < writers.deadline:
            await asyncio.sleep(0.02)
        if fault == "cut":
            chance.choice(listeners).cut()
        elif fault == "wipe":
            await asyncio.to_thread(wipe_redis)
        else:
            await asyncio.to_thread(server.restart)
        tally.faults[fault] += 1


def wipe_redis() -> None:
    """Empty Redis and end every subscription, as a restart without its data would."""
    with redis.Redis.from_url(os.environ["REDIS_CHANNELS_URL"]) as client:
        client.flushdb()
        client.client_kill_filter(_type="pubsub")


Places = list[tuple[int, UUID, str]]


async def until_all_is_there(listeners: list[Listener], tenant_id: UUID, start: int, deadline: float) -> Places:
    """Wait until each listener has as many events as there are for it, and a little longer for what is too much."""
    while True:
        # In this order: what is placed after we looked would else count as too much.
        is_placed = not await asyncio.to_thread(pending)
        places = await asyncio.to_thread(placed, tenant_id, start)
        wanted = [sum(project in listener.sees for _, project, _ in places) for listener in listeners]
        complete = all(len(listener.got) >= number for listener, number in zip(listeners, wanted, strict=True))
        if complete and is_placed:
            await asyncio.sleep(0.5)
            return places
        if time.monotonic() > deadline:
            return places
        await asyncio.sleep(0.2)


def placed(tenant_id: UUID, start: int) -> Places:
    """Return position, project and key of the run's events, as the superuser finds them."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        rows = owner.execute(
            """SELECT p.pos, e.project_id, e.resource_label FROM audit_position p
               JOIN audit_event e ON e.tenant_id = p.tenant_id AND e.id = p.event_id
               WHERE p.tenant_id = %s AND e.event_type = 'task.created' AND p.pos > %s ORDER BY p.pos""",
            [tenant_id, start],
        ).fetchall()
    return [(pos, project, label) for pos, project, label in rows]


def compare(listeners: list[Listener], places: Places, tally: Tally) -> None:
    """Each listener's list must equal the log's list of what it may see."""
    tally.written = len(places)
    tally.late_seen = sum(label.startswith("late") for *_, label in places)
    for listener in listeners:
        wanted = [pos for pos, project, _ in places if project in listener.sees]
        tally.delivered += len(listener.got)
        tally.missing += len(set(wanted) - set(listener.got))
        tally.duplicate += len(listener.got) - len(set(listener.got))
        tally.disorder += sum(after <= before for before, after in zip(listener.got, listener.got[1:], strict=False))
        tally.foreign += listener.foreign + len(set(listener.got) - set(wanted))
        tally.resyncs += listener.resyncs if listener.sees else 0
    last: dict[str, str] = {}
    for *_, label in places:
        writer = label.partition("-")[0]
        tally.log_disorder += writer != "late" and label <= last.get(writer, "")
        last[writer] = label
