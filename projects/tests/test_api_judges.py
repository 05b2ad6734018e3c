"""Agents judge over HTTP: the gates that they own, and nothing else."""

from typing import Any

import pytest

from agents.models import Agent
from agents.services import issue_agent_token, register_agent
from projects import services
from projects.models import Gate
from tests.delivery import Delivery, make_delivery
from tests.world import Client, World


@pytest.fixture
def validator(world: World) -> Agent:
    with world.as_("admin"):
        return register_agent(owner=world.reviewer, name="validator", agent_type="tester")


@pytest.fixture
def client(world: World, validator: Agent) -> Client:
    with world.as_("admin"):
        return Client(issue_agent_token(agent=validator).secret)


@pytest.fixture
def delivery(world: World) -> Delivery:
    made = make_delivery(world)
    made.finish()
    return made


def test_an_agent_judges_the_gate_that_it_owns_and_no_other(
    delivery: Delivery, validator: Agent, client: Client
) -> None:
    evidence = str(delivery.evidence(exit_code=0).id)
    checks = f"gates/{delivery.gate.id}/checks"
    run: dict[str, Any] = {"exit_code": 0, "output": "42 passed", "evidence": evidence}
    calls: list[tuple[str, dict[str, Any], int]] = [
        (f"{checks}/{delivery.run_check.id}/run/", run, 200),
        (f"{checks}/{delivery.manual_check.id}/verdict/", {"state": "pass"}, 200),
        ("reviews/", {"gate": str(delivery.gate.id), "verdict": "approved"}, 201),
    ]
    assert [client.send("POST", path, body).status_code for path, body, _ in calls] == [403, 403, 403]
    with delivery.world.as_("admin"):
        Gate.objects.filter(id=delivery.gate.id).update(owner_agent_id=validator.id)
    for path, body, status in calls:
        answer = client.send("POST", path, body)
        assert answer.status_code == status, answer.content
    assert delivery.now(delivery.gate).status == "passed"
    refused = client.send("POST", f"gates/{delivery.gate.id}/waive/", {"reason": "late"})
    assert refused.status_code == 403


def test_an_agent_that_owns_the_final_gate_judges_the_phase(
    delivery: Delivery, validator: Agent, client: Client
) -> None:
    body = {"phase": str(delivery.phase.id), "verdict": "changes_requested"}
    refused = client.send("POST", "phase-approvals/", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "may_not_judge")
    final: dict[str, Any] = {"phase": delivery.phase, "kind": "final", "name": "Final review"}
    delivery.call(services.create_gate, **final, owner_agent_id=validator.id)
    assert client.send("POST", "phase-approvals/", body).status_code == 201
