"""The limiter: never more than N in any window, with Redis and without (G12, see tests/guarantees too)."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import TooManyRequests
from common.redis import Decision, Limit, RateLimiter, WithoutRedis, get_rate_limiter, get_redis_client, limiter
from common.tests.elsewhere import away, start, together

TEN = Limit("ten", requests=10, seconds=60)
SHORT = Limit("short", requests=2, seconds=1)


def someone() -> str:
    return str(uuid4())


def counted(limit: Limit, subject: str) -> list[int]:
    """Return the moments, in microseconds of the server's clock, that are in the window now."""
    key = RateLimiter(limit)._key(subject)
    stored: Any = get_redis_client().connection.zrange(key, 0, -1, withscores=True)
    return [int(score) for _, score in stored]


def test_a_decision_is_the_four_things_a_caller_needs() -> None:
    subject = someone()
    allowed, remaining, reset_at, retry_after = get_rate_limiter(TEN).is_allowed(subject)
    assert (allowed, remaining, retry_after) == (True, 9, 0)
    assert timedelta(seconds=58) < reset_at - datetime.now(UTC) <= timedelta(seconds=60, milliseconds=100)


def test_the_eleventh_is_told_when_there_will_be_room_again() -> None:
    subject = someone()
    decisions = [get_rate_limiter(TEN).is_allowed(subject) for _ in range(11)]
    assert [decision.remaining for decision in decisions] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]
    refused = decisions[-1]
    assert (refused.allowed, refused.retry_after in {59, 60}) == (False, True)
    assert refused.reset_at - datetime.now(UTC) <= timedelta(seconds=60)
    with pytest.raises(TooManyRequests) as refusal:
        refused.require()
    assert refusal.value.extra == {"retry_after": refused.retry_after}
    decisions[0].require()


def test_asking_what_is_left_counts_nothing() -> None:
    subject = someone()
    limited = get_rate_limiter(TEN)
    assert [limited.get_remaining(subject) for _ in range(20)] == [10] * 20
    limited.is_allowed(subject)
    assert limited.get_remaining(subject) == 9


def test_reset_forgets_one_subject() -> None:
    one, other = someone(), someone()
    limited = get_rate_limiter(SHORT)
    for subject in (one, one, other):
        limited.is_allowed(subject)
    limited.reset(one)
    assert (limited.get_remaining(one), limited.get_remaining(other)) == (2, 1)


def test_room_is_there_after_the_time_that_was_told() -> None:
    subject = someone()
    limited = get_rate_limiter(SHORT)
    assert [limited.is_allowed(subject).allowed for _ in range(3)] == [True, True, False]
    time.sleep(limited.is_allowed(subject).retry_after)
    assert limited.is_allowed(subject).allowed


def test_policies_never_share_a_counter() -> None:
    subject = someone()
    policies = [TEN, Limit("ten", 10, 61), Limit("ten", 11, 60), Limit("eleven", 10, 60)]
    get_rate_limiter(TEN).is_allowed(subject)
    assert [get_rate_limiter(policy).get_remaining(subject) for policy in policies] == [9, 10, 11, 10]


def test_a_subject_is_not_stored_in_clear() -> None:
    subject = f"{uuid4()}@example.org"
    get_rate_limiter(TEN).is_allowed(subject)
    stored: Any = get_redis_client().connection.scan_iter(match="cm:limit:*")
    assert not any(subject.encode() in key for key in stored)


def test_a_counter_always_has_an_end() -> None:
    subject = someone()
    get_rate_limiter(SHORT).is_allowed(subject)
    left: Any = get_redis_client().connection.pttl(RateLimiter(SHORT)._key(subject))
    assert 0 < left <= 1000


def test_any_text_is_a_subject() -> None:
    assert all(get_rate_limiter(TEN).is_allowed(text + someone()).allowed for text in ("", "\ud800", "a:b{c}\0"))


def windows_hold(moments: list[int], limit: Limit) -> bool:
    """Whether no window holds more than the limit: each entry and the N-th after it are a whole window apart."""
    ordered = sorted(moments)
    pairs = zip(ordered, ordered[limit.requests :], strict=False)
    return all(later - earlier >= limit.seconds * 1_000_000 for earlier, later in pairs)


HAMMER = """
import time
from common.redis import Limit, get_rate_limiter, get_redis_client
limited = get_rate_limiter(Limit("edge", requests=20, seconds=1))
get_redis_client().connection.ping()
print("ready", flush=True); sys.stdin.readline()
end = time.monotonic() + 2.5
while time.monotonic() < end:
    began = time.time_ns()
    if limited.is_allowed(sys.argv[1]).allowed:
        print(began // 1000, time.time_ns() // 1000)
"""


