"""Makes from placed events what people read: the activity feed, notifications, deliveries of webhooks.

It runs beside the relay, which only calls it: a slow projection delays no position. What it makes has a cursor in the
database, so it may be killed and several may run.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError

from audit.services import catch_up
from common.context import SYSTEM
from common.tenancy import system_call, tenant_context

logger = logging.getLogger("countermark.projector")

LOOK_SECONDS = 60.0
"""between looks at every tenant: another relay may have placed events and died before it told anybody"""
THREAD = ThreadPoolExecutor(1, thread_name_prefix="projector")


class Projector:
    """Catches up with the log of the tenants it hears of."""

    def __init__(self) -> None:
        self._behind: set[UUID] = set()
        self._heard = asyncio.Event()

    def hear(self, tenants: Iterable[UUID]) -> None:
        """Note that these tenants have new events."""
        self._behind |= set(tenants)
        self._heard.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Catch up until `stop` is set. What goes wrong in one tenant waits for the next look at all of them."""
        work = database_sync_to_async(self.work, thread_sensitive=False, executor=THREAD)
        looked = 0.0
        while not stop.is_set():
            self._heard.clear()
            everybody = time.monotonic() - looked > LOOK_SECONDS
            try:
                await work(everybody)
                looked = time.monotonic() if everybody else looked
            except (DatabaseError, InterfaceError) as error:
                logger.warning("database away: %s", type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._heard.wait(), 1.0)

    def work(self, everybody: bool) -> None:
        if everybody:
            self._behind |= {row["tenant_id"] for row in system_call("list_tenants")}
        while self._behind:
            project(self._behind.pop())


def project(tenant_id: UUID) -> None:
    """Catch up with one tenant's log, a batch and a transaction at a time."""
    try:
        more = True
        while more:
            with tenant_context(tenant_id, actor=SYSTEM):
                more = catch_up()
    except (DatabaseError, InterfaceError):
        raise
    except Exception:
        logger.exception("projection failed", extra={"tenant": str(tenant_id)})
