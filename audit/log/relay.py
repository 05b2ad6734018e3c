"""The relay: gives committed events their positions, tells whoever listens that there is something new, and seals.

Several relays may run; the database lets one place events at a time. A poke carries no content and may be lost: readers
look by themselves every few seconds.
"""

import asyncio
import logging
import signal
import time
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.db import DatabaseError, InterfaceError, close_old_connections

from audit.log.projector import Projector
from audit.log.sealer import Sealer
from audit.models import Event
from audit.queries import group_of, sentence_of
from common import context
from common.context import SYSTEM
from common.tenancy import system_call, tenant_context

logger = logging.getLogger("countermark.relay")

BATCH = 500
IDLE_SECONDS = 0.1
POKE_TIMEOUT_SECONDS = 1.0
# What the console of `make run` tells about: the few things a person waits for.
TOLD = frozenset(
    {
        "auth.sign_in_succeeded",
        "task.claimed",
        "approval.requested",
        "approval.approved",
        "approval.rejected",
        "task.closed",
        "task.blocked",
        "execution.late_write_refused",
    }
)


def place() -> list[dict[str, Any]]:
    """Place one batch; return its rows (tenant_id, pos, event_id) in order."""
    return system_call("place_events", BATCH)


def announce(rows: list[dict[str, Any]]) -> None:
    """Write one readable line for each placed event that a person waits for."""
    by_tenant: dict[UUID, list[UUID]] = {}
    for row in rows:
        by_tenant.setdefault(row["tenant_id"], []).append(row["event_id"])
    for tenant_id, identifiers in by_tenant.items():
        with tenant_context(tenant_id, actor=SYSTEM):
            events = list(Event.objects.filter(id__in=identifiers, event_type__in=TOLD).order_by("id"))
        for event in events:
            # The line belongs to what caused the event, wherever that was.
            with context.use(context.new_context(event.request_id, event.trace_id)):
                logger.info(event.event_type, extra={"activity": sentence_of(event)})


def step() -> list[dict[str, Any]]:
    close_old_connections()
    rows = place()
    if rows:
        announce(rows)
    return rows


async def poke(rows: list[dict[str, Any]]) -> None:
    """Tell the sockets of each tenant its newest position. A dead Redis costs a second and nothing else."""
    layer: Any = get_channel_layer()
    newest = {row["tenant_id"]: row["pos"] for row in rows}
    for tenant_id, pos in newest.items():
        try:
            message = {"type": "log.moved", "pos": pos}
            await asyncio.wait_for(layer.group_send(group_of(tenant_id), message), POKE_TIMEOUT_SECONDS)
        except Exception:  # a poke is only a hint: whatever Redis says, the relay goes on
            logger.warning("poke failed", exc_info=True)
            return


async def run(stop: asyncio.Event, projector: Projector | None = None) -> None:
    """Place and seal events until `stop` is set. A database that is away is waited for."""
    pause = IDLE_SECONDS
    sealer = Sealer()
    while not stop.is_set():
        started = time.monotonic()
        try:
            rows = await sync_to_async(step)()
            if rows:
                await poke(rows)
            more = await sync_to_async(sealer.step)(rows)
            pause = IDLE_SECONDS
        except (DatabaseError, InterfaceError) as error:
            logger.warning("database away: %s", type(error).__name__)
            rows, more, pause = [], False, min(pause * 2, 5.0)
        if rows and projector:
            projector.hear(row["tenant_id"] for row in rows)
        if len(rows) < BATCH and not more:
            await wait(stop, max(0.0, pause - (time.monotonic() - started)))


async def wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


async def main() -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    logger.info("relay started")
    projector = Projector()
    await asyncio.gather(run(stop, projector), projector.run(stop))
