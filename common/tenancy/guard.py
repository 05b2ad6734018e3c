"""Fail closed in Python too: a query without a tenant context raises instead of quietly finding no rows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from common.tenancy.signing import SYSTEM, sign

PASS_LIFETIME = 30


@dataclass(frozen=True, slots=True)
class ActiveTenant:
    tenant_id: UUID


active_tenant: ContextVar[ActiveTenant | None] = ContextVar("active_tenant", default=None)
_unguarded: ContextVar[bool] = ContextVar("unguarded", default=False)


class MissingTenantContextError(RuntimeError):
    """A programming error: tenant rows were asked for outside `tenant_context(...)`."""


# Transaction control names no row; Django sends it around a context's own begin and end.
TRANSACTION_CONTROL = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", "SET CONSTRAINTS")


def _require_context(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    guarded = active_tenant.get() is None and not _unguarded.get()
    if guarded and not sql.startswith(TRANSACTION_CONTROL):
        raise MissingTenantContextError(
            "This query runs outside a tenant context. Wrap it in common.tenancy.tenant_context(...), "
            f"or use system_call for the allow-listed functions: {sql[:120]}"
        )
    return execute(sql, params, many, context)


def _guard_connection(sender: Any, connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.alias == DEFAULT_DB_ALIAS and _require_context not in connection.execute_wrappers:
        connection.execute_wrappers.append(_require_context)


def install_guard() -> None:
    """Watch every connection of the app role from the moment it is made."""
    connection_created.connect(_guard_connection, dispatch_uid="tenancy-guard")


@contextmanager
def unguarded() -> Iterator[None]:
    """Allow statements that name no tenant row: set-up, migrations, `SELECT 1`, definer functions."""
    token = _unguarded.set(True)
    try:
        yield
    finally:
        _unguarded.reset(token)


def sign_for_connection(subject: UUID | str, lifetime: int) -> str:
    """Return the signed context (or pass) for the backend that this thread is connected to."""
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    pid: int = connection.connection.info.backend_pid
    return sign(subject, backend_pid=pid, lifetime=lifetime, key=settings.CONTEXT_KEYS[0])


def system_call(function: str, *args: Any) -> list[dict[str, Any]]:
    """Call `sec.<function>(…)`, one of the allow-listed SECURITY DEFINER functions, and return its rows.

    `function` is a literal of ours, never input. The functions and what each may see: docs/decisions/0002-tenancy.md.
    """
    placeholders = ", ".join(["%s"] * (len(args) + 1))
    with unguarded(), connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        signed_pass = sign_for_connection(SYSTEM, PASS_LIFETIME)
        statement = f"SELECT * FROM sec.{function}({placeholders})"  # noqa: S608  # nosec B608 # a literal, see above
        cursor.execute(statement, [*args, signed_pass])
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