def test_two_processes_never_get_more_than_the_limit_in_any_window() -> None:
    """The moments are those of the callers' own clock: a call was admitted between its beginning and its end."""
    subject = someone()
    words = [int(word) for word in together([start(HAMMER, subject) for _ in range(2)])]
    spans = sorted(zip(words[::2], words[1::2], strict=True))
    assert 40 <= len(spans) <= 60  # two and a half windows of twenty, used up at once each time
    for first in range(len(spans) - 20):
        # In the order in which they began; who began last of these is not always who was admitted last.
        ended = max(end for _, end in spans[first : first + 21])
        assert ended - spans[first][0] >= 1_000_000, "twenty-one were admitted inside one second"


schedules = st.tuples(
    st.integers(1, 5), st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.05, 0.3, 0.6]), min_size=6, max_size=12)
)


@settings(max_examples=3, deadline=None)
@given(st.lists(schedules, min_size=16, max_size=16))
def test_no_window_ever_holds_more_than_the_limit(together: list[tuple[int, list[float]]]) -> None:
    """Sixteen callers at a time, because real windows take real time."""
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda schedule: follow(*schedule), together))


def follow(requests: int, pauses: list[float]) -> None:
    limit, subject = Limit("any", requests, 1), someone()
    seen: set[int] = set()
    for pause in pauses:
        time.sleep(pause)
        decision = get_rate_limiter(limit).is_allowed(subject)
        now = counted(limit, subject)
        assert len(now) <= requests
        assert decision.allowed or len(now) == requests, "refused although there was room"
        seen.update(now)
    assert windows_hold(sorted(seen), limit)


# --- without Redis --------------------------------------------------------------------------------------------------


@given(requests=st.integers(1, 5), pauses=st.lists(st.integers(0, 7), max_size=60))
def test_the_window_of_a_process_holds_the_same_limit(requests: int, pauses: list[int]) -> None:
    limit, now = Limit("local", requests, 10), 1000.0
    window = limiter.LocalWindow(limit, clock=lambda: now)
    admitted: list[int] = []
    for pause in pauses:
        now += pause
        room = sum(moment > now - 10 for moment in admitted) < requests
        decision = window.ask("a", take=True)
        assert decision.allowed == room
        assert decision.allowed or 1 <= decision.retry_after <= 10
        if room:
            admitted.append(int(now))
    assert windows_hold([moment * 1_000_000 for moment in admitted], limit)


def without_redis(how: WithoutRedis, requests: int = 10) -> RateLimiter:
    return RateLimiter(Limit(someone(), requests, 60, how), client=away())


def test_without_redis_the_process_counts_exactly() -> None:
    limited, subject = without_redis(WithoutRedis.LOCAL), someone()
    with ThreadPoolExecutor(32) as pool:
        allowed = list(pool.map(lambda _: limited.is_allowed(subject).allowed, range(128)))
    assert sum(allowed) == 10
    assert limited.get_remaining(subject) == 0


def test_a_limit_that_fails_open_lets_everybody_through() -> None:
    limited = without_redis(WithoutRedis.OPEN, requests=1)
    assert [limited.is_allowed("a")[:2] for _ in range(3)] == [(True, 1)] * 3


def test_a_limit_that_fails_closed_lets_nobody_through_and_says_when_to_try_again() -> None:
    decision = without_redis(WithoutRedis.CLOSED).is_allowed("a")
    assert (decision.allowed, decision.remaining, decision.retry_after) == (False, 0, limiter.CLOSED_SECONDS)
    assert isinstance(decision, Decision)


def test_the_window_of_a_process_forgets_whom_it_has_not_seen_for_long() -> None:
    now = 0.0
    window = limiter.LocalWindow(Limit("local", 3, 10), clock=lambda: now)
    for number in range(1000):
        window.ask(f"{number}", take=True)
    now = 5.0
    window.ask("0", take=True)
    now = 10.0
    window.ask("another", take=False)
    assert len(window) == 1  # only 0, who asked again
    now = 15.0
    window.sweep()
    assert len(window) == 0


def test_the_window_of_a_process_never_keeps_more_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "MAX_SUBJECTS", 100)
    window = limiter.LocalWindow(TEN)
    for number in range(1000):
        window.ask(f"{number}", take=True)
    assert len(window) == 100


def test_what_a_process_counted_is_dropped_when_redis_is_back() -> None:
    limit = Limit(someone(), 5, 1)
    RateLimiter(limit, client=away()).is_allowed("a")
    assert len(limiter._windows[limit]) == 1
    time.sleep(1.01)
    get_rate_limiter(limit).is_allowed("a")
    assert len(limiter._windows[limit]) == 0
