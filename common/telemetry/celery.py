"""What a request caused goes on being a part of it: its ids travel with a Celery message, and each job writes one line.

Importing this module connects the signals (config/celery.py does).
"""

import logging
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from celery.signals import (
    before_task_publish,
    task_failure,
    task_postrun,
    task_prerun,
    worker_process_init,
    worker_process_shutdown,
)
from django.conf import settings

from common import context
from common.telemetry import ids, tracing
from common.telemetry.failures import described
from common.telemetry.metrics import JOB_SECONDS, JOB_WAIT_SECONDS
from common.telemetry.tally import Tally, counting, note_error
from common.telemetry.tracing import Kind, Span

logger = logging.getLogger("countermark.job")

HEADER_REQUEST, HEADER_CORRELATION, HEADER_TRACE = "countermark_request_id", "countermark_correlation_id", "traceparent"
HEADER_SENT = "countermark_sent_at"


@dataclass(frozen=True, slots=True)
class Job:
    """A job that runs in this process."""

    stack: ExitStack
    span: Span
    tally: Tally
    started: float
    waited: float
    """seconds between the message and its job, by the clocks of both machines"""


_running: dict[str, Job] = {}


@before_task_publish.connect(weak=False)
def send_ids(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """Put the running ids on the message."""
    if headers is not None:
        running = context.current()
        headers[HEADER_REQUEST] = str(running.request_id)
        headers[HEADER_CORRELATION] = running.correlation_id
        headers[HEADER_TRACE] = running.traceparent
        headers[HEADER_SENT] = time.time()


@task_prerun.connect(weak=False)
def begin(task_id: str = "", task: Any = None, **_: Any) -> None:
    """Run the job in the context of the request that caused it, or in a new one."""
    header = {name: getattr(task.request, name, None) for name in (HEADER_REQUEST, HEADER_CORRELATION, HEADER_TRACE)}
    running = context.new_context(
        ids.request_id_of(str(header[HEADER_REQUEST] or "")),
        ids.trace_id_of(str(header[HEADER_TRACE] or "")),
        correlation_id=ids.correlation_id_of(str(header[HEADER_CORRELATION] or "")),
    )
    sent = getattr(task.request, HEADER_SENT, None)
    stack = ExitStack()
    span = stack.enter_context(
        tracing.working(running, f"job {task.name}", Kind.CONSUMER, str(header[HEADER_TRACE] or ""))
    )
    tally = stack.enter_context(counting())
    waited = max(0.0, time.time() - sent) if isinstance(sent, float) else 0.0
    _running[task_id] = Job(stack, span, tally, time.perf_counter(), waited)


@task_failure.connect(weak=False)
def fail(exception: BaseException | None = None, **_: Any) -> None:
    if exception is not None:
        note_error(exception)


@task_postrun.connect(weak=False)
def end(task_id: str = "", task: Any = None, state: str = "", **_: Any) -> None:
    """Write the line and leave the context."""
    job = _running.pop(task_id, None)
    if job is None:
        return
    with job.stack:
        seconds = time.perf_counter() - job.started
        failed = state == "FAILURE"
        job.span.set({"messaging.system": "celery", "messaging.destination.name": queue_of(task)})
        if failed:
            job.span.fail(type(job.tally.error).__name__)
        JOB_SECONDS.labels(task.name, state.lower()).observe(seconds)
        JOB_WAIT_SECONDS.labels(queue_of(task)).observe(job.waited)
        fields = {
            "job": task.name,
            "job_id": task_id,
            "queue": queue_of(task),
            "outcome": state.lower() or "unknown",
            "attempt": (task.request.retries or 0) + 1,
            "waited_ms": round(job.waited * 1000, 1),
            "duration_ms": round(seconds * 1000, 1),
            "db_queries": job.tally.queries,
            "db_ms": round(job.tally.query_seconds * 1000, 1),
            **(described(500, job.tally.error) if failed else {}),
        }
        logger.log(logging.WARNING if failed else logging.INFO, "job", extra=fields)


@worker_process_init.connect(weak=False)
def trace_child(**_: Any) -> None:
    """The threads that send spans do not survive the fork."""
    tracing.start()


@worker_process_shutdown.connect(weak=False)
def send_rest(**_: Any) -> None:
    tracing.stop()


def queue_of(task: Any) -> str:
    """Return the queue a job came through; one that is not ours has no name."""
    queue = (task.request.delivery_info or {}).get("routing_key")
    return queue if queue in settings.QUEUES else "other"
