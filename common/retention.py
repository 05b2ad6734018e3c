"""What is kept for how long: each app declares its kinds in `retention.py`, one job purges them all.

keep("deliveries", lambda before, limit: delete_some(Delivery.objects.filter(created_at__lt=before), limit))
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from common.context import SYSTEM
from common.tenancy import system_call, tenant_context

logger = logging.getLogger("countermark.retention")

BATCH = 1000
MOST_BATCHES = 100
"""of one kind in one tenant and run: what is more than that waits for tomorrow"""

Purge = Callable[[datetime, int], int]


@dataclass(frozen=True, slots=True)
class Kind:
    """Rows that age. `purge(before, limit)` deletes at most so many of the running tenant's and returns how many."""

    name: str
    purge: Purge

    @property
    def before(self) -> datetime:
        """Return when what is kept begins: `RETENTION_DAYS` says for how many days."""
        return timezone.now() - timedelta(days=settings.RETENTION_DAYS[self.name])


KINDS: dict[str, Kind] = {}


def keep(name: str, purge: Purge) -> None:
    """Declare a kind; `settings.RETENTION_DAYS` must have its age."""
    KINDS[name] = Kind(name, purge)


def delete_some(rows: QuerySet[Any], limit: int) -> int:
    """Delete the first `limit` of `rows` (children with them); return how many of these rows there were."""
    identifiers = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
    rows.model._base_manager.filter(pk__in=identifiers).delete()
    return len(identifiers)


def purge_everything() -> dict[str, int]:
    """Purge each kind in each tenant, a batch and a transaction at a time; return how many rows of each kind."""
    purged = dict.fromkeys(KINDS, 0)
    for row in system_call("list_tenants"):
        for kind in KINDS.values():
            try:
                purged[kind.name] += purge_kind(row["tenant_id"], kind)
            except Exception:
                # One kind of one tenant must not keep the others for ever.
                logger.exception("purge failed", extra={"tenant": str(row["tenant_id"]), "kind": kind.name})
    logger.info("purged", extra={f"purged_{name}": count for name, count in purged.items()})
    return purged


def purge_kind(tenant_id: Any, kind: Kind) -> int:
    purged = 0
    for _ in range(MOST_BATCHES):
        with tenant_context(tenant_id, actor=SYSTEM):
            count = kind.purge(kind.before, BATCH)
        purged += count
        if count < BATCH:
            break
    return purged
