"""Celery's side of the base: a job that only says that it ran, and the one that purges what is old."""

import logging

from celery import shared_task

logger = logging.getLogger("countermark.job")


@shared_task(name="common.telemetry.probe")
def probe() -> None:
    """Log one line: shows that a message goes through broker and worker with its request's ids."""
    logger.info("probe")


@shared_task
def note_beat() -> None:
    """Show that beat, the broker and a worker work together: the health pages look for this."""
    from common.health.heartbeat import BEAT, BEAT_GONE_AFTER_SECONDS, note

    note([BEAT], BEAT_GONE_AFTER_SECONDS)


@shared_task
def check_providers() -> None:
    from common.health.providers import check_providers as check

    check()


@shared_task
def purge() -> None:
    from common.retention import purge_everything

    purge_everything()
