"""Sockets that follow one project, and how long it takes until the last of them has heard of a change."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.bench.callers import Times
from tests.bench.filled import Filled

HEAR_SECONDS = 60
AT_A_TIME = 20
"""handshakes"""


@dataclass(slots=True)
class Follower:
    """One socket: the positions it heard, in their order, and when it heard of which task."""

    connection: ClientConnection
    positions: list[int] = field(default_factory=list)
    heard: dict[str, tuple[float, float]] = field(default_factory=dict)
    """by task: seconds of the clock when the transaction began, and when the message was here"""

    async def listen(self) -> None:
        async for text in self.connection:
            now, message = time.time(), json.loads(text)
            assert message["op"] in {"hello", "event", "ping"}, message
            if message["op"] == "event":
                self.positions.append(message["pos"])
            if message.get("type") == "task.created":
                self.heard[message["task_id"]] = (datetime.fromisoformat(message["ts"]).timestamp(), now)


@asynccontextmanager
async def following(product: Filled, sockets: int) -> AsyncIterator[list[Follower]]:
    """Open sockets with the agents' tokens, spread evenly: one caller may have fifty."""
    url = f"ws://{product.address}/ws/projects/{product.project_id}/"
    gate = asyncio.Semaphore(AT_A_TIME)
    async with AsyncExitStack() as stack:

        async def opened(number: int) -> Follower:
            headers = product.agents[number % len(product.agents)].headers
            async with gate:
                opening = connect(url, additional_headers=headers, open_timeout=60, ping_interval=None, proxy=None)
                return Follower(await stack.enter_async_context(opening))

        followers = list(await asyncio.gather(*(opened(number) for number in range(sockets))))
        listening = [asyncio.create_task(follower.listen()) for follower in followers]
        yield followers
        for task in listening:
            task.cancel()
        for ended in await asyncio.gather(*listening, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended


async def follow(product: Filled, followers: list[Follower], changes: int) -> dict[str, Times]:
    """Make one change after the other; return the times until the first and the last socket heard of each."""
    times = {"first": Times(), "last": Times()}
    for number in range(changes):
        body = {"project": product.project_id, "title": f"Change {number}"}
        made: Any = await asyncio.to_thread(product.person.json, "POST", "tasks/", body, 201)
        await until_heard(followers, made["id"])
        delays = [after - before for before, after in (follower.heard[made["id"]] for follower in followers)]
        times["first"].each.append(min(delays))
        times["last"].each.append(max(delays))
    check(followers, changes)
    return times


async def until_heard(followers: list[Follower], task_id: str) -> None:
    deadline = time.monotonic() + HEAR_SECONDS
    while not all(task_id in follower.heard for follower in followers):
        lost = sum(task_id not in follower.heard for follower in followers)
        assert time.monotonic() < deadline, f"{lost} of {len(followers)} sockets did not hear of {task_id}"
        await asyncio.sleep(0.005)


def check(followers: list[Follower], changes: int) -> None:
    """See that everybody heard everything, once and in order."""
    for follower in followers:
        assert len(follower.heard) == changes
        assert follower.positions == sorted(set(follower.positions))
    # What came after the last change may be on its way to some.
    upto = min(follower.positions[-1] for follower in followers)
    assert len({tuple(pos for pos in follower.positions if pos <= upto) for follower in followers}) == 1
