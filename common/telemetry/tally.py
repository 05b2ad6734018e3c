"""What one request or one job did, counted while it runs: statements, cache, and what went wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    queries: int = 0
    query_seconds: float = 0.0
    cache_hits: int = 0
    cache_misses: int = 0
    error: BaseException | None = None


_running: ContextVar[Tally | None] = ContextVar("tally", default=None)


@contextmanager
def counting() -> Iterator[Tally]:
    """Count what happens inside the block, in whatever threads it happens."""
    token = _running.set(tally := Tally())
    try:
        yield tally
    finally:
        _running.reset(token)


def note_query(seconds: float) -> None:
    tally = _running.get()
    if tally:
        tally.queries += 1
        tally.query_seconds += seconds


def note_cache(*, hit: bool) -> None:
    tally = _running.get()
    if tally is None:
        return
    if hit:
        tally.cache_hits += 1
    else:
        tally.cache_misses += 1


def note_error(error: BaseException) -> None:
    """Remember what went wrong, although the caller gets an answer."""
    tally = _running.get()
    if tally:
        tally.error = error
