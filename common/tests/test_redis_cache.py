"""The cache manager: exact values, explicit lifetimes, namespaces."""

import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import redis

from common.redis import CacheManager, get_cache_manager, get_redis_client
from common.redis.codec import NotStorableError
from common.tests.elsewhere import away


@pytest.fixture
def store() -> CacheManager:
    return get_cache_manager(f"test-{uuid4()}")


@pytest.mark.parametrize(
    "value",
    ["123", b"123", 123, -5, 2**70, True, None, 1.5, Decimal("1.50"), uuid4(), (1, [2], {"a": b"c"}), "-", "--1"],
)
def test_what_was_set_comes_back(store: CacheManager, value: Any) -> None:
    assert store.set("a", value)
    back = store.get("a", "default")
    assert (type(back), back) == (type(value), value)


def test_what_is_not_there_is_the_default(store: CacheManager) -> None:
    assert (store.get("a"), store.get("a", 1)) == (None, 1)


def test_every_entry_ends_unless_it_is_said_to_stay(store: CacheManager) -> None:
    store.set("default", 1)
    store.set("short", 1, ttl=0.05)
    store.set("stays", 1, persist=True)
    assert 0 < store.ttl("default") <= 300
    assert (store.ttl("stays"), store.ttl("missing")) == (-1, -2)
    time.sleep(0.06)
    assert (store.get("short"), store.get("stays")) == (None, 1)
    assert get_cache_manager("test", default_ttl=7).set("a", 1)
    assert get_cache_manager("test").ttl("a") == 7


@pytest.mark.parametrize("ttl", [0, -1, float("nan")])
def test_a_lifetime_of_nothing_is_refused(store: CacheManager, ttl: float) -> None:
    with pytest.raises(ValueError, match="lifetime"):
        store.set("a", 1, ttl=ttl)
    with pytest.raises(ValueError, match="lifetime"):
        store.increment("a", ttl=ttl)
    assert not store.exists("a")


def test_what_stays_has_no_lifetime(store: CacheManager) -> None:
    with pytest.raises(ValueError, match="persist"):
        store.set("a", 1, ttl=5, persist=True)


def test_a_value_without_an_exact_form_is_refused(store: CacheManager) -> None:
    with pytest.raises(NotStorableError):
        store.set("a", object())


def test_deleting_and_asking(store: CacheManager) -> None:
    store.set("a", 1)
    store.set("b", None)
    assert (store.exists("a"), store.exists("x"), store.exists("x", "b"), store.exists()) == (True, False, True, False)
    assert (store.delete(), store.delete("a", "b", "x"), store.exists("a", "b")) == (0, 2, False)


def test_namespaces_do_not_meet(store: CacheManager) -> None:
    other = get_cache_manager(f"test-{uuid4()}")
    store.set("a", 1)
    assert other.get("a") is None
    assert other.clear_pattern("a*") == 0
    for bad in ("", "a:b", "a*", "A", "a b"):
        with pytest.raises(ValueError, match="namespace"):
            CacheManager(bad)


def test_a_pattern_clears_thousands_in_batches_and_nothing_else(store: CacheManager) -> None:
    with get_redis_client().connection.pipeline() as steps:
        for number in range(1203):
            steps.set(store.name(f"user:{number}"), "1")
        steps.set(store.name("team:1"), "1")
        steps.execute()
    before = commands()
    assert store.clear_pattern("user:*") == 1203
    used = {name: count - before.get(name, 0) for name, count in commands().items()}
    assert 3 <= used["cmdstat_unlink"] < 10
    assert used["cmdstat_scan"] >= 3
    assert used.get("cmdstat_keys", 0) == used.get("cmdstat_del", 0) == 0
    assert store.exists("team:1")


def commands() -> dict[str, int]:
    """Return how often the server ran each command."""
    said: Any = get_redis_client().connection.info("commandstats")
    return {name: entry["calls"] for name, entry in said.items()}


@pytest.mark.parametrize("pattern", ["*", "", "**", "?*"])
def test_a_whole_namespace_is_not_cleared_by_accident(store: CacheManager, pattern: str) -> None:
    store.set("a", 1)
    with pytest.raises(ValueError, match="name a part"):
        store.clear_pattern(pattern)
    assert store.exists("a")


def test_counters(store: CacheManager) -> None:
    assert [store.increment("n"), store.increment("n", 5), store.decrement("n", 2), store.get("n")] == [1, 6, 4, 4]
    assert store.ttl("n") == -1
    store.set("set", 10, ttl=50)
    assert store.increment("set", ttl=5) == 11
    assert store.ttl("set") > 5


def test_a_counter_gets_its_lifetime_with_its_first_step_only(store: CacheManager) -> None:
    assert store.increment("n", ttl=0.6) == 1
    time.sleep(0.35)
    assert store.increment("n", ttl=0.6) == 2
    time.sleep(0.35)
    assert store.get("n") is None


def test_a_counter_loses_nothing_to_threads(store: CacheManager) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(lambda _: store.increment("n"), range(200))) == list(range(1, 201))


def test_only_a_number_is_counted_on(store: CacheManager) -> None:
    store.set("a", "text")
    with pytest.raises(redis.ResponseError):
        store.increment("a")


def test_what_somebody_else_wrote_is_no_value(store: CacheManager) -> None:
    for foreign in (b"\x80\x04K\x01.", b'{"v":0,"d":1}', b"text", b"--5"):
        get_redis_client().connection.set(store.name("a"), foreign)
        assert store.get("a", "default") == "default"


def test_a_cache_that_is_away_is_an_empty_one() -> None:
    gone = CacheManager("test", client=away())
    assert (gone.get("a"), gone.get("a", 1), gone.set("a", 1)) == (None, 1, False)


def test_what_one_builds_on_is_not_made_up_without_redis() -> None:
    gone = CacheManager("test", client=away())
    for ask in (gone.delete, gone.exists, gone.increment, gone.decrement, gone.ttl, gone.clear_pattern):
        with pytest.raises(redis.RedisError):
            ask("a")
