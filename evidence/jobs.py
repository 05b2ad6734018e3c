"""Celery's side of evidence: sweeps over the tenants."""

import logging
from collections.abc import Callable
from typing import Any

from celery import shared_task

logger = logging.getLogger("countermark.sweep")


def in_each_tenant(sweep: Callable[[], Any]) -> None:
    """Repeat a sweep in each tenant, a transaction a batch; what goes wrong in one must not hold up the others."""
    from common.context import SYSTEM
    from common.tenancy import system_call, tenant_context

    for row in system_call("list_tenants"):
        try:
            again: Any = True
            while again:
                with tenant_context(row["tenant_id"], actor=SYSTEM):
                    again = sweep()
        except Exception:
            logger.exception("sweep failed", extra={"tenant": str(row["tenant_id"])})


def in_pages(sweep: Callable[..., Any]) -> None:
    """The same for a sweep that goes on behind the last row of its batch."""
    from common.context import SYSTEM
    from common.tenancy import system_call, tenant_context

    for row in system_call("list_tenants"):
        try:
            after, first = None, True
            while first or after is not None:
                with tenant_context(row["tenant_id"], actor=SYSTEM):
                    after, first = sweep(after=after), False
        except Exception:
            logger.exception("sweep failed", extra={"tenant": str(row["tenant_id"])})


@shared_task
def expire_evidence() -> None:
    from evidence.services import expire_evidence

    in_each_tenant(expire_evidence)


@shared_task
def refresh_scores() -> None:
    from evidence.services import apply_policy, apply_records

    in_each_tenant(apply_policy)
    in_each_tenant(apply_records)


@shared_task
def apply_decay() -> None:
    from evidence.services import apply_decay

    in_pages(apply_decay)


@shared_task
def scrub_content() -> None:
    from functools import partial

    from django.utils import timezone

    from evidence.services import scrub_content

    in_pages(partial(scrub_content, slice_of=f"{timezone.now().toordinal() % 16:x}"))


@shared_task
def sweep_artifact_bodies() -> None:
    from evidence.services.artifacts import sweep_artifact_bodies

    sweep_artifact_bodies()
