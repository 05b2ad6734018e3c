"""The context manager that every page, API call, socket, job and command goes through."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from common import context as request_context
from common.context import SYSTEM, Actor
from common.tenancy.guard import (
    ActiveTenant,
    MissingTenantContextError,
    active_tenant,
    sign_for_connection,
    system_call,
    unguarded,
)

DEFAULT_LIFETIME = 300


@contextmanager
def tenant_context(tenant_id: UUID, *, actor: Actor, lifetime: int = DEFAULT_LIFETIME) -> Iterator[None]:
    """Open a transaction that sees and writes rows of one tenant, in the name of `actor`.

    `lifetime` is in seconds: after it the database refuses the context, so a forgotten transaction cannot go on.
    Inside a context of the same tenant only the actor changes; another tenant's is an error.
    """
    running = active_tenant.get()
    if running and running.tenant_id != tenant_id:
        raise MissingTenantContextError("A tenant context cannot be opened inside another tenant's.")
    if running:
        with request_context.acting(tenant_id=tenant_id, actor=actor):
            yield
        return
    with transaction.atomic():
        _set(sign_for_connection(tenant_id, lifetime))
        token = active_tenant.set(ActiveTenant(tenant_id))
        try:
            with request_context.acting(tenant_id=tenant_id, actor=actor):
                yield
        finally:
            active_tenant.reset(token)
    if connections[DEFAULT_DB_ALIAS].in_atomic_block:
        # Only tests nest like this: a savepoint that is released keeps SET LOCAL, so take the context back.
        _set("")


def _set(value: str) -> None:
    with unguarded(), connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT set_config('app.ctx', %s, true)", [value])


def require_tenant_id() -> UUID:
    """Return the tenant of the running context; raises `MissingTenantContextError` outside one."""
    running = active_tenant.get()
    if running is None:
        raise MissingTenantContextError("No tenant context: wrap this in common.tenancy.tenant_context(...).")
    return running.tenant_id


def default_tenant_id() -> UUID:
    """The default of every model's tenant column.

    A row that is made outside a context belongs to nobody (the nil UUID) and cannot be saved.
    """
    running = active_tenant.get()
    return running.tenant_id if running else UUID(int=0)


def for_each_tenant(*, actor: Actor = SYSTEM) -> Iterator[UUID]:
    """Yield each tenant's id inside its own context and transaction."""
    for row in system_call("list_tenants"):
        with tenant_context(row["tenant_id"], actor=actor):
            yield row["tenant_id"]
