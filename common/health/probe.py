"""Asking without waiting for ever: one thread per dependency, one answer for all who ask within two seconds.

A server that was stopped in the middle of an answer (SIGSTOP, a dead network) keeps whoever asked it: no time limit of
its own can help. So the question runs in a thread that may stay behind, and no second one starts while it does.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from django.db import connections

from common.health.words import Component, Finding, Health

logger = logging.getLogger("countermark.health")

PATIENCE_SECONDS = 2.0
KEEP_SECONDS = 2.0
TOO_LATE = Finding(Health.UNHEALTHY, f"no answer within {PATIENCE_SECONDS:g} s")
FAILED = Finding(Health.UNHEALTHY, "cannot be reached")


class Probe:
    """One dependency: how to ask it, and what it last said."""

    def __init__(self, name: str, check: Callable[[], Finding], *, keep_seconds: float = KEEP_SECONDS) -> None:
        self.name, self.check, self.keep_seconds = name, check, keep_seconds
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._done.set()
        self._asked_at = 0.0
        self._last: Component | None = None

    def begin(self) -> None:
        """Ask, unless somebody is asking or the last answer is fresh."""
        with self._lock:
            if not self._done.is_set() or (self._last and time.monotonic() - self._asked_at < self.keep_seconds):
                return
            self._done.clear()
            self._asked_at = time.monotonic()
            threading.Thread(target=self._ask, name=f"health-{self.name}", daemon=True).start()

    def answer(self) -> Component:
        """Return the answer; one that does not come within PATIENCE_SECONDS of the question is a failure."""
        left = self._asked_at + PATIENCE_SECONDS - time.monotonic()
        if self._done.wait(max(left, 0)) and self._last:
            return self._last
        return Component(TOO_LATE, None, datetime.now(UTC))

    def forget(self) -> None:
        """Ask anew next time (for tests)."""
        self._last = None

    def _ask(self) -> None:
        began = time.perf_counter()
        try:
            finding = self.check()
        except Exception as error:
            # The text of the error may hold an address or a login, so not even the log gets it.
            logger.warning("health check failed", extra={"component": self.name, "error": type(error).__name__})
            finding = FAILED
        finally:
            connections.close_all()  # this thread's own: back to the pool
        latency = round((time.perf_counter() - began) * 1000, 1)
        self._last = Component(finding, latency, datetime.now(UTC))
        self._done.set()


def examine(probes: Iterable[Probe]) -> Mapping[str, Component]:
    """Ask all at the same time, and return what each says."""
    asked = list(probes)
    for probe in asked:
        probe.begin()
    return {probe.name: probe.answer() for probe in asked}
