"""`@cache_result`: the right answer, once, for everybody who may have it."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.crc import key_slot

from common.redis import cache_result, get_cache_manager, results
from common.redis.codec import NotStorableError
from common.tenancy.guard import ActiveTenant, active_tenant
from common.tests.elsewhere import AWAY, start, together


class Calls:
    """Count calls and answer with their number."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()

    def __call__(self) -> int:
        with self._lock:
            self.count += 1
            return self.count


@pytest.fixture
def calls() -> Calls:
    return Calls()


def test_a_function_is_called_once_for_the_same_arguments_however_they_are_written(calls: Calls) -> None:
    @cache_result(ttl_seconds=60)
    def f(a: int, b: int = 2) -> tuple[int, int, int]:
        return (a, b, calls())

    assert [f(1), f(1, 2), f(a=1), f(b=2, a=1), f(2)] == [(1, 2, 1)] * 4 + [(2, 2, 2)]


def test_none_is_remembered(calls: Calls) -> None:
    @cache_result()
    def f() -> None:
        calls()

    assert (f(), f(), calls.count) == (None, None, 1)


def test_arguments_that_look_alike_are_told_apart() -> None:
    @cache_result()
    def g(*args: Any, **kwargs: Any) -> str:
        return repr((args, kwargs))

    alike: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        *((("a:b", "c"), {}), (("a", "b:c"), {}), (("a", "b", "c"), {}), (("a:b:c",), {}), (("a",), {"b": "c"})),
        *(((1,), {}), (("1",), {}), ((1.0,), {}), ((True,), {}), ((b"1",), {}), ((UUID(int=1),), {}), (((1,),), {})),
        *(
            (([1],), {}),
            ((None,), {}),
            (("None",), {}),
            ((), {}),
            ((), {"a": None}),
            (("a=None",), {}),
            (({"a": 1},), {}),
        ),
    ]
    for _ in range(2):
        assert [g(*args, **kwargs) for args, kwargs in alike] == [repr(call) for call in alike]


texts = st.text(st.sampled_from('ab:,"{}[]\\|='), max_size=4)
arguments = st.tuples(st.lists(texts | st.integers(0, 2), max_size=3), st.dictionaries(texts, texts, max_size=2))


@settings(deadline=None)
@given(arguments, arguments)
def test_no_two_different_calls_share_a_key(
    one: tuple[list[Any], dict[str, str]], other: tuple[list[Any], dict[str, str]]
) -> None:
    def g(*args: Any, **kwargs: Any) -> None: ...

    memory = results.Memory(g)
    keys = {memory.entry(tuple(args), kwargs)._key for args, kwargs in (one, other)}
    assert len(keys) == (1 if one == other else 2)


def made(module: str, qualname: str, version: int | str = 1) -> str:
    def f() -> None: ...

    f.__module__, f.__qualname__ = module, qualname
    return results.Memory(f, version=version).entry((), {})._lock.key


def test_functions_modules_and_versions_have_keys_of_their_own() -> None:
    keys = [made("a", "b.c"), made("a.b", "c"), made("a", "b"), made("a", "b", 2), made("a", "b", "1")]
    assert len(set(keys)) == len(keys)


@pytest.fixture
def as_tenant() -> Iterator[Any]:
    token = active_tenant.set(None)
    yield lambda tenant_id: active_tenant.set(ActiveTenant(tenant_id))
    active_tenant.reset(token)


def test_a_tenant_never_gets_the_answer_of_another(as_tenant: Any, calls: Calls) -> None:
    @cache_result()
    def f() -> int:
        return calls()

    one, other = uuid4(), uuid4()
    answers = [f()]
    for tenant in (one, other, one):
        as_tenant(tenant)
        answers.append(f())
    assert answers == [1, 2, 3, 2]
    assert f.invalidate()
    as_tenant(other)
    assert f() == 3


def test_an_object_without_a_plain_form_is_refused_as_an_argument_and_a_key_helps(calls: Calls) -> None:
    class Report:
        @cache_result(key=lambda self, day: day)
        def total(self, day: int) -> int:
            return calls()

        @cache_result()
        def other(self) -> int:
            return calls()

    total: Any = Report.total
    assert [total(Report(), 1), total(Report(), 1), total(Report(), 2)] == [1, 1, 2]
    with pytest.raises(NotStorableError, match="give key="):
        Report.other(Report())


def test_a_result_without_an_exact_form_is_refused_and_blocks_nobody() -> None:
    @cache_result()
    def f() -> object:
        return object()

    for _ in range(2):
        with pytest.raises(NotStorableError):
            f()


def test_what_unless_names_is_not_remembered(calls: Calls) -> None:
    @cache_result(unless=lambda result: result < 3)
    def f() -> int:
        return calls()

    assert [f() for _ in range(5)] == [1, 2, 3, 3, 3]


