"""Handing work to Celery: after the commit, and without failing a request when the broker is away."""

import logging
from functools import partial
from typing import Any

from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger("countermark.queue")


def enqueue(job: Any, *args: str) -> None:
    """Send a job once the running transaction has committed; outside one, now. Arguments are ids, as text.

    A message is a hint: where the broker does not take it, a line is logged, and whoever waits asks again.
    """
    transaction.on_commit(partial(publish, job, args))


def publish(job: Any, args: tuple[str, ...]) -> None:
    try:
        job.apply_async(args=args, retry=False)
    except OperationalError as error:
        logger.warning("job not queued", extra={"job": job.name, "error": type(error).__name__})
