"""A lock that many processes share, with an owner, a lifetime and a fencing number.

It saves work; it does not guard the truth. Its holder may be paused beyond its lifetime, and a cache server may drop
it. So a resource that must have one writer compares the fencing number (a later holder's is always greater) or, as
tasks do, keeps its own lease in PostgreSQL.
"""

import logging
import random
import secrets
import time
from types import TracebackType
from typing import Any

import redis

from common.errors import Unavailable
from common.redis.cache import milliseconds
from common.redis.client import PREFIX, RedisClient, get_redis_client

logger = logging.getLogger("countermark.lock")

DEFAULT_SECONDS = 30.0
FENCE_DAYS = 7
PAUSE = (0.01, 0.1)

# The fence begins at the time of day, so it also grows after Redis lost it; one step takes far more than a microsecond.
ACQUIRE = """
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
if redis.call('EXISTS', KEYS[2]) == 0 then
  local now = redis.call('TIME')
  redis.call('SET', KEYS[2], string.format('%.0f', now[1] * 1000000 + now[2]))
end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return redis.call('INCR', KEYS[2])
"""
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
EXTEND = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"


class LockBusy(Unavailable):
    """Somebody else holds the lock."""

    code = "busy"
    title = "Somebody else is doing this just now"


class DistributedLock:
    """One holder's view of the lock `name`; every holder makes its own. Its methods raise `redis.RedisError`."""

    def __init__(
        self,
        name: str,
        *,
        seconds: float = DEFAULT_SECONDS,
        wait: float | None = DEFAULT_SECONDS,
        client: RedisClient | None = None,
    ) -> None:
        if not name or set(name) & {"{", "}"}:
            raise ValueError("A lock has a name, without braces: they mark the part of a key that a cluster looks at.")
        self.seconds = seconds
        self.wait = wait
        self.token: str | None = None
        self.fence: int | None = None
        self.key = f"{PREFIX}:lock:{{{name}}}"
        self._given = client

    @property
    def client(self) -> RedisClient:
        return self._given or get_redis_client()

    def acquire(self, *, blocking: bool = True, wait: float | None = None) -> bool:
        """Take the lock; return whether it is ours. Blocking waits up to `wait` seconds (default: the lock's own)."""
        limit = self.wait if wait is None else wait
        deadline = None if limit is None else time.monotonic() + limit
        while not self._try():
            pause = random.uniform(*PAUSE)  # noqa: S311  # only spreads the holders that wait
            if not blocking or (deadline is not None and time.monotonic() + pause > deadline):
                return False
            time.sleep(pause)
        return True

    def _try(self) -> bool:
        token = secrets.token_hex(16)
        lifetime = milliseconds(self.seconds)
        args = [token, lifetime, lifetime + FENCE_DAYS * 86_400_000]
        fence = int(self.client.run(ACQUIRE, [self.key, f"{self.key}:fence"], args))
        if fence:
            self.token, self.fence = token, fence
        return bool(fence)

    def release(self) -> bool:
        """Give the lock back; return whether it was still ours. Another holder's lock is left alone."""
        token, self.token, self.fence = self.token, None, None
        return token is not None and bool(self.client.run(RELEASE, [self.key], [token]))

    def extend(self, seconds: float | None = None) -> bool:
        """Hold it for `seconds` from now; return whether it was still ours."""
        lifetime = milliseconds(self.seconds if seconds is None else seconds)
        return self.token is not None and bool(self.client.run(EXTEND, [self.key], [self.token, lifetime]))

    def owner(self) -> str | None:
        """Return the token of whoever holds it."""
        stored: Any = self.client.connection.get(self.key)
        return stored.decode() if stored else None

    def is_locked(self) -> bool:
        return self.owner() is not None

    def __enter__(self) -> "DistributedLock":
        """Raises `LockBusy` where the lock did not come free in time."""
        if not self.acquire():
            raise LockBusy(f"The lock was not free within {self.wait} s.", retry_after=1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.release()
        except redis.RedisError as lost:
            # The work is done, and the lock ends with its lifetime.
            logger.warning("a lock could not be given back: %s", type(lost).__name__)


def get_lock(name: str, *, seconds: float = DEFAULT_SECONDS, wait: float | None = DEFAULT_SECONDS) -> DistributedLock:
    """Return a lock that is held for `seconds` unless extended, and waited for up to `wait` (None: without end)."""
    return DistributedLock(name, seconds=seconds, wait=wait)
