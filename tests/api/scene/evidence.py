"""Evidence with everything around it."""

from typing import Any

from evidence.services import (
    About,
    Basis,
    argue_claim,
    assert_claim,
    attest,
    link_evidence,
    make_chain,
    make_decision,
    submit_evidence,
)
from tests.world import World


def evidence_part(world: World, names: dict[str, str]) -> dict[str, str]:
    """Two pieces of the agent's, attested, linked, put to a claim, decided on and in a chain."""
    about = About(project_id=world.project.id)
    report: dict[str, Any] = {"source_type": "agent_self_report", "content": "I ran it.", "agent_id": world.agent.id}
    with world.as_("agent"):
        older = submit_evidence(about=about, title="older report", **report)
        newer = submit_evidence(about=about, title="newer report", **report)
        spare = submit_evidence(about=about, title="spare report", **report)
    with world.as_("reviewer"):
        principal = world.reviewer.principal()
        attestation = attest(evidence=older, principal=principal, method="human_review", verdict="confirm")
        attest(evidence=older, principal=principal, method="source_lookup", verdict="refute")
    with world.as_("engineer"):
        principal = world.engineer.principal()
        link = link_evidence(source=older, target=newer, kind="supports", principal=principal)
        link_evidence(source=newer, target=older, kind="contradicts", principal=principal)
        what: dict[str, Any] = {"subject": "main", "predicate": "passes", "value": True}
        claim = assert_claim(project=world.project, principal=principal, **what)
        argument = argue_claim(claim=claim, evidence=older, principal=principal, role="supports")
        argue_claim(claim=claim, evidence=newer, principal=principal, role="opposes")
        basis = [Basis(evidence=older), Basis(claim=claim)]
        decided: dict[str, Any] = {"question": "Release?", "outcome": "Yes.", "basis": basis}
        decision = make_decision(project=world.project, principal=principal, **decided)
        make_decision(project=world.project, principal=principal, **decided)
        members = [(newer, "supporting")]
        chain = make_chain(project=world.project, principal=principal, primary=older, members=members)
        make_chain(project=world.project, principal=principal, primary=newer)
    made = {
        "older": older,
        "newer": newer,
        "spare_evidence": spare,
        "attestation": attestation,
        "link": link,
        "claim": claim,
        "argument": argument,
        "decision": decision,
        "chain": chain,
    }
    return {name: str(row.id) for name, row in made.items()} | {"policy": str(older.policy_id)}
