"""Evidence, checked: short calls that tests of credibility are written with."""

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from accounts.models import User
from agents.models import Agent, AgentKey
from agents.services import issue_agent_token, register_agent
from common.context import Principal
from common.ids import sha256_hex
from evidence import dsse
from evidence.models import Attestation, Evidence
from evidence.services import About, attest, attest_signed, link_evidence, submit_evidence
from evidence.statements import OURS, STATEMENT
from projects.services import add_member
from tests.work import acting
from tests.world import World


def piece(world: World, who: str = "agent", **values: Any) -> Evidence:
    """Hand in evidence as the world's agent, or as a person."""
    author = {"agent_id": world.agent.id} if who == "agent" else {"author_id": world.people[who].id}
    facts = {"source_type": "agent_self_report", "title": "it works", "content": "I ran it.", **author, **values}
    with world.as_(who):
        return submit_evidence(about=About(project_id=world.project.id), **facts)


def fresh(world: World, evidence: Evidence) -> Evidence:
    with world.as_("system"):
        return Evidence.objects.select_related("agent", "policy").get(id=evidence.id)


def say(
    world: World, evidence: Evidence, who: str = "reviewer", verdict: str = "confirm", **values: Any
) -> Attestation:
    """Attest in a person's name."""
    with acting(world, who):
        return attest(
            evidence=fresh(world, evidence),
            principal=world.people[who].principal(),
            **{"method": "human_review", "verdict": verdict, **values},
        )


def join(world: World, source: Evidence, target: Evidence, kind: str = "supports", **values: Any) -> Any:
    with acting(world, "engineer"):
        principal = world.engineer.principal()
        return link_evidence(source=source, target=target, kind=kind, principal=principal, **values)


class Signer:
    """An agent of its own owner with a key of its own."""

    def __init__(self, world: World, owner: User, name: str = "checker", **values: Any) -> None:
        self.world, self.key = world, Ed25519PrivateKey.generate()
        public = self.key.public_key().public_bytes_raw()
        with world.as_("admin"):
            add_member(project=world.project, user=owner, role="contributor")
            self.agent: Agent = register_agent(owner=owner, name=name, agent_type="reviewer")
            Agent.objects.filter(id=self.agent.id).update(**values)
            self.registered = AgentKey.objects.create(
                agent=self.agent, public_key=public, fingerprint=sha256_hex(public)
            )
        self.principal = Principal(
            tenant_id=world.tenant.id,
            user_id=owner.id,
            agent_id=self.agent.id,
            label=str(self.agent),
            role=owner.role,
            scopes=frozenset({"read", "work"}),
            via="token",
        )

    def envelope(self, evidence: Evidence, *, digest: str = "", **predicate: Any) -> dict[str, Any]:
        """Return a signed statement about evidence."""
        statement = {
            "_type": STATEMENT,
            "subject": [{"name": "content", "digest": {"sha256": digest or evidence.content_sha256}}],
            "predicateType": OURS,
            "predicate": {"method": "llm_review", "verdict": "confirm"} | predicate,
        }
        return dsse.seal(json.dumps(statement).encode(), self.key, "hint")

    def token(self) -> str:
        """Return a token of the agent."""
        with self.world.as_("admin"):
            secret: str = issue_agent_token(agent=self.agent).secret
        return secret

    def attest(self, evidence: Evidence, envelope: dict[str, Any] | None = None, **predicate: Any) -> Attestation:
        signed = envelope or self.envelope(evidence, **predicate)
        with acting(self.world, "agent"):
            return attest_signed(evidence=fresh(self.world, evidence), principal=self.principal, envelope=signed)
