"""Providers of models: price lists, what work costs by them, and pools that shut when a provider refuses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

import rfc8785
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from agents import events
from agents.models import Agent, CostEntry, CostKind, Price, PriceTable, QuotaPool
from audit.services import Subject, changes_of, record
from common.duplicates import refusing_duplicates
from common.errors import Invalid

MICRO = Decimal("0.000001")
MILLION = Decimal(1_000_000)
POOL_CHANGEABLE = frozenset({"name", "provider", "limit_kind", "limit_amount"})


@dataclass(frozen=True, slots=True)
class PriceInput:
    """A line of a price list: US dollars per million tokens."""

    model: str
    input_usd: Decimal
    output_usd: Decimal
    cache_usd: Decimal | None = None


def plain(amount: Decimal | None) -> str | None:
    """Return an amount as the digest spells it: six decimals, so 3 and 3.0 are one list."""
    return None if amount is None else str(amount.quantize(MICRO))


def list_digest(provider: str, version: str, effective_from: datetime, prices: Sequence[PriceInput]) -> str:
    """Return SHA-256 over the canonical JSON (RFC 8785) of a price list, whatever the order of its lines."""
    lines = [
        {
            "model": price.model,
            "input_usd": plain(price.input_usd),
            "output_usd": plain(price.output_usd),
            "cache_usd": plain(price.cache_usd),
        }
        for price in sorted(prices, key=lambda price: price.model)
    ]
    document: Any = {
        "provider": provider,
        "version": version,
        "effective_from": effective_from.isoformat(),
        "prices": lines,
    }
    return sha256(rfc8785.dumps(document)).hexdigest()


@transaction.atomic
def add_price_table(
    *, provider: str, version: str, effective_from: datetime, source: str, prices: Sequence[PriceInput]
) -> PriceTable:
    """Add an edition of a provider's price list; it never changes. Raises `Conflict` for a version there is already,
    `Invalid` for none or twice the same model.
    """
    if not prices or len({price.model for price in prices}) < len(prices):
        raise Invalid("Give each model once.", errors={"prices": ["Give each model once, and at least one."]})
    digest = list_digest(provider, version, effective_from, prices)
    with refusing_duplicates(f"There is a version {version} of this list already.", code="version_taken"):
        table: PriceTable = PriceTable.objects.create(
            provider=provider, version=version, effective_from=effective_from, source=source, sha256=digest
        )
    lines = [
        Price(
            table=table,
            model=price.model,
            input_usd=price.input_usd,
            output_usd=price.output_usd,
            cache_usd=price.cache_usd,
        )
        for price in prices
    ]
    Price.objects.bulk_create(lines)
    subject = Subject(type="price_table", id=table.id, label=str(table))
    record(events.PRICE_TABLE_ADDED, subject, provider=str(provider), version=version, sha256=digest)
    return table


@dataclass(frozen=True, slots=True)
class Spending:
    """What an attempt says it used; None is "not told"."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    reported_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What that costs, and how we know."""

    kind: CostKind
    amount_usd: Decimal | None = None
    price: Price | None = None


def cost_of(agent: Agent, spending: Spending) -> Cost:
    """Return `priced` where the list in force has the agent's model and both counts are told, `estimated` where only
    the worker's own figure is, else `unknown`, which is never zero.
    """
    price = listed_price(agent)
    if price and spending.input_tokens is not None and spending.output_tokens is not None:
        amount = (spending.input_tokens * price.input_usd + spending.output_tokens * price.output_usd) / MILLION
        return Cost(CostKind.PRICED, amount.quantize(MICRO, ROUND_HALF_UP), price)
    if spending.reported_usd is not None:
        return Cost(CostKind.ESTIMATED, spending.reported_usd)
    return Cost(CostKind.UNKNOWN)


def listed_price(agent: Agent) -> Price | None:
    """Return the price of the agent's model in the list in force; an older list's does not count."""
    if not agent.model_provider or not agent.model_name:
        return None
    table = PriceTable.objects.filter(provider=agent.model_provider).in_force_at(timezone.now()).first()
    return Price.objects.filter(table=table, model=agent.model_name).first() if table else None


def enter_cost(agent: Agent, spending: Spending, *, project_id: UUID, task_id: UUID, execution_id: UUID) -> CostEntry:
    """Write down what an attempt cost; no event: the attempt's end is one."""
    cost = cost_of(agent, spending)
    entry: CostEntry = CostEntry.objects.create(
        project_id=project_id,
        agent=agent,
        task_id=task_id,
        execution_id=execution_id,
        kind=cost.kind,
        amount_usd=cost.amount_usd,
        price=cost.price,
        provider=agent.model_provider,
        model=agent.model_name,
        input_tokens=spending.input_tokens,
        output_tokens=spending.output_tokens,
    )
    return entry


def pool_subject(pool: QuotaPool) -> Subject:
    return Subject(type="quota_pool", id=pool.id, label=pool.name)


@transaction.atomic
def create_quota_pool(*, name: str, provider: str, limit_kind: str, limit_amount: int) -> QuotaPool:
    """Describe a subscription that agents share. Raises `Conflict` where the name is taken."""
    with refusing_duplicates(f"A pool named {name} exists already.", code="pool_taken"):
        pool: QuotaPool = QuotaPool.objects.create(
            name=name, provider=provider, limit_kind=limit_kind, limit_amount=limit_amount
        )
    record(events.QUOTA_POOL_CREATED, pool_subject(pool))
    return pool


@transaction.atomic
def update_quota_pool(*, pool: QuotaPool, **changes: Any) -> QuotaPool:
    """Change what differs. Raises `Conflict` where the name is taken."""
    changed = {
        name: value for name, value in changes.items() if name in POOL_CHANGEABLE and getattr(pool, name) != value
    }
    if changed:
        differences = changes_of(pool, changed)
        with refusing_duplicates("A pool of that name exists already.", code="pool_taken"):
            QuotaPool.objects.filter(id=pool.id).update(**changed)
        pool.refresh_from_db()
        record(events.QUOTA_POOL_UPDATED, pool_subject(pool), changes=differences, changed=sorted(changed))
    return pool


@transaction.atomic
def close_quota_pool(*, pool: QuotaPool, until: datetime, reason: str = "") -> QuotaPool:
    """Shut a pool because its provider refuses: its agents claim nothing till then. The later end wins."""
    earlier = Q(closed_until=None) | Q(closed_until__lt=until)
    if QuotaPool.objects.filter(earlier, id=pool.id).update(closed_until=until):
        record(events.QUOTA_POOL_CLOSED, pool_subject(pool), reason=reason, closed_until=until.isoformat())
    pool.refresh_from_db()
    return pool


@transaction.atomic
def open_quota_pool(*, pool: QuotaPool, reason: str) -> QuotaPool:
    """Open a shut pool before its time."""
    if QuotaPool.objects.filter(id=pool.id, closed_until__gt=timezone.now()).update(closed_until=None):
        record(events.QUOTA_POOL_OPENED, pool_subject(pool), reason=reason)
    pool.refresh_from_db()
    return pool
