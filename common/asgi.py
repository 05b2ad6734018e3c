"""Before Django: no body larger than its route takes reaches memory or disk, and an upload flows to its view.

Django's own handler writes any body to a temporary file before a view is asked. Here the announced length is checked
first and an unannounced one is counted; what goes on for too long is answered with 413.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.urls import Resolver404, resolve

from common import context
from common.api.body import BodyTooLarge
from common.api.exceptions import MEDIA_TYPE, problem
from common.files.errors import UploadTooSlow
from common.telemetry.web import PATH_LENGTH

logger = logging.getLogger("countermark.request")
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]

IDLE_SECONDS = 20.0
SLOWEST = 16 * 1024
"""bytes a second, on average; a body may take half a minute longer"""
LINGER_SECONDS = 1.0


class BodyLimit:
    """ASGI middleware: a body has at most the `max_body` of its view; one that takes uploads reads them itself."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        length, chunked = announced(scope)
        small = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if not chunked and length <= small:
            await self.application(scope, receive, send)
            return
        limit, streams = rule_of(scope)
        if length > limit:
            await refuse(scope, receive, send, limit)
            return
        body = StreamedBody(receive, limit, length) if streams else CountedBody(receive, limit)
        answer = Answer(send, body)
        try:
            await self.application(scope, body, answer)
        except BodyTooLarge:
            if answer.has_begun:
                raise
            await refuse(scope, receive, send, limit)


def announced(scope: Message) -> tuple[int, bool]:
    """Return the Content-Length, and whether the body comes without one."""
    length, chunked = 0, False
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            length = int(value)
        chunked = chunked or name == b"transfer-encoding"
    return length, chunked


def rule_of(scope: Message) -> tuple[int, bool]:
    """Return how many bytes the view takes that will answer, and whether it reads them itself."""
    small: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    try:
        found = resolve(scope["path"].removeprefix(scope.get("root_path", ""))).func
    except Resolver404:
        return small, False
    view: Any = getattr(found, "cls", None) or getattr(found, "view_class", None)
    if scope["method"] in getattr(view, "upload_methods", ()):
        return view.max_upload, True
    return getattr(view, "max_body", small), False


class Answer:
    """What the application sends. An answer to a body that is still coming closes the connection."""

    def __init__(self, send: Send, body: "CountedBody | StreamedBody") -> None:
        self.send = send
        self.body = body
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        self.has_begun = True
        unread = self.body.unread
        if unread and message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        if unread and message["type"] == "http.response.body" and not message.get("more_body", False):
            await self.send({**message, "more_body": True})
            await linger(unread)
            message = {"type": "http.response.body", "body": b""}
        await self.send(message)


class CountedBody:
    """Counts what comes; raises `BodyTooLarge` at the piece that is too much."""

    unread: Receive | None = None

    def __init__(self, receive: Receive, limit: int) -> None:
        self.receive = receive
        self.limit = limit
        self.count = 0

    async def __call__(self) -> Message:
        message = await self.receive()
        self.count += len(message.get("body", b""))
        if self.count > self.limit:
            raise BodyTooLarge(f"At most {self.limit} bytes are accepted here.")
        return message


class StreamedBody:
    """A body that nobody reads before its view does: a file for the view's thread, over the server's messages.

    Called as `receive`, it only tells Django when the client has gone.
    """

    def __init__(self, receive: Receive, limit: int, length: int) -> None:
        self.server = receive
        self.receive = CountedBody(receive, limit)
        self.loop = asyncio.get_running_loop()
        self.deadline = time.monotonic() + 30 + length / SLOWEST
        self.buffer = b""
        self.over = asyncio.Event()
        self.gone = False

    async def __call__(self) -> Message:
        await self.over.wait()
        return {"type": "http.disconnect"} if self.gone else await self.receive()

    @property
    def unread(self) -> Receive | None:
        """Where the rest of the body comes from, None where all of it was read."""
        return None if self.over.is_set() else self.server

    async def next(self) -> bytes:
        message = await self.receive()
        self.gone = message["type"] == "http.disconnect"
        if self.gone or not message.get("more_body", False):
            self.over.set()
        piece: bytes = message.get("body", b"")
        return piece

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, all for -1; b"" at the end. Only outside the event loop.

        Raises OSError where the client has gone, `UploadTooSlow`, `BodyTooLarge`.
        """
        while (size < 0 or len(self.buffer) < size) and not self.over.is_set():
            self.buffer += self.wait()
            if self.gone:
                raise ConnectionResetError("the client has gone")
        piece, self.buffer = (self.buffer, b"") if size < 0 else (self.buffer[:size], self.buffer[size:])
        return piece

    def wait(self) -> bytes:
        patience = min(IDLE_SECONDS, self.deadline - time.monotonic())
        if patience <= 0:
            raise UploadTooSlow
        future = asyncio.run_coroutine_threadsafe(self.next(), self.loop)
        try:
            return future.result(patience)
        except TimeoutError as error:
            future.cancel()
            raise UploadTooSlow from error

    def close(self) -> None:
        self.buffer = b""


class Handler(ASGIHandler):
    """Django's handler, which leaves an upload's body where it is."""

    async def read_body(self, receive: Any) -> Any:
        if isinstance(receive, StreamedBody):
            return receive
        return await super().read_body(receive)


async def refuse(scope: Message, receive: Receive, send: Send, limit: int) -> None:
    """Answer 413 and close. For a moment what still comes is thrown away, so that the client hears the answer."""
    with context.use(context.new_context()) as running:
        error = BodyTooLarge(f"At most {limit} bytes are accepted here.")
        document = orjson.dumps(problem(error.code, error.title, error.status, error.detail, limit=limit))
        headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(document)).encode()),
            (b"connection", b"close"),
            (b"cache-control", b"private, no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"x-request-id", str(running.request_id).encode()),
        ]
        logger.info("request", extra={"http_path": scope["path"][:PATH_LENGTH], "http_status_code": error.status})
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": document, "more_body": True})
    await linger(receive)
    await send({"type": "http.response.body", "body": b""})


async def linger(receive: Receive) -> None:
    """Throw away what comes, until it ends or the moment is over."""
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            message = await receive()
            while message["type"] == "http.request" and message.get("more_body", False):
                message = await receive()
    except TimeoutError:
        return
