"""How long what runs leave behind is kept. Only two functions of the database remove it, and only when it is old."""

from datetime import datetime

from common.retention import keep
from common.tenancy import require_tenant_id, system_call


def purge_run_logs(before: datetime, limit: int) -> int:
    """Forget the chunks of runs that ended `before`; the sweep of stored files removes their bytes."""
    removed: int = system_call("purge_run_logs", require_tenant_id(), before, limit)[0]["removed"]
    return removed


def purge_quarantined_writes(before: datetime, limit: int) -> int:
    removed: int = system_call("purge_quarantined_writes", require_tenant_id(), before, limit)[0]["removed"]
    return removed


keep("run_logs", purge_run_logs)
keep("quarantined_writes", purge_quarantined_writes)
