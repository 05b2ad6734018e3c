"""The cache: named values with a lifetime, each key inside a namespace.

Reading and filling never fail: a cache that is away is an empty one. What a caller builds on (a deletion, a counter)
raises `redis.RedisError`, because a silent 0 would be taken for an answer.
"""

import logging
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import redis

from common.redis import codec
from common.redis.client import PREFIX, RedisClient, get_redis_client
from common.telemetry.tally import note_cache

logger = logging.getLogger("countermark.cache")

DEFAULT_SECONDS = 300
BATCH = 500
MISSING: Final = object()
NAMESPACE = re.compile(r"[a-z0-9_.-]+")

# A counter gets its lifetime with its first step, in one step with it: no crash can leave it there for ever.
STEP = """
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
if ARGV[2] ~= '' and redis.call('PTTL', KEYS[1]) == -1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return count
"""


def milliseconds(seconds: float) -> int:
    """Return a lifetime as Redis takes it. Raises `ValueError` for one that is not positive."""
    if not seconds > 0:
        raise ValueError("A lifetime is more than 0 seconds; say persist=True for a value that stays.")
    return max(1, round(seconds * 1000))


class CacheManager:
    """The values of one namespace."""

    def __init__(
        self, namespace: str, *, default_ttl: float = DEFAULT_SECONDS, client: RedisClient | None = None
    ) -> None:
        if not NAMESPACE.fullmatch(namespace):
            raise ValueError("A namespace is made of small letters, digits and _ . -")
        self.default_ttl = default_ttl
        self._root = f"{PREFIX}:{namespace}:"
        self._given = client

    @property
    def client(self) -> RedisClient:
        return self._given or get_redis_client()

    def name(self, key: str) -> str:
        """Return the name of `key` in Redis."""
        return self._root + key

    def get(self, key: str, default: Any = None) -> Any:
        """Return exactly what was set, or `default`."""
        try:
            return self.fetch(key, default)
        except redis.RedisError as error:
            logger.warning("cache away: %s", type(error).__name__)
            return default

    def fetch(self, key: str, default: Any = None) -> Any:
        """Like `get`, but raises `redis.RedisError` where Redis is away."""
        stored: Any = self.client.connection.get(self.name(key))
        note_cache(hit=stored is not None)
        if stored is None:
            return default
        try:
            return int(stored) if stored.lstrip(b"-").isdigit() else codec.decode(stored)
        except ValueError:
            logger.info("an entry of another version is left alone")
            return default

    def set(self, key: str, value: Any, ttl: float | None = None, *, persist: bool = False) -> bool:
        """Keep `value` for `ttl` seconds (None: the default of this cache); return whether it is kept.

        Raises `ValueError` for a lifetime of 0 or less, `codec.NotStorableError` for a value without an exact form.
        """
        if persist and ttl is not None:
            raise ValueError("persist=True has no lifetime.")
        lifetime = None if persist else milliseconds(self.default_ttl if ttl is None else ttl)
        # An integer that Redis can count with stays bare.
        stored = str(value).encode() if type(value) is int and abs(value) < 2**63 else codec.encode(value)
        try:
            return bool(self.client.connection.set(self.name(key), stored, px=lifetime))
        except redis.RedisError as error:
            logger.warning("cache away: %s", type(error).__name__)
            return False

    def delete(self, *keys: str) -> int:
        """Delete; return how many there were."""
        names = [self.name(key) for key in keys]
        return int(self.client.connection.unlink(*names)) if names else 0

    def exists(self, *keys: str) -> bool:
        """Whether there is any of them."""
        names = [self.name(key) for key in keys]
        return bool(names and self.client.connection.exists(*names))

    def clear_pattern(self, pattern: str) -> int:
        """Delete the keys of this namespace that match; return how many. Raises `ValueError` for a bare `*`.

        The server goes on answering others meanwhile: it is asked for the keys, and rid of them, 500 at a time.
        """
        if not pattern.strip("*?"):
            raise ValueError("This would empty the namespace: name a part of the keys.")
        found: Iterator[Any] = self.client.connection.scan_iter(match=self._root + pattern, count=BATCH)
        deleted = 0
        while batch := list(islice(found, BATCH)):
            deleted += int(self.client.connection.unlink(*batch))
        return deleted

    def increment(self, key: str, amount: int = 1, *, ttl: float | None = None) -> int:
        """Add to a counter (from 0) and return its value; `ttl` is the lifetime it gets with its first step."""
        lifetime = "" if ttl is None else milliseconds(ttl)
        return int(self.client.run(STEP, [self.name(key)], [amount, lifetime]))

    def decrement(self, key: str, amount: int = 1, *, ttl: float | None = None) -> int:
        """Subtract from a counter and return its value."""
        return self.increment(key, -amount, ttl=ttl)

    def ttl(self, key: str) -> int:
        """Return the seconds it has left; -1 if it stays, -2 if there is none."""
        return int(self.client.connection.ttl(self.name(key)))


def get_cache_manager(namespace: str = "cache", *, default_ttl: float = DEFAULT_SECONDS) -> CacheManager:
    """Return the cache of one namespace."""
    return CacheManager(namespace, default_ttl=default_ttl)
