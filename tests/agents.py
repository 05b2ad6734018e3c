"""Agents' keys, budgets and stops, as tests make them."""

from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agents.models import Agent, Budget
from agents.services import create_budget, register_agent
from agents.services.keys import proof_message
from common.context import Principal
from tests.world import World


def fresh_key(agent: Agent) -> dict[str, Any]:
    """Return a new public key, and the proof that its private half is there."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    return {"public_key": public, "proof": private.sign(proof_message(agent, public))}


def set_budget(world: World, limit: Any, unit: str = "runs", period: str = "day", **values: Any) -> Budget:
    """Set a budget of the tenant, or of what `values` name."""
    with world.as_("admin"):
        given: dict[str, Any] = {"scope": "tenant", "unit": unit, "period": period, "limit_amount": Decimal(limit)}
        return create_budget(**given | values)


def another_agent(world: World, name: str, **values: Any) -> tuple[Agent, Principal]:
    """Register one more agent of the engineer, and return how it calls."""
    with world.as_("engineer"):
        agent = register_agent(
            owner=world.engineer, name=name, **{"agent_type": "codegen", "capabilities": {"pytest": True}} | values
        )
    caller = Principal(
        tenant_id=world.tenant.id,
        user_id=world.engineer.id,
        agent_id=agent.id,
        label=str(agent),
        role=world.engineer.role,
        scopes=frozenset({"read", "work"}),
        via="token",
    )
    return agent, caller
