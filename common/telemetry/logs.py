"""Structured log lines: one JSON object a line, with the ids of what it belongs to, never a secret.

The fields of every line: timestamp, level, logger, event, service, environment, version; inside a request, a job or a
socket also request_id, correlation_id, trace_id, span_id, tenant_id and user_id or agent_id. The line `request` and the
line `job` have more: `requests.py`, `celery.py`.
"""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import structlog

from common import context
from common.context import Source
from common.telemetry.masking import clean

EventDict = MutableMapping[str, Any]
# Who wrote a line and when is ours, not input.
OURS = frozenset({"timestamp", "level", "logger", "service", "environment", "version"})
QUIET = {
    "django.server": "WARNING",
    "django.request": "ERROR",  # the line `request` says what a 4xx was; a 5xx brings its traceback
    "uvicorn.access": "WARNING",
    "uvicorn.error": "WARNING",  # it writes addresses of sockets, and tickets are part of them
    "celery.worker.strategy": "WARNING",  # the line `job` says it
    "celery.app.trace": "WARNING",
}


def add_ids(_: object, __: str, event: EventDict) -> EventDict:
    """Add the ids of what is running. A line of nobody (a start, a loop) has none."""
    running = context.running()
    if running is None:
        return event
    ids: dict[str, Any] = {
        "request_id": running.request_id,
        "correlation_id": running.correlation_id,
        "trace_id": running.trace_id,
        "span_id": running.span_id,
        "tenant_id": running.tenant_id,
    }
    if running.actor and running.actor.kind in (Source.USER, Source.AGENT):
        ids[f"{running.actor.kind}_id"] = running.actor.id
    for name, value in ids.items():
        if value:
            event.setdefault(name, str(value))
    return event


def mask(_: object, __: str, event: EventDict) -> EventDict:
    """Blank what is secret, in every field, last of all: a traceback is a field too."""
    return {name: value if name in OURS else clean(name, value) for name, value in event.items()}


def adding(fields: Mapping[str, str]) -> Callable[[object, str, EventDict], EventDict]:
    """Return a processor that says which process of which installation speaks."""

    def add(_: object, __: str, event: EventDict) -> EventDict:
        event.update(fields)
        return event

    return add


def logging_config(*, log_format: str, level: str, process: Mapping[str, str]) -> dict[str, Any]:
    """Return the `dictConfig` of the product: `log_format` is `json` or `console`, `process` stands on every line."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_ids,
        adding(process if log_format == "json" else {}),
    ]
    renderer: Any = structlog.processors.JSONRenderer() if log_format == "json" else structlog.dev.ConsoleRenderer()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    mask,
                    renderer,
                ],
            }
        },
        "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}},
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {name: {"level": quiet} for name, quiet in QUIET.items()},
    }
