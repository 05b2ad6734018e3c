"""State on the server behind an opaque token, for a short time: the tickets that open sockets.

Not for browsers: theirs are rows, because a session must outlive Redis (docs/decisions/0003-sessions.md). A token has
256 random bits and only its SHA-256 is stored, so whoever reads Redis holds no token. A session ends when it is idle
for too long and at the latest with its lifetime; each owner has an index, so all of theirs can be ended at once.

All methods raise `redis.RedisError`: without Redis there is no such state.
"""

import secrets
from typing import Any
from uuid import UUID

from common.ids import sha256_hex
from common.redis import codec
from common.redis.cache import NAMESPACE, milliseconds
from common.redis.client import PREFIX, RedisClient, get_redis_client

DEFAULT_SECONDS = 86_400

# Session and index are written in one step, so `revoke_all` misses none. ARGV: digest, data, owner, idle and life (ms).
CREATE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends = string.format('%.0f', now + ARGV[5])
redis.call('HSET', KEYS[1], 'data', ARGV[2], 'owner', ARGV[3], 'ends', ends)
redis.call('PEXPIRE', KEYS[1], math.min(ARGV[4], ARGV[5]))
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now))
redis.call('ZADD', KEYS[2], ends, ARGV[1])
redis.call('PEXPIRE', KEYS[2], math.max(ARGV[5], redis.call('PTTL', KEYS[2])))
return 1
"""
# Sliding: each use gives it the idle time again, never beyond its end. An empty ARGV[2] leaves the data alone.
USE = """
local stored = redis.call('HMGET', KEYS[1], 'data', 'ends')
if not stored[1] then return false end
local time = redis.call('TIME')
local left = stored[2] - (time[1] * 1000 + math.floor(time[2] / 1000))
if left <= 0 then return false end
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'data', ARGV[2]) end
redis.call('PEXPIRE', KEYS[1], math.min(ARGV[1], left))
return stored[1]
"""
TAKE = """
local stored = redis.call('HMGET', KEYS[1], 'data', 'owner')
redis.call('DEL', KEYS[1])
return stored
"""


class SessionManager:
    """The sessions of one kind."""

    def __init__(
        self, kind: str, *, lifetime: float, idle: float | None = None, client: RedisClient | None = None
    ) -> None:
        if not NAMESPACE.fullmatch(kind):
            raise ValueError("A kind is made of small letters, digits and _ . -")
        self._lifetime = milliseconds(lifetime)
        self._idle = milliseconds(lifetime if idle is None else idle)
        # One hash tag for all of a kind: a script writes a session and its owner's index, which no other tag joins.
        self._root = f"{PREFIX}:{{session:{kind}}}:"
        self._given = client

    @property
    def client(self) -> RedisClient:
        return self._given or get_redis_client()

    def _key(self, digest: str) -> str:
        return self._root + digest

    def _index(self, owner: UUID | str) -> str:
        return f"{self._root}of:{owner}"

    def create(self, owner: UUID | str, data: Any) -> str:
        """Begin a session of `owner` and return its token, which is not kept anywhere."""
        token = secrets.token_urlsafe(32)
        digest = sha256_hex(token.encode())
        args = [digest, codec.encode(data), str(owner), self._idle, self._lifetime]
        self.client.run(CREATE, [self._key(digest), self._index(owner)], args)
        return token

    def get(self, token: str) -> Any:
        """Return the data and count it as a use; None for a token that is unknown or over."""
        return _data(self._use(token, b""))

    def update(self, token: str, data: Any) -> bool:
        """Replace the data; return False, and create nothing, where there is no such session."""
        return self._use(token, codec.encode(data)) is not None

    def refresh(self, token: str) -> bool:
        """Count a use without reading; return whether there is such a session."""
        return self._use(token, b"") is not None

    def _use(self, token: str, data: bytes) -> bytes | None:
        found: bytes | None = self.client.run(USE, [self._key(self._digest(token))], [self._idle, data])
        return found

    def take(self, token: str) -> Any:
        """End the session and return its data, to one caller only; None for a token that is unknown or over."""
        return _data(self._end(token))

    def delete(self, token: str) -> bool:
        """End the session; return whether there was one."""
        return self._end(token) is not None

    def _end(self, token: str) -> bytes | None:
        digest = self._digest(token)
        data, owner = self.client.run(TAKE, [self._key(digest)], [])
        if owner is not None:
            self.client.connection.zrem(self._index(owner.decode()), digest)
        found: bytes | None = data
        return found

    def count(self, owner: UUID | str) -> int:
        """Return how many sessions `owner` has."""
        keys = [self._key(digest) for digest in self._digests(owner)]
        return int(self.client.connection.exists(*keys)) if keys else 0

    def revoke_all(self, owner: UUID | str) -> int:
        """End every session that `owner` began before this call; return how many there were."""
        digests = self._digests(owner)
        if not digests:
            return 0
        with self.client.connection.pipeline() as steps:
            steps.delete(*(self._key(digest) for digest in digests))
            steps.zrem(self._index(owner), *digests)
            return int(steps.execute()[0])

    def _digests(self, owner: UUID | str) -> list[str]:
        members: Any = self.client.connection.zrange(self._index(owner), 0, -1)
        return [member.decode() for member in members]

    @staticmethod
    def _digest(token: str) -> str:
        return sha256_hex(token.encode("utf-8", "surrogatepass"))


def _data(stored: bytes | None) -> Any:
    """Read what was stored; what another version of the product wrote counts as over."""
    if stored is None:
        return None
    try:
        return codec.decode(stored)
    except codec.NotOursError:
        return None


def get_session_manager(
    kind: str = "session", *, lifetime: float = DEFAULT_SECONDS, idle: float | None = None
) -> SessionManager:
    """Return the sessions of one kind: over after `lifetime` seconds, and after `idle` seconds without use."""
    return SessionManager(kind, lifetime=lifetime, idle=idle)
