"""Handing work to Celery: after the commit, and without failing or holding up a request when the broker is away."""

import logging
from functools import partial
from typing import Any

import redis
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from common.errors import Unavailable
from common.redis import get_redis_client

logger = logging.getLogger("countermark.queue")

# Not for workers: theirs wait in silence for the next message.
PATIENCE = {"socket_timeout": 1, "socket_connect_timeout": 1}
"""seconds"""


def enqueue(job: Any, *args: str) -> None:
    """Send a job once the running transaction has committed; outside one, now. Arguments are ids, as text.

    A message is a hint: where the broker does not take it, a line is logged, and whoever waits asks again.
    """
    transaction.on_commit(partial(hint, job, args))


def hint(job: Any, args: tuple[str, ...]) -> None:
    try:
        publish(job, *args)
    except Unavailable:
        return


def publish(job: Any, *args: str) -> None:
    """Send a job now. Raises `Unavailable` where the broker does not answer within a second."""
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS | PATIENCE
    try:
        # Ours gives up after a second; Celery's asks a server that does not answer again and again.
        get_redis_client("broker").connection.ping()
        # A connection of its own: a broker that froze in the middle of an answer spoils no other message.
        with current_app.connection_for_write(settings.REDIS_BROKER_URL, transport_options=options) as connection:
            job.apply_async(args=args, connection=connection, retry=False)
    except (OperationalError, redis.RedisError) as error:
        logger.warning("job not queued", extra={"job": job.name, "error": type(error).__name__})
        raise Unavailable("This cannot be done now; try again in a minute.", retry_after=60) from error
