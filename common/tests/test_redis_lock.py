"""The lock: one holder, only it lets go, and a number that always grows."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import redis
from redis.crc import key_slot

from common.redis import DistributedLock, LockBusy, get_lock, get_redis_client
from common.tests.elsewhere import away, start, together


@pytest.fixture
def name() -> str:
    return f"test-{uuid4()}"


def test_one_holds_it_and_the_other_does_not(name: str) -> None:
    one, other = get_lock(name), get_lock(name)
    assert one.acquire(blocking=False)
    assert not other.acquire(blocking=False)
    assert (one.is_locked(), other.owner()) == (True, one.token)
    assert one.release()
    assert not other.is_locked()
    assert other.acquire(blocking=False)


def test_only_the_holder_lets_go(name: str) -> None:
    one, other = get_lock(name), get_lock(name)
    one.acquire()
    other.token = "guessed"
    assert (other.release(), get_lock(name).release(), one.is_locked()) == (False, False, True)


def test_an_expired_holder_neither_releases_nor_extends_the_next_ones_lock(name: str) -> None:
    late, next_one = get_lock(name, seconds=0.05), get_lock(name)
    late.acquire()
    time.sleep(0.06)
    assert next_one.acquire(blocking=False)
    assert not late.extend()
    assert not late.release()
    assert next_one.owner() == next_one.token


def test_a_lock_ends_by_itself_unless_it_is_extended(name: str) -> None:
    one = get_lock(name, seconds=0.6)
    one.acquire()
    for _ in range(3):
        time.sleep(0.3)
        assert one.extend()
    assert one.is_locked()
    time.sleep(0.65)
    assert not one.is_locked()
    assert not one.extend()


def test_waiting_takes_as_long_as_said_or_until_it_is_free(name: str) -> None:
    one, other = get_lock(name, seconds=1), get_lock(name, wait=10)
    one.acquire()
    began = time.monotonic()
    assert not other.acquire(wait=0.1)
    assert time.monotonic() - began < 0.8
    assert other.acquire()
    assert 0.8 < time.monotonic() - began < 8
    assert get_lock(name, wait=None).acquire(blocking=False) is False


def test_a_block_holds_it_and_the_next_one_is_told_to_wait(name: str) -> None:
    with get_lock(name) as held:
        assert held.fence
        with pytest.raises(LockBusy) as busy, get_lock(name, wait=0):
            pass
    assert (busy.value.status, busy.value.code) == (503, "busy")
    assert not get_lock(name).is_locked()


def test_a_block_that_fails_gives_it_back(name: str) -> None:
    with pytest.raises(ZeroDivisionError), get_lock(name) as held:
        held.fence = 1 // 0
    assert not get_lock(name).is_locked()


def test_it_cannot_be_taken_twice_by_the_same_holder(name: str) -> None:
    one = get_lock(name)
    assert [one.acquire(blocking=False) for _ in range(2)] == [True, False]
    assert one.release()


def fences(name: str, count: int) -> list[int]:
    found = []
    for _ in range(count):
        with get_lock(name) as held:
            assert held.fence is not None
            found.append(held.fence)
    return found


def test_the_fencing_number_strictly_grows(name: str) -> None:
    numbers = fences(name, 200)
    assert numbers == sorted(set(numbers))


def test_it_also_grows_when_redis_forgot_it(name: str) -> None:
    before = fences(name, 50)[-1]
    get_redis_client().connection.flushdb()
    assert fences(name, 1)[0] > before


def test_a_lock_leaves_nothing_for_ever(name: str) -> None:
    with get_lock(name) as held:
        left: list[Any] = [held.client.connection.ttl(key) for key in (held.key, f"{held.key}:fence")]
    assert 0 < left[0] <= 30 < left[1] <= 8 * 86_400


RACE = """
from common.redis import get_lock, get_redis_client
get_redis_client().connection.ping()
print("ready", flush=True); sys.stdin.readline()
for _ in range(100):
    with get_lock(sys.argv[1], wait=30) as held:
        inside = get_redis_client().connection.incr("inside:" + sys.argv[1])
        get_redis_client().connection.rpush("fences:" + sys.argv[1], held.fence)
        get_redis_client().connection.decr("inside:" + sys.argv[1])
        print(inside)
"""


def test_two_processes_are_never_both_inside_and_their_numbers_grow_in_order(name: str) -> None:
    assert together([start(RACE, name) for _ in range(2)]) == ["1"] * 200
    stored: Any = get_redis_client().connection.lrange(f"fences:{name}", 0, -1)
    numbers = [int(number) for number in stored]
    assert len(numbers) == 200
    assert numbers == sorted(set(numbers))


def test_threads_are_never_both_inside(name: str) -> None:
    inside: list[int] = []

    def enter(number: int) -> int:
        with get_lock(name, wait=30):
            inside.append(number)
            time.sleep(0.005)
            most = len(inside)
            inside.remove(number)
            return most

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(enter, range(32))) == {1}


@pytest.mark.parametrize("bad", ["", "a{b}", "}"])
def test_a_name_keeps_the_keys_of_a_lock_in_one_slot(bad: str, name: str) -> None:
    with pytest.raises(ValueError, match="braces"):
        get_lock(bad)
    key = get_lock(name).key
    assert key_slot(key.encode()) == key_slot(f"{key}:fence".encode()) == key_slot(name.encode())


def test_without_redis_nobody_holds_it() -> None:
    gone = DistributedLock("a", client=away())
    for ask in (gone.acquire, gone.owner, gone.is_locked):
        with pytest.raises(redis.RedisError):
            ask()
    assert gone.token is None


def test_a_block_whose_lock_cannot_be_given_back_has_still_done_its_work(name: str) -> None:
    held = get_lock(name)
    with held:
        held._given = away()
    assert get_lock(name).is_locked()  # until its lifetime is over
