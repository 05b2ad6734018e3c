"""The tenant a command is about."""

from uuid import UUID

from django.core.management.base import CommandError

from common.tenancy import system_call


def only_tenant() -> UUID:
    """Return the tenant of an installation that has one; raises `CommandError` with the choice where there are more."""
    tenants: list[UUID] = [row["tenant_id"] for row in system_call("list_tenants")]
    if len(tenants) != 1:
        raise CommandError("Name one with --tenant:\n" + "\n".join(sorted(map(str, tenants))))
    return tenants[0]
