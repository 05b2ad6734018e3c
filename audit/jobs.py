"""Celery's side of the log."""

from celery import shared_task


@shared_task
def ensure_partitions() -> None:
    from audit.services import ensure_partitions

    ensure_partitions()


@shared_task
def deliver_webhooks() -> None:
    from audit.services import deliver_due

    deliver_due()
