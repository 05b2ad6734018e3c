"""What Redis, workers and files must be."""

import asyncio
from collections.abc import Iterator
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings

from common.files.storage import store
from common.health import heartbeat
from common.redis.client import get_redis_client
from common.upkeep.complaints import Complaint

OLDEST = (6, 2)
NOEVICTION, LRU = "noeviction", "allkeys-lru"
ROUND_TRIP_SECONDS = 5


def redis() -> Iterator[Complaint]:
    """Old servers lack commands; an evicting broker loses messages, a cache that cannot evict stops being one."""
    told: dict[str, dict[str, Any]] = {}
    for name in ("cache", "broker", "channels"):
        try:
            told[name] = dict(get_redis_client(name).connection.info())
        except Exception as error:
            yield Complaint(
                f"{name} does not answer ({type(error).__name__})", f"look at REDIS_{name.upper()}_URL and its server"
            )
    for name, info in told.items():
        number = str(info.get("valkey_version") or info["redis_version"])
        if tuple(int(part) for part in number.split(".")[:2]) < OLDEST:
            yield Complaint(f"{name} runs version {number}", f"use Valkey, or Redis {OLDEST[0]}.{OLDEST[1]} or newer")
        if name != "cache" and info["maxmemory_policy"] != NOEVICTION:
            problem = f"{name} has maxmemory-policy {info['maxmemory_policy']}: it would drop messages"
            yield Complaint(problem, f"set maxmemory-policy {NOEVICTION} there")
    yield from cache_can_evict(told)


def cache_can_evict(told: dict[str, dict[str, Any]]) -> Iterator[Complaint]:
    """One server for all must keep everything; a cache of its own must make room."""
    cache = told.get("cache")
    alone = cache and all(cache["run_id"] != info["run_id"] for name, info in told.items() if name != "cache")
    if cache and alone and cache["maxmemory_policy"] != LRU:
        problem = f"cache has maxmemory-policy {cache['maxmemory_policy']}: when it is full it keeps the old"
        yield Complaint(problem, f"set maxmemory-policy {LRU} there")


def channel_layer() -> Iterator[Complaint]:
    """Send a message through the layer, and wait for it."""
    if not async_to_sync(round_trip)():
        problem = f"a message did not come back within {ROUND_TRIP_SECONDS} s"
        yield Complaint(problem, "look at REDIS_CHANNELS_URL and its server")


async def round_trip() -> bool:
    layer: Any = get_channel_layer()
    name = await layer.new_channel()
    try:
        async with asyncio.timeout(ROUND_TRIP_SECONDS):
            await layer.send(name, {"type": "verify"})
            answer = await layer.receive(name)
        return bool(answer["type"] == "verify")
    except TimeoutError:
        return False
    finally:
        await layer.flush()  # of this process only: its subscriptions


def workers() -> Iterator[Complaint]:
    _, alone, beat = heartbeat.pulse()
    queues = ",".join(settings.QUEUES)
    for queue in alone:
        yield Complaint(f"no worker serves the queue {queue}", f"run: celery -A config worker -Q {queues}")
    if not beat:
        yield Complaint("nothing was heard of beat for a minute", "run: celery -A config beat")


def files() -> Iterator[Complaint]:
    complaint = store().complaint()
    if complaint:
        yield Complaint(complaint, "look at MEDIA_ROOT or S3_BUCKET, and who may write there")
