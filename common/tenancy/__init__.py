"""Tenancy in one room: PostgreSQL enforces it, this package is the small interface to it.

* `tenant_context(tenant_id, actor=…)`: the only way to reach tenant rows. It opens a transaction and signs the tenant
  into it; row security in the database reads the signature (`sec.tenant()`), so even injected SQL cannot switch.
* `system_call("name", …)`: one of the few allow-listed functions that look across tenants.
* `for_each_tenant()`: sweeps and data migrations, one context after another.
* `migrations.ProtectTables`: the one migration operation a new table needs.
* `setup.prepare_database`: roles and keys, run by `manage.py setup_database`.

Why it is built like this: docs/decisions/0002-tenancy.md.
"""

from common.tenancy.context import default_tenant_id, for_each_tenant, require_tenant_id, tenant_context
from common.tenancy.guard import MissingTenantContextError, system_call

__all__ = [
    "MissingTenantContextError",
    "default_tenant_id",
    "for_each_tenant",
    "require_tenant_id",
    "system_call",
    "tenant_context",
]
