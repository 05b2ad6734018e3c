"""Every statement of this process, seen from one place: the wrapper of its database connections."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from common.telemetry import tally, tracing
from common.telemetry.metrics import SQL_SECONDS, kind_of_statement
from common.telemetry.tracing import Kind

logger = logging.getLogger("countermark.sql")
TEXT_LENGTH = 1000
Execute = Callable[[Any, Any, bool, dict[str, Any]], Any]


def observe(execute: Execute, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Run a statement, count it and time it. Its parameters are looked at by nobody."""
    started = time.perf_counter()
    try:
        if not tracing.is_on():
            return execute(sql, params, many, context)
        with tracing.span(f"SQL {kind_of_statement(sql)}", Kind.CLIENT, attributes_of(sql)):
            return execute(sql, params, many, context)
    finally:
        seconds = time.perf_counter() - started
        tally.note_query(seconds)
        SQL_SECONDS.labels(kind_of_statement(sql)).observe(seconds)
        if seconds >= settings.SLOW_QUERY_SECONDS:
            logger.warning("slow query", extra={"duration_ms": round(seconds * 1000, 1), "sql": str(sql)[:TEXT_LENGTH]})


def attributes_of(sql: Any) -> dict[str, str]:
    return {"db.system.name": "postgresql", "db.query.text": str(sql)[:TEXT_LENGTH] if isinstance(sql, str) else ""}


def _watch(sender: Any, connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.alias == DEFAULT_DB_ALIAS and observe not in connection.execute_wrappers:
        connection.execute_wrappers.append(observe)


def install() -> None:
    """Watch every connection of the app role from the moment it is made; set-up writes secrets as literals."""
    connection_created.connect(_watch, dispatch_uid="telemetry-sql")
