"""Rounds of the sender: claim what is due over all tenants, send it without the database, write the answers down."""

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from audit.services.deliveries import PER_ENDPOINT, PER_ROUND, Parcel, claim_deliveries, settle_delivery
from audit.webhooks.sender import Answer, send
from common.context import SYSTEM
from common.tenancy import system_call, tenant_context

logger = logging.getLogger("countermark.webhooks")

THREADS = PER_ROUND // PER_ENDPOINT
ROUNDS_SECONDS = 45.0


def deliver_due() -> int:
    """Send what is due, for a while at most; return how many attempts were made."""
    ends = time.monotonic() + ROUNDS_SECONDS
    attempts = 0
    with ThreadPoolExecutor(THREADS) as pool:
        while time.monotonic() < ends and (claimed := claim_everywhere()):
            for tenant_id, answers in pool.map(send_in_order, claimed):
                settle(tenant_id, answers)
                attempts += len(answers)
    return attempts


def claim_everywhere() -> list[tuple[UUID, list[Parcel]]]:
    """Return what this round sends, by tenant and endpoint: an endpoint gets one connection at a time."""
    tenants = [row["tenant_id"] for row in system_call("tenants_with_due_deliveries", THREADS)]
    groups: dict[tuple[UUID, UUID], list[Parcel]] = defaultdict(list)
    for tenant_id in tenants:
        with tenant_context(tenant_id, actor=SYSTEM):
            for parcel in claim_deliveries(limit=PER_ROUND // len(tenants)):
                groups[tenant_id, parcel.delivery.endpoint_id].append(parcel)
    return [(tenant_id, parcels) for (tenant_id, _), parcels in groups.items()]


Answers = list[tuple[Parcel, Answer]]


def send_in_order(group: tuple[UUID, Sequence[Parcel]]) -> tuple[UUID, Answers]:
    tenant_id, parcels = group
    return tenant_id, [(parcel, send(parcel.url, parcel.headers, parcel.body)) for parcel in parcels]


def settle(tenant_id: UUID, answers: Answers) -> None:
    """Write down the answers of one endpoint; one that cannot be is tried again when its claim has run out."""
    for parcel, answer in answers:
        try:
            with tenant_context(tenant_id, actor=SYSTEM):
                settle_delivery(delivery=parcel.delivery, answer=answer)
        except Exception:
            logger.exception("delivery not settled", extra={"delivery": str(parcel.delivery.id)})
