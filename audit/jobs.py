"""Celery's side of the log."""

from celery import shared_task


@shared_task
def ensure_partitions() -> None:
    from audit.services import ensure_partitions

    ensure_partitions()
