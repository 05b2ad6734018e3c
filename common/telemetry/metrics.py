"""Counters and histograms of this process, together with those of its siblings.

Where PROMETHEUS_MULTIPROC_DIR names a folder, each process keeps its numbers in a file there, and whoever is asked adds
all of them up. Every label has few values, all ours: routes and not paths, classes and not messages, no tenant.
"""

import os
import socket
import zlib
from pathlib import Path
from typing import Any

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Histogram, values
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = settings.METRICS_FOLDER


def identity() -> str:
    """Return a name for this process: the number alone is the same in every container."""
    return f"{zlib.crc32(socket.gethostname().encode()):08x}-{os.getpid()}"


if FOLDER:
    Path(FOLDER).mkdir(parents=True, exist_ok=True)
    several: Any = values.MultiProcessValue
    values.ValueClass = several(identity)

OWN = CollectorRegistry()
REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SQL_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0)
JOB_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0)
WAIT_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0)

REQUESTS = Counter(
    "countermark_http_requests", "Answers, by route and status.", ["method", "route", "status"], registry=OWN
)
REQUEST_SECONDS = Histogram(
    "countermark_http_request_seconds",
    "Time to answer a request.",
    ["method", "route"],
    buckets=REQUEST_BUCKETS,
    registry=OWN,
)
SQL_SECONDS = Histogram(
    "countermark_sql_seconds",
    "Time of a statement, as its caller waits for it.",
    ["statement"],
    buckets=SQL_BUCKETS,
    registry=OWN,
)
JOB_SECONDS = Histogram(
    "countermark_job_seconds", "Time of a job.", ["job", "outcome"], buckets=JOB_BUCKETS, registry=OWN
)
JOB_WAIT_SECONDS = Histogram(
    "countermark_job_wait_seconds",
    "Time between a message and its job.",
    ["queue"],
    buckets=WAIT_BUCKETS,
    registry=OWN,
)

BROWSER_SECONDS = Histogram(
    "countermark_browser_seconds",
    "Time of a page or of a request, as the browser saw it.",
    ["kind"],
    buckets=REQUEST_BUCKETS,
    registry=OWN,
)
BROWSER_VITALS = Histogram(
    "countermark_browser_vital",
    "Web vitals: CLS without a unit, the others in seconds.",
    ["name"],
    buckets=(0.01, 0.05, 0.1, 0.2, 0.25, 0.5, 0.8, 1.0, 1.8, 2.5, 4.0, 10.0),
    registry=OWN,
)

STATEMENTS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "SET", "SAVEPOINT", "RELEASE", "ROLLBACK"})


def kind_of_statement(sql: object) -> str:
    """Return the first word of a statement, one of a few."""
    word = sql.lstrip()[:12].split(None, 1)[0].upper() if isinstance(sql, str) and sql.strip() else ""
    return word if word in STATEMENTS else "OTHER"


def registry() -> CollectorRegistry:
    """Return what is known of all processes, or of this one."""
    if not FOLDER:
        return OWN
    everybody = CollectorRegistry()
    collector: Any = MultiProcessCollector  # without types, as `values` is
    collector(everybody, path=FOLDER)
    return everybody
