"""The base of sockets: authorise, then accept, then follow the log by cursor.

What a socket sends comes from PostgreSQL, in the order of positions; a poke from the channel layer only says "look
now", and every few seconds it looks anyway. So a lost poke, a lost Redis or a slow client costs time, never an event.
One batch is in flight at a time: what a client does not read is not read from the database either.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from urllib.parse import parse_qs
from uuid import UUID

import orjson
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from django.db import DatabaseError, InterfaceError

from common.context import Principal

logger = logging.getLogger("countermark.socket")
T = TypeVar("T")

LOOK_SECONDS = 5.0
PING_SECONDS = 20.0
SEND_SECONDS = 30.0
MAX_GAP = 500
MAX_SOCKETS_PER_CALLER = 50
# What servers raise, each with a class of its own, when the client has left in the middle of a send.
GONE = frozenset({"ClientDisconnected", "ConnectionClosed", "ConnectionClosedError", "ConnectionClosedOK"})
# Readers of all sockets of this process share these threads and so at most as many database connections.
READERS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="socket-reader")


class Close:
    """Close codes (design/api.md)."""

    NOT_SIGNED_IN = 4401
    FORBIDDEN = 4403
    UNKNOWN = 4404
    IDLE = 4408
    TOO_MANY = 4429


@dataclass(frozen=True, slots=True)
class Messages:
    """What a reader returns: messages in order, and the position up to which everything was looked at."""

    upto: int
    messages: list[dict[str, Any]]
    more: bool = False


class Refused(Exception):
    """The caller may not (any longer) read here; `code` closes the socket."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def in_reader(function: Callable[..., T], *args: Any) -> T:
    """Run a database reader in one of the shared threads."""
    run = database_sync_to_async(function, thread_sensitive=False, executor=READERS)
    result: T = await run(*args)
    return result


class LogConsumer(AsyncWebsocketConsumer):
    """Follow the log for one caller. A child says what is read: `head`, `read` and `group`."""

    # No layer of Channels' own: it subscribes before `connect` and would refuse every socket while Redis is away.
    channel_layer_alias = "none"
    open_sockets: Counter[UUID] = Counter()  # noqa: RUF012  # one count for all sockets of the process

    def head(self, principal: Principal) -> int:
        """Return the newest position; raises `Refused` where the caller may not read here. Runs in a thread."""
        raise Refused(Close.UNKNOWN)

    def read(self, principal: Principal, pos: int) -> Messages:
        """Return what follows `pos`; raises `Refused`. Runs in a thread, checks the caller's rights again."""
        raise Refused(Close.UNKNOWN)

    def group(self, principal: Principal) -> str:
        """Return the channel group whose pokes concern this socket."""
        return f"tenant.{principal.tenant_id}"

    async def connect(self) -> None:
        """Decide first; a refused socket is opened only to be closed with the code that says why."""
        self.tasks: list[asyncio.Task[None]] = []
        self.moved = asyncio.Event()
        self.principal: Principal | None = cast(Any, self.scope)["principal"]
        try:
            since = self.since()
            head = await self.authorise()
        except Refused as refusal:
            await self.accept()
            await self.close(code=refusal.code)
            return
        await self.accept()
        self.tasks = [
            asyncio.create_task(self.listen(self.group(cast(Principal, self.principal)))),
            asyncio.create_task(self.follow(head if since is None else since, head)),
        ]

    def since(self) -> int | None:
        """Return the cursor of `?since=`; a malformed one is refused like an unknown address."""
        value = parse_qs(self.scope["query_string"].decode("latin-1")).get("since", [""])[0]
        if not value:
            return None
        if not value.isascii() or not value.isdigit() or len(value) > 18:
            raise Refused(Close.UNKNOWN)
        return int(value)

    async def authorise(self) -> int:
        if self.principal is None:
            raise Refused(Close.NOT_SIGNED_IN)
        if self.open_sockets[self.principal.id] >= MAX_SOCKETS_PER_CALLER:
            raise Refused(Close.TOO_MANY)
        head = await in_reader(self.head, self.principal)
        self.open_sockets[self.principal.id] += 1
        self.counted = True
        return head

    async def disconnect(self, code: int) -> None:
        for task in self.tasks:
            task.cancel()
        if self.principal is None or not getattr(self, "counted", False):
            return
        self.open_sockets[self.principal.id] -= 1
        if not self.open_sockets[self.principal.id]:
            del self.open_sockets[self.principal.id]

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Sockets go one way; what a client sends is only a sign of life."""

    async def listen(self, group: str) -> None:
        """Hear pokes for as long as the socket is open. Without Redis there are none; the socket looks by itself."""
        layer: Any = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(group, channel)
                while True:
                    await layer.receive(channel)
                    self.moved.set()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                logger.info("no pokes: %s", type(error).__name__)
                await asyncio.sleep(LOOK_SECONDS)

    async def follow(self, pos: int, head: int) -> None:
        """Say hello, then send what follows `pos` for as long as the caller may read it."""
        try:
            await self.say({"op": "hello", "v": 1, "pos": head})
            if head - pos > MAX_GAP or pos > head:
                await self.say({"op": "resync", "v": 1, "pos": head})
                pos = head
            await self.send_on(pos)
        except Refused as refusal:
            await self.close(code=refusal.code)
        except TimeoutError:
            await self.close(code=Close.IDLE)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            if type(error).__name__ in GONE:
                return
            logger.exception("socket ended")
            await self.close(code=1011)

    async def send_on(self, pos: int) -> None:
        pinged = time.monotonic()
        while True:
            self.moved.clear()
            batch = await self.next_batch(pos)
            for message in batch.messages:
                await self.say(message)
            pos = batch.upto
            if batch.more:
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.moved.wait(), LOOK_SECONDS)
            if time.monotonic() - pinged > PING_SECONDS:
                await self.say({"op": "ping", "v": 1, "pos": pos})
                pinged = time.monotonic()

    async def next_batch(self, pos: int) -> Messages:
        """Read on; a database that is away is waited for, the cursor keeps the place."""
        if self.principal is None:
            raise Refused(Close.NOT_SIGNED_IN)
        try:
            return await in_reader(self.read, self.principal, pos)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("database away: %s", type(error).__name__)
            await asyncio.sleep(1)
            return Messages(upto=pos, messages=[])

    async def say(self, message: dict[str, Any]) -> None:
        """Send one message; a client that takes none for 30 s is let go, its cursor stays valid."""
        await asyncio.wait_for(self.send(text_data=orjson.dumps(message).decode()), SEND_SECONDS)
