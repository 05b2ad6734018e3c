"""What is asked of each dependency. Each question is small: no count over a table, no message to a worker."""

from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from common.files.storage import store
from common.health import heartbeat, providers
from common.health.probe import Probe
from common.health.words import Finding, Health
from common.redis.client import get_redis_client
from common.tenancy import system_call
from common.tenancy.guard import unguarded

FEWEST_MONTHS_AHEAD = 2
MOST_RELAY_LAG_SECONDS = 30
MOST_WAITING = 1000
"""messages in one queue, before it counts as congested"""
RARELY = 30.0
"""seconds that an answer is kept where asking costs more and the truth changes slowly"""


def database() -> Finding:
    with unguarded(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Finding(Health.HEALTHY, "answers")


def redis() -> Finding:
    """The cache and the broker: PING both."""
    for server in ("cache", "broker"):
        get_redis_client(server).connection.ping()
    return Finding(Health.HEALTHY, "cache and broker answer")


def channels() -> Finding:
    get_redis_client("channels").connection.ping()
    return Finding(Health.HEALTHY, "its server answers")


def celery() -> Finding:
    """The broker, the heartbeat of each queue's workers, the clock, and how much waits."""
    waiting, alone, beat = heartbeat.pulse()
    details = {"queues": {queue: {"waiting": count, "served": queue not in alone} for queue, count in waiting.items()}}
    if len(alone) == len(waiting):
        return Finding(Health.UNHEALTHY, "no worker is alive", details)
    complaints = [f"no worker serves the queue {queue}" for queue in alone]
    congested = [queue for queue, count in waiting.items() if count > MOST_WAITING]
    complaints += [f"more than {MOST_WAITING} wait in {queue}" for queue in congested]
    complaints += [] if beat else ["nothing heard of beat for a minute"]
    if complaints:
        return Finding(Health.DEGRADED, "; ".join(complaints), details)
    return Finding(Health.HEALTHY, "every queue is served", details)


def audit_system() -> Finding:
    """The log: room for the months to come, and a relay that keeps up."""
    [gauges] = system_call("log_gauges")
    lag = gauges["oldest_pending_seconds"]
    complaints = []
    if gauges["months_ahead"] < FEWEST_MONTHS_AHEAD:
        complaints.append(f"partitions for {gauges['months_ahead']} months ahead, wanted {FEWEST_MONTHS_AHEAD}")
    if lag > MOST_RELAY_LAG_SECONDS:
        complaints.append(f"the relay is {lag:.0f} s behind")
    if complaints:
        return Finding(Health.DEGRADED, "; ".join(complaints))
    return Finding(Health.HEALTHY, "the relay keeps up")


def storage() -> Finding:
    """Whether files can be stored."""
    complaint = store().complaint()
    return Finding(Health.UNHEALTHY, complaint) if complaint else Finding(Health.HEALTHY, "can be written")


def migrations() -> Finding:
    """The database has every migration of this code. It may have more: then newer code runs beside this one."""
    missing = sorted(known_migrations() - applied_migrations())
    if missing:
        return Finding(Health.UNHEALTHY, f"{len(missing)} not applied, the first is {'.'.join(missing[0])}")
    return Finding(Health.HEALTHY, "all applied")


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """Return the migrations of this code. It does not change while a process lives."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return frozenset(loader.disk_migrations or {})


def applied_migrations() -> set[tuple[str, str]]:
    with unguarded(), connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        return {(app, name) for app, name in cursor.fetchall()}


PROBES = {
    probe.name: probe
    for probe in (
        Probe("database", database),
        Probe("redis", redis),
        Probe("celery", celery),
        Probe("channels", channels),
        Probe("llm_providers", providers.findings),
        Probe("storage", storage, keep_seconds=RARELY),
        Probe("migrations", migrations, keep_seconds=RARELY),
        Probe("audit_system", audit_system),
    )
}
