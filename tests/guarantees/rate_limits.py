"""G12: a limit is exact, under concurrency and across every edge of a window."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from common.redis import Limit, get_rate_limiter

TEN = Limit("guarantee", requests=10, seconds=60)
SECOND = Limit("guarantee", requests=10, seconds=1)


def check_many_threads() -> None:
    """Thirty-two threads against a limit of ten."""
    limiter, subject, barrier = get_rate_limiter(TEN), str(uuid4()), threading.Barrier(32)

    def ask(_: int) -> int:
        barrier.wait()
        return sum(limiter.is_allowed(subject).allowed for _ in range(4))

    with ThreadPoolExecutor(32) as pool:
        admitted = sum(pool.map(ask, range(32)))
    assert admitted == 10, f"{admitted} of 10 were admitted"


def check_the_edge() -> None:
    """One request, nine just before its second is over: just after it there is room for one, not for ten."""
    limiter, subject = get_rate_limiter(SECOND), str(uuid4())
    began = time.monotonic()
    first = limiter.is_allowed(subject).allowed
    time.sleep(0.85)
    late = sum(limiter.is_allowed(subject).allowed for _ in range(9))
    time.sleep(max(0, began + 1.1 - time.monotonic()))
    after = sum(limiter.is_allowed(subject).allowed for _ in range(10))
    assert (first, late, after) == (True, 9, 1), f"{late} and then {after} were admitted within one second"
