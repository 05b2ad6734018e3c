"""G12 can turn red."""

import time
from uuid import uuid4

import pytest

from common.redis import limiter
from tests.guarantees.rate_limits import check_many_threads, check_the_edge

pytestmark = pytest.mark.mutant

# The usual counter: it starts at the first request and forgets all of them at once.
FIXED_WINDOW = """
local used = redis.call('INCR', KEYS[1])
if used == 1 then redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[1] / 1000)) end
return {used <= tonumber(ARGV[2]) and 1 or 0, math.min(used, ARGV[2]), '0', '0'}
"""


def test_a_fixed_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "WINDOW", FIXED_WINDOW)
    check_many_threads()
    with pytest.raises(AssertionError, match="within one second"):
        check_the_edge()


def test_looking_and_counting_in_two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    real = limiter.RateLimiter._ask

    def in_two_steps(self: limiter.RateLimiter, subject: str, *, take: bool) -> limiter.Decision:
        found = real(self, subject, take=False)
        if found.allowed and take:
            self.client.connection.zadd(self._key(subject), {uuid4().hex: time.time_ns() // 1000})
        return found

    monkeypatch.setattr(limiter.RateLimiter, "_ask", in_two_steps)
    with pytest.raises(AssertionError, match="of 10 were admitted"):
        check_many_threads()
