"""Small clients of the API: one connection each, reopened when it breaks, every answer checked."""

import http.client
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode

TIMEOUT = 60
IDLE_SECONDS = 3
"""after which a connection is not used again: the server closes those that are quiet for five"""


class Caller:
    """Somebody with a credential. One thread at a time; `again` gives another one a connection of its own."""

    def __init__(self, address: str, headers: dict[str, str]) -> None:
        self.address, self.headers = address, headers
        self.connection = http.client.HTTPConnection(address, timeout=TIMEOUT)
        self.used = time.monotonic()

    def again(self) -> "Caller":
        return Caller(self.address, self.headers)

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Send a request to a path below /api/v1/, or an absolute one; return status and content."""
        target = path if path.startswith("/") else f"/api/v1/{path}"
        raw = None if body is None else json.dumps(body).encode()
        sent = self.headers | (headers or {}) | ({"Content-Type": "application/json"} if raw else {})
        if time.monotonic() - self.used > IDLE_SECONDS:
            self.connection.close()
        self.connection.request(method, target, raw, sent)
        answer = self.connection.getresponse()
        content = answer.read()
        self.used = time.monotonic()
        return answer.status, content

    def json(
        self, method: str, path: str, body: Any = None, status: int = 200, headers: dict[str, str] | None = None
    ) -> Any:
        """Send a request and return its answer; raises `AssertionError` unless it has this status."""
        code, content = self.call(method, path, body, headers)
        assert code == status, (method, path, code, content[:500])
        return json.loads(content) if content else None


def sign_in(url: str, email: str, password: str) -> Caller:
    """Sign in through the form, as a browser does, and return a caller with the session."""
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    opener.open(f"{url}/sign-in/", timeout=TIMEOUT).close()
    form = {"email": email, "password": password, "csrfmiddlewaretoken": csrf_of(jar)}
    opener.open(f"{url}/sign-in/", urlencode(form).encode(), timeout=TIMEOUT).close()
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
    caller = Caller(url.removeprefix("http://"), {"Cookie": cookies, "X-CSRFToken": csrf_of(jar)})
    assert caller.json("GET", "me/")["user"]["email"] == email
    return caller


def csrf_of(jar: CookieJar) -> str:
    return next(cookie.value or "" for cookie in jar if "csrf" in cookie.name)


@dataclass(slots=True)
class Times:
    """How long each of some equal things took, in seconds, and how long all of them took together."""

    each: list[float] = field(default_factory=list)
    elapsed: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    """processor time of all of it, in seconds, by process"""

    def cpu_ms(self, process: str) -> float:
        """Return the processor time of one of the things, in milliseconds."""
        return 1000 * self.cpu[process] / len(self.each)

    @property
    def per_second(self) -> float:
        return len(self.each) / self.elapsed

    def ms(self, percent: int) -> float:
        """Return a percentile in milliseconds."""
        return 1000 * (
            quantiles(self.each, n=100, method="inclusive")[percent - 1] if len(self.each) > 1 else self.each[0]
        )


def together(works: Sequence[Callable[[], None]]) -> float:
    """Run all at the same time; return the seconds until the last has ended, and raise what one of them raised."""
    failed: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    if failed:
        raise failed[0]
    return elapsed
