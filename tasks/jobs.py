"""Celery's side of work: sweeps over the tenants that have something due."""

from celery import shared_task


@shared_task
def reap_expired_leases() -> None:
    from common.context import SYSTEM
    from common.tenancy import system_call, tenant_context
    from tasks.services import reap_expired_leases

    for row in system_call("tenants_with_due_work"):
        with tenant_context(row["tenant_id"], actor=SYSTEM):
            reap_expired_leases()


@shared_task
def expire_approvals() -> None:
    from common.context import SYSTEM
    from common.tenancy import system_call, tenant_context
    from tasks.services import expire_approvals

    for row in system_call("tenants_with_due_work"):
        with tenant_context(row["tenant_id"], actor=SYSTEM):
            expire_approvals()