def test_an_error_is_not_remembered(calls: Calls) -> None:
    @cache_result()
    def f() -> int:
        if calls() == 1:
            raise LookupError
        return 7

    with pytest.raises(LookupError):
        f()
    assert (f(), f(), calls.count) == (7, 7, 2)


def test_a_result_ends_with_its_lifetime(calls: Calls) -> None:
    @cache_result(ttl_seconds=0.5)
    def f() -> int:
        return calls()

    assert [f(), f()] == [1, 1]
    time.sleep(0.55)
    assert f() == 2
    with pytest.raises(ValueError, match="lifetime"):
        cache_result(ttl_seconds=0)(f)


def test_invalidating_forgets_one_call(calls: Calls) -> None:
    @cache_result()
    def f(a: int) -> int:
        return calls()

    assert [f(1), f(2)] == [1, 2]
    assert (f.invalidate(a=1), f.invalidate(3)) == (True, False)
    assert [f(1), f(2)] == [3, 2]


def test_results_live_in_their_namespace_and_can_be_cleared_by_function() -> None:
    prefix = f"test-{uuid4()}"

    @cache_result(key_prefix=prefix)
    def f(a: int) -> int:
        return a

    assert [f(1), f(2)] == [1, 2]
    assert get_cache_manager(prefix).clear_pattern("common.tests.test_redis_results.*") == 2


def test_of_thirty_two_who_miss_at_once_one_computes(calls: Calls) -> None:
    @cache_result()
    def f() -> int:
        time.sleep(0.2)
        return calls()

    barrier = threading.Barrier(32)

    def ask(_: int) -> int:
        barrier.wait()
        return f()

    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(ask, range(32))) == {1}


STAMPEDE = """
import time
from common.redis import cache_result, get_cache_manager, get_redis_client
runs = get_cache_manager("runs")
def slow(mark):
    time.sleep(0.3)
    return runs.increment(mark)
slow.__module__ = "stampede"
slow = cache_result()(slow)
get_redis_client().connection.ping()
print("ready", flush=True); sys.stdin.readline()
print(slow(sys.argv[1]))
"""


def test_of_two_processes_that_miss_at_once_one_computes() -> None:
    mark = str(uuid4())
    assert together([start(STAMPEDE, mark) for _ in range(2)]) == ["1", "1"]
    assert get_cache_manager("runs").get(mark) == 1


def test_who_waits_for_a_computer_that_died_computes_in_the_end(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "WAIT_SECONDS", 0.1)

    def count() -> int:
        return calls()

    entry, f = results.Memory(count).entry((), {}), cache_result()(count)
    assert entry.look() is results.State.OURS
    assert (f(), f()) == (1, 2)
    entry.give_up()
    assert (f(), f()) == (3, 3)


def test_what_was_computed_before_an_invalidation_is_not_kept() -> None:
    state, began, go_on = {"value": "old"}, threading.Event(), threading.Event()

    @cache_result()
    def f() -> str:
        value = state["value"]
        if value == "old":
            began.set()
            go_on.wait(5)
        return value

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(f)
        assert began.wait(5)
        state["value"] = "new"
        f.invalidate()
        assert f() == "new"
        go_on.set()
        assert slow.result() == "old"
    assert f() == "new"


def test_without_redis_the_function_is_called(calls: Calls, settings: Any) -> None:
    @cache_result(key_prefix="gone")
    def f() -> int:
        return calls()

    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": AWAY}}
    assert [f(), f()] == [1, 2]
    with pytest.raises(redis.RedisError):
        f.invalidate()


def test_redis_may_vanish_while_a_result_is_computed(settings: Any) -> None:
    caches = settings.CACHES

    @cache_result()
    def f() -> int:
        settings.CACHES = {"default": caches["default"] | {"LOCATION": AWAY}}
        return 7

    assert f() == 7
    settings.CACHES = caches


async def test_an_async_function_is_remembered_too(calls: Calls) -> None:
    @cache_result()
    async def f(a: int) -> tuple[int, int]:
        await asyncio.sleep(0.1)
        return (a, calls())

    answers = await asyncio.gather(*(f(1) for _ in range(20)))
    assert set(answers) == {(1, 1)}
    assert await f(2) == (2, 2)
    assert await asyncio.to_thread(f.invalidate, 1)
    assert await f(1) == (1, 3)


async def test_an_async_call_that_is_cancelled_lets_the_next_one_compute(calls: Calls) -> None:
    @cache_result()
    async def f() -> int:
        if calls() == 1:
            await asyncio.sleep(30)
        return calls.count

    first = asyncio.create_task(f())
    while not calls.count:
        await asyncio.sleep(0.01)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await asyncio.wait_for(f(), 5) == 2


def test_a_value_and_its_lock_lie_in_one_slot_of_a_cluster() -> None:
    entry = results.Memory(someone_elses_function).entry((), {})
    name = entry._manager.name(entry._key)
    assert key_slot(name.encode()) == key_slot(entry._lock.key.encode())


def someone_elses_function() -> None: ...
