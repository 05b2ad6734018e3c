"""One pool of connections for each server and process: everything in the product that speaks to Redis comes here.

Django's cache takes its connections from here too (`DjangoConnections` is the factory that settings.CACHES names), so a
process has one pool for each server, with one limit and one set of timeouts (settings.REDIS_POOL).

TLS is part of the address and so serves cache, broker and channel layer alike:
`rediss://:password@host:6380/0?ssl_ca_certs=/etc/ca.pem` (also `ssl_certfile`, `ssl_keyfile`, `ssl_cert_reqs`). The
server's certificate and name are checked unless the address says `ssl_cert_reqs=none`.

A command is sent once: a write whose answer was lost may have happened, so the caller decides whether to repeat it.
"""

import os
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import redis
import redis.asyncio
from django.conf import settings
from django.core.cache import caches
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.retry import Retry

PREFIX = "cm"  # every key of the product begins with it, also Django's own (settings.CACHES)
IDLE_CHECK_SECONDS = 15


@dataclass(frozen=True, slots=True)
class HealthResult:
    """What a server says of itself. `error` is the kind of failure; it holds no address and no password."""

    ok: bool
    latency_ms: float | None = None
    version: str | None = None
    used_memory: int | None = None
    role: str | None = None
    error: str | None = None


class RedisClient:
    """The connections of this process to one server. Threads share them; a forked child opens its own."""

    def __init__(self, url: str, **options: Any) -> None:
        """Nothing is opened yet. `options` are those of a redis-py connection; what `url` says itself stands."""
        self._url = url
        self._options = options
        self._redis: redis.Redis | None = None
        self._pid = 0
        self._scripts: dict[str, Script] = {}

    @classmethod
    def from_url(
        cls, url: str, *, ca_file: str | None = None, cert_reqs: str | None = None, **options: Any
    ) -> "RedisClient":
        """Return a client of `redis://`, `rediss://` or `unix://`, with the pool of settings.REDIS_POOL.

        `ca_file` is the certificate that vouches for the server; `cert_reqs` is required (default), optional or none.
        """
        tls = {"ssl_ca_certs": ca_file, "ssl_cert_reqs": cert_reqs}
        return cls(url, **settings.REDIS_POOL, **{name: value for name, value in tls.items() if value}, **options)

    @property
    def connection(self) -> redis.Redis:
        """The redis-py client, on the pool of this very process."""
        found = self._redis
        if found is None or self._pid != os.getpid():
            with _lock:
                if self._redis is None or self._pid != os.getpid():
                    self._redis, self._pid = self._open(), os.getpid()
                found = self._redis
        return found

    def _open(self) -> redis.Redis:
        # More threads than connections wait for one as long as for an answer, then get a ConnectionError.
        wait = self._options.get("socket_timeout")
        pool = redis.BlockingConnectionPool.from_url(
            self._url, timeout=wait, retry=Retry(NoBackoff(), 0), **self._options
        )
        return redis.Redis(connection_pool=pool)

    def run(self, script: str, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """Run a Lua script in one step. All `keys` must share a hash tag, so that a cluster keeps them together."""
        found = self._scripts.get(script) or self._scripts.setdefault(script, self.connection.register_script(script))
        return found(keys=keys, args=args, client=self.connection)

    def health(self) -> HealthResult:
        """Ask the server how it is. Never raises."""
        try:
            began = time.perf_counter()
            self.connection.ping()
            latency = (time.perf_counter() - began) * 1000
            said: Any = self.connection.info()
            version = said.get("valkey_version") or said["redis_version"]
            return HealthResult(True, round(latency, 3), version, said["used_memory"], said["role"])
        except Exception as error:  # whatever it is, the caller wants to hear that the server is not well
            return HealthResult(False, error=type(error).__name__)

    def dedicated(self) -> redis.Redis:
        """Return a client beside the pool, for a subscription: it may be silent for as long as it likes."""
        return redis.Redis.from_url(self._url, **self._silent(), retry=Retry(NoBackoff(), 0))

    def dedicated_async(self) -> redis.asyncio.Redis:
        """The same for the running event loop."""
        return redis.asyncio.Redis.from_url(self._url, **self._silent(), retry=AsyncRetry(NoBackoff(), 0))

    def _silent(self) -> Mapping[str, Any]:
        return self._options | {"socket_timeout": None, "health_check_interval": IDLE_CHECK_SECONDS}

    def close(self) -> None:
        """Close all connections of this process. The next command opens new ones."""
        with _lock:
            opened, self._redis = self._redis, None
        if opened is not None and self._pid == os.getpid():
            opened.connection_pool.disconnect()


_lock = threading.Lock()
_clients: dict[str, RedisClient] = {}


def _start_over() -> None:
    """A child begins with nothing: a thread of the parent may have held the lock, and the sockets are the parent's."""
    global _lock
    _lock = threading.Lock()
    _clients.clear()


os.register_at_fork(after_in_child=_start_over)


def client_at(url: str) -> RedisClient:
    """Return this process's client of the server at `url`."""
    found = _clients.get(url)
    if found is None:
        with _lock:
            found = _clients.setdefault(url, RedisClient.from_url(url))
    return found


def get_redis_client(server: str = "cache") -> RedisClient:
    """Return this process's client of `cache`, `broker` or `channels`."""
    if server == "cache":
        return client_at(str(settings.CACHES["default"]["LOCATION"]))
    return client_at({"broker": settings.REDIS_BROKER_URL, "channels": settings.REDIS_CHANNELS_URL}[server])


def reset() -> None:
    """Close and forget every client of this process (for tests)."""
    with _lock:
        clients = list(_clients.values())
        _clients.clear()
    for client in clients:
        client.close()
    with suppress(AttributeError):
        del caches["default"]  # this thread's cache would keep the old pool


class DjangoConnections:
    """django-redis's connection factory, so that Django's cache shares the pool."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        """django-redis passes its OPTIONS; the pool's are in settings.REDIS_POOL."""

    def connect(self, url: str) -> redis.Redis:
        return client_at(url).connection

    def disconnect(self, connection: redis.Redis) -> None:
        """The pool outlives a cache object: Django makes one for each thread."""
