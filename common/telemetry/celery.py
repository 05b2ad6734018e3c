"""The request's ids travel with a Celery message: a job's log lines and events belong to the request that asked for it.

Importing this module connects the signals (config/celery.py does).
"""

from contextlib import ExitStack
from typing import Any
from uuid import UUID

from celery.signals import before_task_publish, task_postrun, task_prerun

from common import context
from common.middleware import request_id_of

HEADER_REQUEST, HEADER_TRACE = "countermark_request_id", "countermark_trace_id"
_running: dict[str, ExitStack] = {}


@before_task_publish.connect(weak=False)
def send_ids(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """Put the running ids on the message."""
    if headers is not None:
        running = context.current()
        headers[HEADER_REQUEST] = str(running.request_id)
        headers[HEADER_TRACE] = running.trace_id


@task_prerun.connect(weak=False)
def open_context(task_id: str = "", task: Any = None, **_: Any) -> None:
    """Run the job in the context of the request that caused it, or in a new one (beat)."""
    request_id: UUID | None = request_id_of(str(getattr(task.request, HEADER_REQUEST, "") or ""))
    trace_id = getattr(task.request, HEADER_TRACE, None)
    stack = ExitStack()
    stack.enter_context(context.use(context.new_context(request_id, trace_id)))
    _running[task_id] = stack


@task_postrun.connect(weak=False)
def close_context(task_id: str = "", **_: Any) -> None:
    """Leave it again."""
    stack = _running.pop(task_id, None)
    if stack:
        stack.close()
