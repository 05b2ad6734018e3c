"""Celery's side of accounts."""

from celery import shared_task


@shared_task
def purge_expired() -> None:
    from accounts.services.idempotency import purge_expired
    from common.tenancy import for_each_tenant

    for _ in for_each_tenant():
        purge_expired()
