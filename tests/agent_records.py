"""What each service of agents leaves in the log: scenes for tests/test_services_record.py."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from agents import services as agents
from agents.models import AgentKey, Budget, QuotaPool
from tests.agents import fresh_key
from tests.work import acting
from tests.world import World

Scene = Callable[[World], Any]


def as_(who: str, call: Callable[[World], Any]) -> Scene:
    def scene(world: World) -> None:
        with acting(world, who):
            call(world)

    return scene


def price_list() -> None:
    lines = [agents.PriceInput("m", Decimal(3), Decimal(15))]
    agents.add_price_table(
        provider="anthropic", version="1", effective_from=timezone.now(), source="by hand", prices=lines
    )


def quota_pool() -> QuotaPool:
    return agents.create_quota_pool(name="shared", provider="local", limit_kind="requests_per_minute", limit_amount=60)


def closed_pool() -> QuotaPool:
    return agents.close_quota_pool(pool=quota_pool(), until=timezone.now() + timedelta(minutes=1))


def budget() -> Budget:
    return agents.create_budget(scope="tenant", unit="runs", period="day", limit_amount=Decimal(10))


def new_key(world: World) -> AgentKey:
    return agents.register_key(agent=world.agent, **fresh_key(world.agent))


def rotated_key(world: World) -> AgentKey:
    return agents.rotate_key(key=new_key(world), **fresh_key(world.agent))


def suspended_and_resumed(world: World) -> None:
    agents.suspend_agent(agent=world.agent, reason="loops")
    agents.resume_agent(agent=world.agent, reason="fixed")


SCENES: dict[str, tuple[Scene, list[str]]] = {
    "agents.register_agent": (
        as_("engineer", lambda w: agents.register_agent(owner=w.engineer, name="n", agent_type="tester")),
        ["agent.registered"],
    ),
    "agents.issue_agent_token": (
        as_("engineer", lambda w: agents.issue_agent_token(agent=w.agent)),
        ["api_token.issued_to_agent"],
    ),
    "agents.update_agent": (
        as_("engineer", lambda w: agents.update_agent(agent=w.agent, description="new")),
        ["agent.updated"],
    ),
    "agents.deprecate_agent": (
        as_("engineer", lambda w: agents.deprecate_agent(agent=w.agent, reason="old")),
        ["agent.deprecated"],
    ),
    "agents.delete_agent": (
        as_("engineer", lambda w: agents.delete_agent(agent=w.agent, reason="gone")),
        ["api_token.revoked", "agent.deleted"],
    ),
    "agents.add_price_table": (as_("admin", lambda w: price_list()), ["price_table.added"]),
    "agents.create_quota_pool": (as_("admin", lambda w: quota_pool()), ["quota_pool.created"]),
    "agents.update_quota_pool": (
        as_("admin", lambda w: agents.update_quota_pool(pool=quota_pool(), name="other")),
        ["quota_pool.created", "quota_pool.updated"],
    ),
    "agents.close_quota_pool": (
        as_("system", lambda w: closed_pool()),
        ["quota_pool.created", "quota_pool.closed"],
    ),
    "agents.open_quota_pool": (
        as_("admin", lambda w: agents.open_quota_pool(pool=closed_pool(), reason="paid")),
        ["quota_pool.created", "quota_pool.closed", "quota_pool.opened"],
    ),
    "agents.create_budget": (as_("admin", lambda w: budget()), ["budget.created"]),
    "agents.update_budget": (
        as_("admin", lambda w: agents.update_budget(budget=budget(), limit_amount=5)),
        ["budget.created", "budget.updated"],
    ),
    "agents.trigger_stop": (
        as_("admin", lambda w: agents.trigger_stop(scope="tenant", reason="wild", by=w.admin)),
        ["emergency_stop.triggered"],
    ),
    "agents.release_stop": (
        as_(
            "admin",
            lambda w: agents.release_stop(
                stop=agents.trigger_stop(scope="tenant", reason="wild", by=w.admin), by=w.admin, reason="calm"
            ),
        ),
        ["emergency_stop.triggered", "emergency_stop.released"],
    ),
    "agents.register_key": (as_("engineer", lambda w: new_key(w)), ["agent.key_registered"]),
    "agents.rotate_key": (as_("engineer", lambda w: rotated_key(w)), ["agent.key_registered"] * 2),
    "agents.revoke_key": (
        as_("engineer", lambda w: agents.revoke_key(key=new_key(w), reason="lost")),
        ["agent.key_registered", "agent.key_revoked"],
    ),
    "agents.suspend_agent": (
        as_("engineer", lambda w: agents.suspend_agent(agent=w.agent, reason="loops")),
        ["api_token.revoked", "agent.suspended"],
    ),
    "agents.resume_agent": (
        as_("engineer", suspended_and_resumed),
        ["api_token.revoked", "agent.suspended", "agent.resumed"],
    ),
}
