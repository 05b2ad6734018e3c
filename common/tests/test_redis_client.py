"""The client: one pool for each process, safe for threads and forks, and honest about its health."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django_redis import get_redis_connection

from common.redis import RedisClient, client, get_redis_client
from common.tests.elsewhere import away, said_by, start


def test_all_threads_of_a_process_share_one_client() -> None:
    client.reset()
    barrier = Barrier(32)

    def ask(_: int) -> tuple[int, int]:
        barrier.wait()
        found = get_redis_client()
        assert found.connection.ping()
        return id(found), id(found.connection.connection_pool)

    with ThreadPoolExecutor(32) as pool:
        assert len(set(pool.map(ask, range(32)))) == 1


def test_djangos_cache_uses_the_same_pool() -> None:
    pool = get_redis_client().connection.connection_pool
    assert get_redis_connection("default").connection_pool is pool
    with ThreadPoolExecutor(1) as other:  # Django makes a cache for each thread
        assert other.submit(lambda: get_redis_connection("default").connection_pool).result() is pool


def test_djangos_cache_keeps_types() -> None:
    cache.set("a", {"when": (1, b"2")}, 10)
    assert cache.get("a") == {"when": (1, b"2")}


def test_the_pool_has_limits() -> None:
    pool: Any = get_redis_client().connection.connection_pool
    assert pool.max_connections == settings.REDIS_POOL["max_connections"] == 50
    assert pool.connection_kwargs["socket_timeout"] == pool.connection_kwargs["socket_connect_timeout"] == 1


def test_who_finds_the_pool_used_up_waits_for_a_connection_and_not_for_ever() -> None:
    small = RedisClient(settings.REDIS_CACHE_URL, max_connections=1, socket_timeout=0.2)
    held = small.connection.connection_pool.get_connection()
    with pytest.raises(redis.ConnectionError):
        small.connection.ping()
    small.connection.connection_pool.release(held)
    assert small.connection.ping()
    small.close()


def test_each_logical_server_has_a_client() -> None:
    clients = {get_redis_client(server) for server in ("cache", "broker", "channels")}
    assert len(clients) == 3
    assert all(found.health().ok for found in clients)


def test_another_configuration_is_not_ignored(settings: Any) -> None:
    before = get_redis_client()
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": settings.REDIS_BROKER_URL}}
    assert get_redis_client() is get_redis_client("broker") is not before


def test_a_closed_client_connects_again() -> None:
    one = RedisClient.from_url(settings.REDIS_CACHE_URL)
    assert one.connection.ping()
    one.close()
    one.close()
    assert one.connection.ping()
    one.close()


def test_reset_forgets_the_clients_of_the_process() -> None:
    before = get_redis_client()
    client.reset()
    assert get_redis_client() is not before
    assert get_redis_client().connection.ping()


def test_health_says_what_the_server_says() -> None:
    health = get_redis_client().health()
    assert (health.ok, health.role, health.error) == (True, "master", None)
    assert health.latency_ms is not None
    assert 0 < health.latency_ms < 1000
    assert health.version
    assert health.used_memory
    assert health.used_memory > 100_000


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("redis://:a-password@127.0.0.1:1/0", "ConnectionError"),
        ("redis://:a-password@no-such-host.invalid/0", "ConnectionError"),
        ("rediss://:a-password@127.0.0.1:1/0?ssl_cert_reqs=sometimes", "RedisError"),
        ("http://:a-password@127.0.0.1/", "ValueError"),
        ("redis://:a-password@127.0.0.1:port/", "ValueError"),
        ("", "ValueError"),
    ],
)
def test_health_of_a_server_that_is_away_never_raises_and_never_tells_the_address(url: str, error: str) -> None:
    health = RedisClient.from_url(url).health()
    assert (health.ok, health.error) == (False, error)
    assert "a-password" not in repr(health)
    assert "127.0.0.1" not in repr(health)


with_password = pytest.mark.skipif("@" not in settings.REDIS_CACHE_URL, reason="the server given asks for no password")


@with_password
def test_a_wrong_password_is_an_unhealthy_server() -> None:
    address = settings.REDIS_CACHE_URL.rpartition("@")[2]
    assert RedisClient.from_url(f"redis://:wrong@{address}").health().error == "AuthenticationError"


@with_password
def test_a_client_does_not_show_its_password() -> None:
    assert "a-password" not in repr(away()) + str(away())
    password = settings.REDIS_CACHE_URL.rpartition("@")[0].rpartition(":")[2]
    assert password not in repr(get_redis_client().connection)


def test_a_silent_server_is_given_up_after_a_second() -> None:
    """A server that accepts and never answers; without a limit this would hang."""
    slow = RedisClient(settings.REDIS_CACHE_URL, max_connections=1, socket_timeout=0.2)
    with pytest.raises(redis.TimeoutError):
        slow.connection.blpop([f"nothing:{id(slow)}"], timeout=5)
    slow.close()


FORK = """
import os
from common.redis import get_redis_client
held = get_redis_client()
assert held.connection.ping()
ours = held.connection.connection_pool
parent = os.getpid()
children = [pid for pid in (os.fork() for _ in range(2)) if os.getpid() == parent]
mine = get_redis_client()
if os.getpid() != parent:
    assert mine is not held, "the child has the parent's client"
    assert held.connection.connection_pool is not ours, "a held client keeps the parent's pool"
me = str(os.getpid())
for number in range(2000):
    client = held if number % 2 else mine
    assert client.connection.echo(f"{me}:{number}") == f"{me}:{number}".encode(), "somebody else's answer"
if os.getpid() != parent:
    os._exit(0)
assert [os.waitpid(child, 0)[1] for child in children] == [0] * len(children)
print(len(children))
"""


def test_a_forked_child_talks_on_connections_of_its_own() -> None:
    assert "2" in said_by(start(FORK))


FORK_WHILE_LOCKED = """
import os, threading
from common.redis import client, get_redis_client
client._lock.acquire()
child = os.fork()
if child == 0:
    os._exit(0 if get_redis_client().connection.ping() else 1)
print(os.waitpid(child, 0)[1])
"""


def test_a_child_forked_while_a_thread_held_the_lock_does_not_hang() -> None:
    assert said_by(start(FORK_WHILE_LOCKED)) == ["0"]
