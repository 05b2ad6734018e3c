"""Pub/sub: iterate, by channel or pattern, come back after a cut, end when told."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import redis

from common.redis import Message, PubSubManager, get_pubsub, get_redis_client
from common.redis.codec import NotStorableError
from common.redis.pubsub import Subscription
from common.tests.elsewhere import away


@pytest.fixture
def name() -> str:
    return f"test-{uuid4()}"


def until(true: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def address(messages: Any) -> str | None:
    """Return where the connection of a subscription comes from; None while it has none."""
    connection = getattr(messages._pubsub, "connection", None)
    if connection is None:
        return None
    if isinstance(messages, Subscription):
        try:
            found = connection._sock and connection._sock.getsockname()
        except OSError:  # its own thread has just closed it
            return None
    else:
        found = connection._writer and connection._writer.get_extra_info("sockname")
    return "{}:{}".format(*found) if found else None


def cut(name: str, messages: Any) -> None:
    """Let the server end the connection of a subscription, and wait until it listens on another."""
    before = address(messages)
    assert before
    get_redis_client("channels").connection.client_kill(before)
    until(lambda: is_settled(messages, before) and get_pubsub().publish(name, "are you there") == 1)


def is_settled(messages: Any, before: str) -> bool:
    """Whether it listens on another connection, and stays on it: redis-py connects anew on its own, then we do."""
    found = address(messages)
    if found in {before, None}:
        return False
    time.sleep(0.1)
    return address(messages) == found


def test_messages_come_in_order_with_their_types(name: str) -> None:
    sent = [(number, b"raw", None) for number in range(50)]
    with get_pubsub().subscribe(name) as messages:
        assert [get_pubsub().publish(name, data) for data in sent] == [1] * 50
        heard = messages.__iter__()
        assert [next(heard) for _ in sent] == [Message(name, data) for data in sent]


def test_a_pattern_hears_every_channel_that_matches(name: str) -> None:
    with get_pubsub().subscribe(patterns=[f"{name}.*"]) as messages:
        for channel in (f"{name}.a", f"other.{name}.a", f"{name}.b"):
            get_pubsub().publish(channel, channel)
        heard = iter(messages)
        assert [next(heard) for _ in range(2)] == [
            Message(f"{name}.{end}", f"{name}.{end}", pattern=f"{name}.*") for end in "ab"
        ]


def test_nobody_listening_is_zero(name: str) -> None:
    assert get_pubsub().publish(name, 1) == 0


def test_what_is_sent_before_or_after_is_lost(name: str) -> None:
    get_pubsub().publish(name, "before")
    with get_pubsub().subscribe(name) as messages:
        get_pubsub().publish(name, "while")
        assert next(iter(messages)).data == "while"
    assert get_pubsub().publish(name, "after") == 0


def test_what_is_no_envelope_is_left_out(name: str) -> None:
    with get_pubsub().subscribe(name) as messages:
        get_redis_client("channels").connection.publish(f"cm:channel:{name}", b"\x80\x04N.")
        get_pubsub().publish(name, "ours")
        assert next(iter(messages)).data == "ours"
    with pytest.raises(NotStorableError):
        get_pubsub().publish(name, object())


def test_closing_ends_the_iteration_of_another_thread(name: str) -> None:
    heard: list[Any] = []
    with get_pubsub().subscribe(name) as messages:
        listener = threading.Thread(target=lambda: heard.extend(messages))
        listener.start()
        get_pubsub().publish(name, 1)
        until(lambda: heard)
        messages.close()
        listener.join(timeout=5)
        assert not listener.is_alive()
    assert [message.data for message in heard] == [1]


def test_a_cut_subscription_comes_back(name: str) -> None:
    heard: list[Any] = []
    with get_pubsub().subscribe(name, patterns=[f"{name}.*"]) as messages:
        listener = threading.Thread(target=lambda: heard.extend(messages))
        listener.start()
        for number in range(3):
            cut(name, messages)
            get_pubsub().publish(f"{name}.x", number)
        until(lambda: len([message for message in heard if message.pattern]) == 3)
        messages.close()
        listener.join(timeout=5)
    assert [message.data for message in heard if message.pattern] == [0, 1, 2]


def test_a_subscription_listens_to_something() -> None:
    with pytest.raises(ValueError, match="at least one"):
        get_pubsub().subscribe()


def test_who_subscribes_without_redis_learns_it_at_once() -> None:
    gone = PubSubManager(client=away())
    with pytest.raises(redis.ConnectionError), gone.subscribe("a"):
        pass
    with pytest.raises(redis.ConnectionError):
        gone.publish("a", 1)


def test_leaving_the_block_leaves_no_connection_behind(name: str) -> None:
    for _ in range(3):
        with get_pubsub().subscribe(name):
            pass
    until(lambda: get_pubsub().publish(name, 1) == 0)


async def publish(name: str, *data: Any) -> None:
    for entry in data:
        await asyncio.to_thread(get_pubsub().publish, name, entry)


async def first(messages: Any, count: int) -> list[Any]:
    found: list[Any] = []
    async for message in messages:
        found.append(message.data)
        if len(found) == count:
            break
    return found


async def test_async_messages_by_channel_and_pattern(name: str) -> None:
    async with get_pubsub().listen(name, patterns=[f"{name}.*"]) as messages:
        await publish(name, 1, (2,))
        await publish(f"{name}.x", b"3")
        assert await asyncio.wait_for(first(messages, 3), 5) == [1, (2,), b"3"]


async def test_async_closing_ends_the_iteration(name: str) -> None:
    async with get_pubsub().listen(name) as messages:
        listener = asyncio.create_task(first(messages, 10))
        await publish(name, 1)
        await asyncio.sleep(0.1)
        messages.close()
        assert await asyncio.wait_for(listener, 5) == [1]


async def test_an_async_subscription_comes_back(name: str) -> None:
    async with get_pubsub().listen(name) as messages:
        for number in range(3):
            await publish(name, number)
            assert await asyncio.wait_for(first(messages, 1), 5) == [number]
            listener = asyncio.create_task(first(messages, 2))
            await asyncio.to_thread(cut, name, messages)
            await publish(name, "back")
            assert await asyncio.wait_for(listener, 10) == ["are you there", "back"]


async def test_who_subscribes_async_without_redis_learns_it_at_once() -> None:
    with pytest.raises(redis.ConnectionError):
        async with PubSubManager(client=away()).listen("a"):
            pass


async def test_a_cancelled_listener_leaves_no_connection_behind(name: str) -> None:
    async def listen() -> None:
        async with get_pubsub().listen(name) as messages:
            await first(messages, 1)

    task = asyncio.create_task(listen())
    while await asyncio.to_thread(get_pubsub().publish, name + "-none", 1) or not await listeners(name):
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):  # the server hears of it a moment later
        while await listeners(name):
            await asyncio.sleep(0.02)


async def listeners(name: str) -> int:
    found: Any = await asyncio.to_thread(get_redis_client("channels").connection.pubsub_numsub, f"cm:channel:{name}")
    return int(found[0][1])
