"""Who is to be sealed when: tenants that the relay has just placed events of, and those that a crash left behind."""

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings

from audit.queries import head, last_position
from audit.services.sealing import LogBroken, seal
from common.context import SYSTEM
from common.tenancy import system_call, tenant_context

logger = logging.getLogger("countermark.sealer")

SWEEP_SECONDS = 10.0


@dataclass(slots=True)
class Waiting:
    """Events of one tenant that have no checkpoint yet."""

    since: float
    events: int = 0


@dataclass(slots=True)
class Sealer:
    """Signs a tenant's log after `SEAL_EVENTS` events, or `SEAL_SECONDS` after the first of them."""

    waiting: dict[UUID, Waiting] = field(default_factory=dict)
    swept: float = float("-inf")

    def step(self, placed: Iterable[Mapping[str, Any]] = ()) -> bool:
        """Take note of what was placed, and seal one batch of what is due; return whether more is.

        One at a time: the relay has events to place and sockets to poke in between.
        """
        now = time.monotonic()
        for row in placed:
            self.waiting.setdefault(row["tenant_id"], Waiting(now)).events += 1
        if now - self.swept >= SWEEP_SECONDS:
            self.swept = now
            for row in system_call("unsealed_tenants"):
                self.waiting.setdefault(row["tenant_id"], Waiting(float("-inf")))
        due = self.due(now)
        if due:
            self.seal_now(min(due, key=lambda tenant_id: self.waiting[tenant_id].since))
        return len(due) > 1

    def due(self, now: float) -> list[UUID]:
        return [
            tenant_id
            for tenant_id, waiting in self.waiting.items()
            if waiting.events >= settings.SEAL_EVENTS or now - waiting.since >= settings.SEAL_SECONDS
        ]

    def seal_now(self, tenant_id: UUID) -> None:
        """Seal one batch of one tenant. A broken log is said aloud and stops that tenant only."""
        try:
            left = seal_tenant(tenant_id)
        except LogBroken as problem:
            logger.critical("the log is broken, nothing is signed: %s", problem, extra={"tenant_id": str(tenant_id)})
            left = 0
        self.waiting.pop(tenant_id, None)
        if left:
            self.waiting[tenant_id] = Waiting(time.monotonic(), left)


def seal_tenant(tenant_id: UUID) -> int:
    """Seal one batch; return how many events are left. Where another sealer is at work, they are its business: 0."""
    with tenant_context(tenant_id, actor=SYSTEM):
        checkpoint = seal()
        return head() - last_position(checkpoint) if checkpoint else 0


def seal_all() -> list[str]:
    """Seal everything that is placed now, of all tenants; return what was refused, in words."""
    refused = []
    for row in system_call("unsealed_tenants"):
        try:
            while seal_tenant(row["tenant_id"]):
                pass
        except LogBroken as problem:
            refused.append(f"{row['tenant_id']}: {problem}")
    return refused
