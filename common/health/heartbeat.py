"""Workers say by themselves that they live and which queues they serve: a key per queue, which expires when they stop.

Asking them (`control.ping`) would wake every worker for every probe, and wait for those that are gone.
"""

import logging
from collections.abc import Sequence
from typing import Any

import redis
from celery import bootsteps
from celery.worker.consumer import Consumer
from django.conf import settings

from common.redis.client import PREFIX, get_redis_client

logger = logging.getLogger("countermark.health")

EVERY_SECONDS = 10
GONE_AFTER_SECONDS = 35
BEAT_GONE_AFTER_SECONDS = 60
BEAT = "beat"


def key(name: str) -> str:
    return f"{PREFIX}:alive:{name}"


def note(names: Sequence[str], seconds: int = GONE_AFTER_SECONDS) -> None:
    """Write down that `names` (queues, or the clock) are alive now. Raises `redis.RedisError`."""
    with get_redis_client("broker").connection.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.set(key(name), 1, ex=seconds)
        pipeline.execute()


class Heartbeat(bootsteps.StartStopStep):
    """Part of every worker. It starts again with the connection to the broker, whose loss clears all timers."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Consumer, **options: Any) -> None:
        super().__init__(parent, **options)
        self._timer: Any = None

    def start(self, parent: Consumer) -> None:
        self.beat(parent)
        self._timer = parent.timer.call_repeatedly(EVERY_SECONDS, self.beat, (parent,))

    def stop(self, parent: Consumer) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def beat(self, parent: Consumer) -> None:
        try:
            note(sorted(parent.app.amqp.queues.consume_from))
        except redis.RedisError as error:
            logger.warning("no heartbeat", extra={"error": type(error).__name__})


def silences() -> dict[str, float]:
    """Return the seconds since the workers of each queue, and beat, were last heard of; who is gone is left out.

    Raises `redis.RedisError`.
    """
    lifetimes = {**dict.fromkeys(settings.QUEUES, GONE_AFTER_SECONDS), BEAT: BEAT_GONE_AFTER_SECONDS}
    with get_redis_client("broker").connection.pipeline(transaction=False) as pipeline:
        for name in lifetimes:
            pipeline.pttl(key(name))
        left = dict(zip(lifetimes, pipeline.execute(), strict=True))
    return {name: lifetimes[name] - left[name] / 1000 for name in lifetimes if left[name] > 0}


def pulse() -> tuple[dict[str, int], list[str], bool]:
    """Return the messages that wait in each queue, the queues that no worker serves, and whether beat is alive.

    Raises `redis.RedisError`.
    """
    with get_redis_client("broker").connection.pipeline(transaction=False) as pipeline:
        for queue in settings.QUEUES:
            pipeline.llen(queue)
        for name in (*settings.QUEUES, BEAT):
            pipeline.exists(key(name))
        answers = pipeline.execute()
    count = len(settings.QUEUES)
    waiting = dict(zip(settings.QUEUES, answers[:count], strict=True))
    alone = [queue for queue, alive in zip(settings.QUEUES, answers[count:-1], strict=True) if not alive]
    return waiting, alone, bool(answers[-1])
