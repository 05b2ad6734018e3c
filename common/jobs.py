"""Celery's side of the base: a job that only says that it ran, and the one that purges what is old."""

import logging

from celery import shared_task

logger = logging.getLogger("countermark.job")


@shared_task(name="common.telemetry.probe")
def probe() -> None:
    """Log one line: shows that a message goes through broker and worker with its request's ids."""
    logger.info("probe")


@shared_task
def purge() -> None:
    from common.retention import purge_everything

    purge_everything()
