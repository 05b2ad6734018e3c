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


@shared_task(time_limit=6 * 3600, soft_time_limit=6 * 3600 - 60)
def back_up() -> None:
    from pathlib import Path

    from django.conf import settings

    from common.upkeep import backup

    made = backup.back_up(url=settings.BACKUP_DATABASE_URL, folder=Path(settings.BACKUP_DIR))
    removed = backup.prune(Path(settings.BACKUP_DIR), settings.BACKUP_KEEP)
    logger.info("backed up", extra={"folder": made.name, "removed": len(removed)})


@shared_task
def reencrypt_fields() -> None:
    """Finish a rotation of FIELD_KEYS; does nothing where there is none."""
    from common.upkeep.keys import reencrypt

    reencrypt()


@shared_task
def purge() -> None:
    from common.retention import purge_everything

    purge_everything()
