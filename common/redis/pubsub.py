"""Messages to whoever listens just now: at most once, in order, never kept.

A message that is published while a listener reconnects is lost to it, and nobody is told. So it is only a hint to look;
what must arrive is an event in PostgreSQL, read by cursor (audit, common/realtime.py).

    with get_pubsub().subscribe("news") as messages:
        for message in messages: ...

    async with get_pubsub().listen("news", patterns=["news.*"]) as messages:
        async for message in messages: ...

Both open a connection of their own, subscribe before the block begins, come back by themselves after a lost connection,
and end when `close()` is called or the block is left.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import redis

from common.redis import codec
from common.redis.client import PREFIX, RedisClient, get_redis_client

logger = logging.getLogger("countermark.pubsub")

ROOT = f"{PREFIX}:channel:"
LOOK_SECONDS = 0.5
BACKOFF_SECONDS = (0.05, 2.0)


@dataclass(frozen=True, slots=True)
class Message:
    """What was published on `channel`; `pattern` is the one that matched, if one did."""

    channel: str
    data: Any
    pattern: str | None = None


class PubSubManager:
    """Publish and subscribe on the server of the channel layer."""

    def __init__(self, *, client: RedisClient | None = None) -> None:
        self._given = client

    @property
    def client(self) -> RedisClient:
        return self._given or get_redis_client("channels")

    def publish(self, channel: str, data: Any) -> int:
        """Send to whoever listens; return how many do. Raises `redis.RedisError`."""
        return int(self.client.connection.publish(ROOT + channel, codec.encode(data)))

    def subscribe(self, *channels: str, patterns: Sequence[str] = ()) -> "Subscription":
        """Return a subscription for threads."""
        return Subscription(self.client, channels, patterns)

    def listen(self, *channels: str, patterns: Sequence[str] = ()) -> "AsyncSubscription":
        """Return a subscription for the event loop."""
        return AsyncSubscription(self.client, channels, patterns)


class _Names:
    """What a subscription listens to, and how what it hears is read."""

    def __init__(self, client: RedisClient, channels: Sequence[str], patterns: Sequence[str]) -> None:
        if not channels and not patterns:
            raise ValueError("A subscription listens to at least one channel or pattern.")
        self._client = client
        self._channels = [ROOT + channel for channel in channels]
        self._patterns = [ROOT + pattern for pattern in patterns]

    def _subscriptions(self) -> int:
        return len(set(self._channels)) + len(set(self._patterns))

    @staticmethod
    def _read(heard: dict[str, Any] | None) -> Message | None:
        """Return the message; None for the server's own notices and for what is not ours."""
        if heard is None or heard["type"] not in {"message", "pmessage"}:
            return None
        try:
            data = codec.decode(heard["data"])
        except codec.NotOursError:
            logger.info("a message that is no envelope is left out")
            return None
        pattern = heard["pattern"]
        channel = heard["channel"].decode().removeprefix(ROOT)
        return Message(channel, data, pattern.decode().removeprefix(ROOT) if pattern else None)


class Subscription(_Names):
    """Messages for one thread; another may close it."""

    def __init__(self, client: RedisClient, channels: Sequence[str], patterns: Sequence[str]) -> None:
        super().__init__(client, channels, patterns)
        self._redis: Any = None
        self._pubsub: Any = None
        self._closed = threading.Event()

    def __enter__(self) -> "Subscription":
        """Raises `redis.RedisError` where the server is away: a listener learns that at once."""
        try:
            self._open()
        except BaseException:
            self._drop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._drop()

    def _open(self) -> None:
        self._redis = self._client.dedicated()
        self._pubsub = self._redis.pubsub()
        for subscribe, names in ((self._pubsub.subscribe, self._channels), (self._pubsub.psubscribe, self._patterns)):
            if names:
                subscribe(*names)
        confirmed = 0
        while confirmed < self._subscriptions():
            heard = self._pubsub.get_message(timeout=LOOK_SECONDS)
            if heard is None:
                raise redis.TimeoutError("The server did not confirm the subscription.")
            confirmed += heard["type"] in {"subscribe", "psubscribe"}

    def _drop(self) -> None:
        # Taken away first: the thread that iterates and the one that leaves may both come here.
        pubsub, self._pubsub = self._pubsub, None
        client, self._redis = self._redis, None
        with contextlib.suppress(redis.RedisError, OSError):
            if pubsub is not None:
                pubsub.close()
            if client is not None:
                client.close()

    def __iter__(self) -> Iterator[Message]:
        pause = BACKOFF_SECONDS[0]
        while not self._closed.is_set():
            try:
                if self._pubsub is None:
                    self._open()
                pubsub = self._pubsub
                # Whoever leaves takes it away, perhaps just now.
                message = self._read(pubsub.get_message(timeout=LOOK_SECONDS)) if pubsub else None
                pause = BACKOFF_SECONDS[0]
            except (redis.RedisError, OSError) as error:
                logger.warning("subscription lost, trying again: %s", type(error).__name__)
                self._drop()
                self._closed.wait(pause)
                pause = min(2 * pause, BACKOFF_SECONDS[1])
                continue
            if message:
                yield message

    def close(self) -> None:
        """End the iteration, also from another thread; it takes up to half a second."""
        self._closed.set()


class AsyncSubscription(_Names):
    """Messages for one task; another may close it."""

    def __init__(self, client: RedisClient, channels: Sequence[str], patterns: Sequence[str]) -> None:
        super().__init__(client, channels, patterns)
        self._redis: Any = None
        self._pubsub: Any = None
        self._closed = asyncio.Event()

    async def __aenter__(self) -> "AsyncSubscription":
        """Raises `redis.RedisError` where the server is away: a listener learns that at once."""
        try:
            await self._open()
        except BaseException:
            await self._drop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        await self._drop()

    async def _open(self) -> None:
        self._redis = self._client.dedicated_async()
        self._pubsub = self._redis.pubsub()
        for subscribe, names in ((self._pubsub.subscribe, self._channels), (self._pubsub.psubscribe, self._patterns)):
            if names:
                await subscribe(*names)
        confirmed = 0
        while confirmed < self._subscriptions():
            heard = await self._pubsub.get_message(timeout=LOOK_SECONDS)
            if heard is None:
                raise redis.TimeoutError("The server did not confirm the subscription.")
            confirmed += heard["type"] in {"subscribe", "psubscribe"}

    async def _drop(self) -> None:
        pubsub, self._pubsub = self._pubsub, None
        client, self._redis = self._redis, None
        with contextlib.suppress(redis.RedisError, OSError):
            if pubsub is not None:
                await pubsub.aclose()
            if client is not None:
                await client.aclose()

    async def __aiter__(self) -> AsyncIterator[Message]:
        pause = BACKOFF_SECONDS[0]
        while not self._closed.is_set():
            try:
                if self._pubsub is None:
                    await self._open()
                message = self._read(await self._pubsub.get_message(timeout=LOOK_SECONDS))
                pause = BACKOFF_SECONDS[0]
            except (redis.RedisError, OSError) as error:
                logger.warning("subscription lost, trying again: %s", type(error).__name__)
                await self._drop()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._closed.wait(), pause)
                pause = min(2 * pause, BACKOFF_SECONDS[1])
                continue
            if message:
                yield message

    def close(self) -> None:
        """End the iteration; it takes up to half a second."""
        self._closed.set()


def get_pubsub() -> PubSubManager:
    """Return the way to publish and to subscribe."""
    return PubSubManager()
