"""A sliding-window limit, exact under concurrency: one script decides and counts (docs/decisions/0002-tenancy.md says
why Redis is never a record; losing it forgets the window, nothing else).
"""

import logging
import math
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from hashlib import sha256

import redis
from django_redis import get_redis_connection

from common.ids import uuid7

logger = logging.getLogger("countermark.limiter")

# Sliding-window log: drop what has left the window, admit if there is room. Returns 0 or the milliseconds to wait.
SCRIPT = """
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, ms - ARGV[1])
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('ZADD', KEYS[1], ms, ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  return 0
end
return redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] + ARGV[1] - ms
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `requests` in any window of `seconds`."""

    name: str
    requests: int
    seconds: int


class LocalWindow:
    """The same limit inside one process, for the time Redis is away: looser, never absent."""

    def __init__(self) -> None:
        self._hits: dict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def hit(self, limit: Limit, key: str) -> int:
        now = time.monotonic()
        with self._lock:
            hits = self._hits[key]
            while hits and hits[0] <= now - limit.seconds:
                hits.popleft()
            if len(hits) < limit.requests:
                hits.append(now)
                return 0
            return math.ceil(hits[0] + limit.seconds - now)


_local = LocalWindow()


def hit(limit: Limit, subject: str) -> int:
    """Count one request of `subject`; return 0 if it is within the limit, else the whole seconds to wait."""
    key = f"cm:limit:{limit.name}:{sha256(subject.encode()).hexdigest()[:32]}"
    try:
        connection = get_redis_connection("default")
        wait = int(connection.eval(SCRIPT, 1, key, limit.seconds * 1000, limit.requests, uuid7().hex))
    except redis.RedisError as error:
        logger.warning("limiter falls back to this process: %s", type(error).__name__)
        return _local.hit(limit, key)
    return math.ceil(wait / 1000)
