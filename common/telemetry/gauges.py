"""How things stand: what waits, for how long, and who is there to do it.

Measured when somebody asks, and kept for a while.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from common.health import heartbeat
from common.tenancy import system_call
from common.tenancy.guard import unguarded

KEEP_SECONDS = 5.0
"""a second asker, or a hundredth, gets what the first was told"""
STATEMENT_MILLISECONDS = 2000

Rows = Mapping[str, tuple[str, str]]
# Column of the function -> name and meaning.
WORK: Rows = {
    "claimable": ("tasks_claimable", "Tasks that an agent may claim now (counted up to 10,000)."),
    "oldest_claimable_seconds": ("task_oldest_claimable_seconds", "How long the first of them has waited."),
    "leases": ("leases", "Runs under a lease (counted up to 10,000)."),
    "oldest_lease_seconds": ("lease_oldest_seconds", "How long the longest run has gone on."),
    "overdue_lease_seconds": ("lease_overdue_seconds", "How long a lease has run out without anybody noticing."),
    "approvals": ("approvals_pending", "Requests that wait for a decision (counted up to 10,000)."),
    "oldest_approval_seconds": ("approval_oldest_seconds", "How long the first of them has waited."),
}
LOG: Rows = {
    "pending": ("log_pending_events", "Events without a position yet (counted up to 10,000)."),
    "oldest_pending_seconds": ("relay_lag_seconds", "How long the first of them has waited for the relay."),
    "months_ahead": ("log_months_ahead", "Partitions of the log that are made ahead."),
}


def gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"countermark_{name}", meaning, value=value)


def labelled(name: str, meaning: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"countermark_{name}", meaning, labels=[label])
    for word, value in values.items():
        family.add_metric([word], value)
    return family


def from_database() -> Iterator[Metric]:
    """Two calls over all tenants, each of a few bounded look-ups (tasks/migrations/0011_gauges.py)."""
    with unguarded(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(STATEMENT_MILLISECONDS)])
        [work], [log] = system_call("work_gauges"), system_call("log_gauges")
    for rows, found in ((WORK, work), (LOG, log)):
        for column, (name, meaning) in rows.items():
            yield gauge(name, meaning, float(found[column] or 0))


def from_broker() -> Iterator[Metric]:
    waiting, alone, _ = heartbeat.pulse()
    served = {queue: float(queue not in alone) for queue in waiting}
    yield labelled("queue_messages", "Messages that wait in a queue.", "queue", waiting)
    yield labelled("queue_served", "Whether a worker serves the queue (1) or not (0).", "queue", served)
    silences = heartbeat.silences()
    yield labelled("heartbeat_age_seconds", "Since a queue's workers, or beat, were heard of.", "of", silences)


SOURCES: Mapping[str, Callable[[], Iterable[Metric]]] = {"database": from_database, "broker": from_broker}


def measure() -> list[Metric]:
    """Return what is known. A source that is away takes its own numbers along, and says so."""
    metrics: list[Metric] = []
    answered: dict[str, float] = {}
    for name, source in SOURCES.items():
        try:
            metrics += source()
            answered[name] = 1.0
        except (DatabaseError, InterfaceError, redis.RedisError, OSError):
            answered[name] = 0.0
    info = GaugeMetricFamily("countermark_info", "The version that answers.", labels=["version", "environment"])
    info.add_metric([settings.VERSION, settings.ENVIRONMENT], 1)
    return [info, labelled("source_up", "Whether a source of these numbers answered.", "source", answered), *metrics]


class Gauges(Collector):
    """What was measured last, at most `KEEP_SECONDS` ago."""

    def __init__(
        self, measure: Callable[[], list[Metric]] = measure, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._measure, self._clock = measure, clock
        self._lock = threading.Lock()
        self._metrics: list[Metric] = []
        self._until = float("-inf")

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            if self._clock() >= self._until:
                self._metrics = self._measure()
                self._until = self._clock() + KEEP_SECONDS
            return self._metrics

    def forget(self) -> None:
        """Measure anew when somebody asks (for tests)."""
        self._until = float("-inf")


GAUGES = Gauges()
