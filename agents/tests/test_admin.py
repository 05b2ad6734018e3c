"""Agents in the admin."""

import json
from typing import Any

from accounts.models import ApiToken
from agents.models import Agent
from audit.models import Event
from tests.staff import AdminPages, assert_cheap, signed_in
from tests.world import World


def pages(world: World) -> AdminPages:
    return AdminPages(signed_in(world.admin), "agents_agent")


def described(**documents: Any) -> dict[str, str]:
    """Return the form's other fields, with what the model has by default."""
    given = {"capabilities": {}, "metadata": {}, "configuration": {}} | documents
    plain = {"version": "1.0.0", "max_tokens": "4096", "temperature": "0.70", "top_p": "0.90", "max_concurrent": "10"}
    return plain | {name: json.dumps(value) for name, value in given.items()}


def test_the_change_list_is_cheap(world: World) -> None:
    assert_cheap(pages(world))


def test_an_agent_is_registered_through_the_service(world: World) -> None:
    values = {"name": "scanner", "agent_type": "security", "runtime": "pull"} | described(capabilities={"bandit": {}})
    assert pages(world).add(**values, owner=str(world.engineer.id)).status_code == 302
    with world.as_("system"):
        agent = Agent.objects.get(name="scanner")
        assert agent.capabilities == {"bandit": {}}
        assert Event.objects.get(event_type="agent.registered", resource_id=agent.id).actor_id == world.admin.id


def test_a_name_that_is_taken_is_refused_on_the_form(world: World) -> None:
    values = {"name": "TESTER", "agent_type": "security", "runtime": "pull"} | described()
    answer = pages(world).add(**values, owner=str(world.engineer.id))
    assert answer.status_code == 200
    assert b"exists already" in answer.content


def test_a_description_is_changed_and_the_owner_is_not(world: World) -> None:
    values = described(capabilities={"pytest": {}}) | {"display_name": "The tester", "description": "runs tests"}
    assert pages(world).change(world.agent.id, **values, owner=str(world.stranger.id)).status_code == 302
    with world.as_("system"):
        agent = Agent.objects.get(id=world.agent.id)
        assert (agent.display_name, agent.owner_id) == ("The tester", world.engineer.id)
        assert Event.objects.get(event_type="agent.updated").body == '{"changed":["description","display_name"]}'


def test_suspending_ends_the_agents_tokens_and_resuming_does_not_bring_them_back(world: World) -> None:
    agents = pages(world)
    agents.run("suspend", world.agent.id, reason="misbehaves")
    with world.as_("system"):
        assert not Agent.objects.get(id=world.agent.id).is_active
        assert ApiToken.objects.get(agent_id=world.agent.id).revoked_at
        assert Event.objects.get(event_type="agent.suspended").reason == "misbehaves"
    agents.run("resume", world.agent.id)
    with world.as_("system"):
        assert Agent.objects.get(id=world.agent.id).is_active
        assert not ApiToken.objects.usable().of_agent(world.agent.id).exists()
