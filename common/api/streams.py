"""Answers that are made piece by piece, under either kind of server."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest


def streamed(request: HttpRequest, pieces: Iterator[bytes]) -> Iterator[bytes] | AsyncIterator[bytes]:
    """Return the pieces as the server takes them. Django would gather a plain iterator in memory under ASGI."""
    return in_threads(pieces) if isinstance(request, ASGIRequest) else pieces


async def in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Take each piece in a thread: it reads files and the database."""
    while (piece := await sync_to_async(lambda: next(pieces, None))()) is not None:
        yield piece
