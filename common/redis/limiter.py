"""A sliding-window limit, exact under concurrency: one script decides and counts, on the server's clock.

The window is a log of the admitted requests, so no stretch of its length ever holds more than the limit allows.
Losing Redis forgets the window and nothing else. While it is away the limit's `without_redis` decides.
"""

import logging
import math
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

import redis

from common.errors import TooManyRequests
from common.ids import sha256_hex, uuid7
from common.redis.client import PREFIX, RedisClient, get_redis_client

logger = logging.getLogger("countermark.limiter")

MAX_SUBJECTS = 50_000
CLOSED_SECONDS = 5

# Drop what has left the window; admit if there is room and the caller wants to. Microseconds: an entry that is rounded
# to the millisecond leaves up to one too early. Returns whether there was room, how many are in, the oldest, and now.
WINDOW = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[1]))
local used = redis.call('ZCARD', KEYS[1])
local room = used < tonumber(ARGV[2]) and 1 or 0
if room == 1 and ARGV[3] ~= '' then
  redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[3])
  redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[1] / 1000))
  used = used + 1
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] or '0'
return {room, used, oldest, string.format('%.0f', now)}
"""


class WithoutRedis(StrEnum):
    """What holds while Redis is away: a window in each process, everything, or nothing."""

    LOCAL = "local"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `requests` in any window of `seconds`."""

    name: str
    requests: int
    seconds: int
    without_redis: WithoutRedis = WithoutRedis.LOCAL


class Decision(NamedTuple):
    """`reset_at` is when the next request is forgotten; `retry_after` is in whole seconds, 0 if allowed."""

    allowed: bool
    remaining: int
    reset_at: datetime
    retry_after: int

    def require(self) -> None:
        """Raises `TooManyRequests`, with the seconds to wait, where the request was not allowed."""
        if not self.allowed:
            raise TooManyRequests(
                f"Too many requests. Try again in {self.retry_after} s.", retry_after=self.retry_after
            )


def decide(limit: Limit, *, room: bool, used: int, oldest: float, now: float) -> Decision:
    """Say in words what a window found; times in seconds since 1970, `oldest` 0 if it is empty."""
    wait = limit.seconds - (now - oldest) if used else 0.0
    reset_at = datetime.fromtimestamp(now, UTC) + timedelta(seconds=max(wait, 0))
    return Decision(room, max(limit.requests - used, 0), reset_at, 0 if room else max(1, math.ceil(wait)))


class LocalWindow:
    """The same limit inside one process, for the time Redis is away: looser, never absent, never growing for ever."""

    def __init__(self, limit: Limit, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        # By subject, the one that was admitted longest ago first: so the old ones are found without looking at all.
        self._hits: OrderedDict[str, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._hits)

    def ask(self, subject: str, *, take: bool) -> Decision:
        now = self._clock()
        with self._lock:
            self._forget(now)
            hits = self._hits.get(subject) or deque()
            while hits and hits[0] <= now - self._limit.seconds:
                hits.popleft()
            room = len(hits) < self._limit.requests
            if room and take:
                hits.append(now)
                self._hits[subject] = hits
                self._hits.move_to_end(subject)
            shift = time.time() - now
            oldest = hits[0] + shift if hits else 0.0
            return decide(self._limit, room=room, used=len(hits), oldest=oldest, now=now + shift)

    def sweep(self) -> None:
        """Drop what nobody will ask for again."""
        with self._lock:
            self._forget(self._clock())

    def _forget(self, now: float) -> None:
        """Drop the subjects whose window has passed, and the oldest where there are too many."""
        while self._hits:
            subject, hits = next(iter(self._hits.items()))
            if hits[-1] > now - self._limit.seconds and len(self._hits) < MAX_SUBJECTS:
                return
            del self._hits[subject]

    def reset(self, subject: str) -> None:
        with self._lock:
            self._hits.pop(subject, None)


_windows: dict[Limit, LocalWindow] = {}
os.register_at_fork(after_in_child=_windows.clear)


class RateLimiter:
    """One limit, for each subject by itself."""

    def __init__(self, limit: Limit, *, client: RedisClient | None = None) -> None:
        self.limit = limit
        self._given = client

    @property
    def client(self) -> RedisClient:
        return self._given or get_redis_client()

    def is_allowed(self, subject: str) -> Decision:
        """Count one request of `subject` if it is within the limit, and say so. Never raises."""
        return self._ask(subject, take=True)

    def get_remaining(self, subject: str) -> int:
        """Return how many requests `subject` has left; counts none."""
        return self._ask(subject, take=False).remaining

    def reset(self, subject: str) -> None:
        """Forget what was counted. Raises `redis.RedisError`."""
        self._window.reset(subject)
        self.client.connection.unlink(self._key(subject))

    def _key(self, subject: str) -> str:
        """Name the whole policy, so that two never share a counter, and no subject in clear."""
        limit = self.limit
        digest = sha256_hex(subject.encode("utf-8", "surrogatepass"))[:32]
        return f"{PREFIX}:limit:{limit.name}:{limit.requests}:{limit.seconds}:{digest}"

    @property
    def _window(self) -> LocalWindow:
        return _windows.get(self.limit) or _windows.setdefault(self.limit, LocalWindow(self.limit))

    def _ask(self, subject: str, *, take: bool) -> Decision:
        limit = self.limit
        args = [limit.seconds * 1_000_000, limit.requests, uuid7().bytes if take else ""]
        try:
            answer: Any = self.client.run(WINDOW, [self._key(subject)], args)
        except redis.RedisError as error:
            logger.warning("limiter without Redis, %s: %s", limit.without_redis, type(error).__name__)
            return self._without_redis(subject, take=take)
        if limit in _windows:
            _windows[limit].sweep()
        room, used, oldest, now = (int(part) for part in answer)
        return decide(limit, room=bool(room), used=used, oldest=oldest / 1e6, now=now / 1e6)

    def _without_redis(self, subject: str, *, take: bool) -> Decision:
        if self.limit.without_redis is WithoutRedis.LOCAL:
            return self._window.ask(subject, take=take)
        if self.limit.without_redis is WithoutRedis.OPEN:
            return Decision(True, self.limit.requests, datetime.now(UTC), 0)
        return Decision(False, 0, datetime.now(UTC) + timedelta(seconds=CLOSED_SECONDS), CLOSED_SECONDS)


def get_rate_limiter(limit: Limit) -> RateLimiter:
    """Return the limiter of one policy."""
    return RateLimiter(limit)
