"""Structured log lines: one JSON object a line, with the request's ids, never a secret."""

from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from common import context

EventDict = MutableMapping[str, Any]
SECRET_WORDS = ("password", "secret", "token", "authorization", "cookie", "key")


def add_request_ids(_: object, __: str, event: EventDict) -> EventDict:
    """Add request id, trace id, tenant and actor of the running request to a line."""
    running = context.current()
    event["request_id"] = str(running.request_id)
    event["trace_id"] = running.trace_id
    if running.tenant_id:
        event["tenant_id"] = str(running.tenant_id)
    if running.actor:
        event["actor"] = running.actor.label
    return event


def mask_secrets(_: object, __: str, event: EventDict) -> EventDict:
    """Blank the value of any field whose name speaks of a secret."""
    for name in event:
        if any(word in name.lower() for word in SECRET_WORDS):
            event[name] = "***"
    return event


def logging_config(*, log_format: str, level: str) -> Mapping[str, Any]:
    """Return the `dictConfig` of the product: `log_format` is `json` or `console`."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_request_ids,
        mask_secrets,
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
                    renderer,
                ],
            }
        },
        "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}},
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            "django.server": {"handlers": ["stdout"], "propagate": False},
            "uvicorn.access": {"level": "WARNING"},
        },
    }
