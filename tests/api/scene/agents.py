"""A key, a budget with what it holds, a stop that is over, a price list, a pool and a cost."""

from base64 import b64encode
from decimal import Decimal

from django.utils import timezone

from agents.models import Agent, CostEntry
from agents.services import (
    PriceInput,
    add_price_table,
    create_budget,
    create_quota_pool,
    register_key,
    trigger_stop,
)
from tests.agents import fresh_key
from tests.world import World


def agents(world: World, names: dict[str, str]) -> dict[str, str]:
    with world.as_("engineer"):
        spare = Agent.objects.get(name="spare")
        cost = CostEntry.objects.filter(agent=world.agent).latest("id")
        key = register_key(agent=world.agent, **fresh_key(world.agent))
        budget = create_budget(
            scope="project", project=world.project, unit="usd", period="day", limit_amount=Decimal(10)
        )
        stop = trigger_stop(scope="agent", agent=spare, reason="wild", by=world.engineer)
    with world.as_("admin"):
        create_budget(scope="tenant", unit="usd", period="day", limit_amount=Decimal(100))
        pool = create_quota_pool(name="shared", provider="local", limit_kind="tokens_per_day", limit_amount=100)
        lines = [PriceInput("m", Decimal(3), Decimal(15))]
        table = add_price_table(
            provider="anthropic", version="1", effective_from=timezone.now(), source="by hand", prices=lines
        )
    ids = {"spare": spare, "cost": cost, "key": key, "budget": budget, "stop": stop, "pool": pool, "price_table": table}
    new = {name: b64encode(value).decode() for name, value in fresh_key(world.agent).items()}
    return {name: str(row.id) for name, row in ids.items()} | new
