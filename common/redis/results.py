"""`@cache_result`: remember what a function returned, for sync and async functions alike.

    @cache_result(ttl_seconds=60)
    def totals(project_id: UUID) -> dict[str, int]: ...

    totals.invalidate(project_id)

The key is a digest of the function, its arguments and the running tenant, so no two calls share one by accident. What
depends on the caller's rights must take the caller as an argument. Without Redis the function is simply called.

Of many callers who miss at once, one computes and the others wait for it. A result that was being computed while it was
invalidated is returned to its caller and not kept: it may be of before.
"""

import asyncio
import inspect
import logging
import time
from collections.abc import Callable
from enum import Enum
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import redis

from common.ids import sha256_hex
from common.redis import codec
from common.redis.cache import MISSING, CacheManager, milliseconds
from common.redis.lock import DistributedLock
from common.tenancy import default_tenant_id

logger = logging.getLogger("countermark.cache")
P = ParamSpec("P")
R = TypeVar("R", covariant=True)

COMPUTE_SECONDS = 30.0  # so long one caller may compute before another begins as well
WAIT_SECONDS = 10.0  # so long the others wait for it before they compute for themselves
PAUSE_SECONDS = 0.02

KEEP = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return redis.call('DEL', KEYS[2])
"""


class Cached(Protocol[P, R]):
    """A function with a memory."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...

    def invalidate(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Forget the result of this call in the running tenant; return whether there was one.

        Raises `redis.RedisError`: a caller must know that the old result may still be around.
        """


class State(Enum):
    """What a look at the cache found: the result, a free place, somebody computing, no Redis."""

    FOUND = 1
    OURS = 2
    BUSY = 3
    AWAY = 4


class Entry:
    """The place of one call in the cache."""

    def __init__(self, manager: CacheManager, function: str, digest: str, lifetime: int) -> None:
        self._manager = manager
        # One hash tag for the value and its lock: a cluster keeps them together.
        self._key = f"{function}:{{{digest}}}"
        self._lock = DistributedLock(digest, seconds=COMPUTE_SECONDS)
        self._lifetime = lifetime
        self._state = State.AWAY
        self.value: Any = None

    def look(self) -> State:
        """Look for the result; where there is none, try to be the one who computes it."""
        try:
            self._state = self._found() or self._reserve()
        except redis.RedisError as error:
            logger.warning("cache away: %s", type(error).__name__)
            self._state = State.AWAY
        return self._state

    def _found(self) -> State | None:
        self.value = self._manager.fetch(self._key, MISSING)
        return None if self.value is MISSING else State.FOUND

    def _reserve(self) -> State:
        if not self._lock.acquire(blocking=False):
            return State.BUSY
        if self._found():  # somebody finished between our look and our lock
            self._lock.release()
            return State.FOUND
        return State.OURS

    def keep(self, value: Any) -> None:
        """Keep the result and let the others have it, unless the place was taken from us meanwhile."""
        if self._state is not State.OURS:
            return
        try:
            stored = codec.encode(value)
        except codec.NotStorableError:
            self.give_up()
            raise
        keys = [self._manager.name(self._key), self._lock.key]
        try:
            self._manager.client.run(KEEP, keys, [self._lock.token, stored, self._lifetime])
        except redis.RedisError as error:
            logger.warning("cache away: %s", type(error).__name__)

    def give_up(self) -> None:
        """There is no result to keep: let the next one try."""
        if self._state is not State.OURS:
            return
        try:
            self._lock.release()
        except redis.RedisError as error:
            logger.warning("cache away: %s", type(error).__name__)

    def forget(self) -> bool:
        """Delete the result, and the place of whoever computes it just now."""
        name = self._manager.name(self._key)
        existed = bool(self._manager.client.connection.exists(name))
        self._manager.client.connection.unlink(name, self._lock.key)
        return existed


class Memory:
    """What `@cache_result` knows about one function."""

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        ttl_seconds: float = 3600,
        key_prefix: str = "cache",
        key: Callable[..., Any] | None = None,
        unless: Callable[[Any], bool] | None = None,
        version: int | str = 1,
    ) -> None:
        self._name = f"{function.__module__}.{function.__qualname__}"
        self._identity = (function.__module__, function.__qualname__, version)
        self._signature = inspect.signature(function)
        self._manager = CacheManager(key_prefix)
        self._lifetime = milliseconds(ttl_seconds)
        self._key = key
        self._unless = unless

    def entry(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Entry:
        """Return the place of a call. Raises `TypeError` for arguments that cannot be told apart exactly."""
        try:
            said = codec.canonical((*self._identity, self._said(args, kwargs), default_tenant_id()))
        except codec.NotStorableError as error:
            raise codec.NotStorableError(f"{self._name}: {error} Or give key= a function of the arguments.") from error
        return Entry(self._manager, self._name, sha256_hex(said), self._lifetime)

    def _said(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._key:
            return self._key(*args, **kwargs)
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return (bound.args, bound.kwargs)

    def finish(self, entry: Entry, value: Any) -> None:
        if self._unless and self._unless(value):
            entry.give_up()
        else:
            entry.keep(value)

    def invalidate(self, *args: Any, **kwargs: Any) -> bool:
        return self.entry(args, kwargs).forget()


def cache_result(
    ttl_seconds: float = 3600,
    key_prefix: str = "cache",
    *,
    key: Callable[..., Any] | None = None,
    unless: Callable[[Any], bool] | None = None,
    version: int | str = 1,
) -> Callable[[Callable[P, R]], Cached[P, R]]:
    """Remember results for `ttl_seconds`, None included.

    `key(*args, **kwargs)` returns what tells calls apart (a method leaves `self` out of it); `unless(result)` says what
    not to keep; another `version` forgets everything.
    """

    def decorate(function: Callable[P, R]) -> Cached[P, R]:
        memory = Memory(
            function, ttl_seconds=ttl_seconds, key_prefix=key_prefix, key=key, unless=unless, version=version
        )
        wrap = _remember_async if inspect.iscoroutinefunction(function) else _remember
        wrapped: Any = wraps(function)(wrap(function, memory))
        wrapped.invalidate = memory.invalidate
        return cast(Cached[P, R], wrapped)

    return decorate


def _remember(function: Callable[..., Any], memory: Memory) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        entry = memory.entry(args, kwargs)
        deadline = time.monotonic() + WAIT_SECONDS
        while (state := entry.look()) is State.BUSY and time.monotonic() < deadline:
            time.sleep(PAUSE_SECONDS)
        if state is State.FOUND:
            return entry.value
        try:
            value = function(*args, **kwargs)
        except BaseException:
            entry.give_up()
            raise
        memory.finish(entry, value)
        return value

    return call


def _remember_async(function: Callable[..., Any], memory: Memory) -> Callable[..., Any]:
    """The same; what asks Redis runs in a thread, so the event loop goes on."""

    async def call(*args: Any, **kwargs: Any) -> Any:
        entry = memory.entry(args, kwargs)
        deadline = time.monotonic() + WAIT_SECONDS
        # Whom it waits for may be another process: an asyncio.Event would not hear of it.
        while (state := await asyncio.to_thread(entry.look)) is State.BUSY and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(PAUSE_SECONDS)
        if state is State.FOUND:
            return entry.value
        try:
            value = await function(*args, **kwargs)
        except BaseException:
            entry.give_up()  # in this thread: a cancelled call may not wait for another
            raise
        await asyncio.to_thread(memory.finish, entry, value)
        return value

    return call
