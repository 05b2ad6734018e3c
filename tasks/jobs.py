"""Celery's side of work: sweeps over the tenants that have something due."""

import logging
from collections.abc import Callable

from celery import shared_task

logger = logging.getLogger("countermark.sweep")


def in_due_tenants(sweep: Callable[[], int]) -> None:
    """Run `sweep` in each tenant with due work; what goes wrong in one must not hold up the others."""
    from common.context import SYSTEM
    from common.tenancy import system_call, tenant_context

    for row in system_call("tenants_with_due_work"):
        try:
            with tenant_context(row["tenant_id"], actor=SYSTEM):
                sweep()
        except Exception:
            logger.exception("sweep failed", extra={"tenant": str(row["tenant_id"])})


@shared_task
def reap_expired_leases() -> None:
    from tasks.services import reap_expired_leases

    in_due_tenants(reap_expired_leases)


@shared_task
def sweep_files() -> None:
    from common.files.sweep import sweep_incoming
    from tasks.services.attachments import sweep_attachments
    from tasks.services.run_log import ORPHAN_AGE, sweep_run_logs

    sweep_incoming(ORPHAN_AGE)
    sweep_run_logs()
    sweep_attachments()


@shared_task
def expire_approvals() -> None:
    from tasks.services import escalate_approvals, expire_approvals

    in_due_tenants(lambda: expire_approvals() + escalate_approvals())


@shared_task
def mark_silent_agents() -> None:
    from tasks.services import mark_silent_agents

    in_due_tenants(mark_silent_agents)


@shared_task
def settle_expired_holds() -> None:
    from tasks.services import settle_expired_holds

    in_due_tenants(settle_expired_holds)
