"""Agents: what each service does, refuses and records."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ApiToken
from accounts.services import authenticate_token
from agents.models import Agent, AgentType
from agents.services import (
    issue_agent_token,
    register_agent,
    resume_agent,
    suspend_agent,
    update_agent,
    working_agent,
)
from agents.services.presence import heard_from
from common.errors import Conflict, Forbidden, Invalid
from tests.work import events_of, newest_event, sql
from tests.world import World


def test_an_agent_is_registered_and_its_owner_hears_of_it(world: World) -> None:
    with world.as_("engineer"):
        agent = register_agent(owner=world.engineer, name="scanner", agent_type=AgentType.SECURITY)
    event = newest_event(world, "agent.registered")
    assert (event.resource_id, event.concerns, event.body) == (
        agent.id,
        [world.engineer.id],
        '{"agent_type":"security"}',
    )


def test_a_name_that_is_taken_is_refused(world: World) -> None:
    with world.as_("engineer"), pytest.raises(Conflict) as refusal:
        register_agent(owner=world.engineer, name="TESTER", agent_type=AgentType.TESTER)
    assert refusal.value.code == "agent_taken"


def test_a_change_records_what_differs_and_never_moves_the_owner(world: World) -> None:
    with world.as_("engineer"):
        update_agent(agent=world.agent, capabilities={"pytest": {}})
    assert "agent.updated" not in events_of(world)
    with world.as_("engineer"):
        update_agent(agent=world.agent, description="runs tests", owner=world.stranger, reason="said more")
        assert Agent.objects.get(id=world.agent.id).owner_id == world.engineer.id
    event = newest_event(world, "agent.updated")
    assert (event.body, event.reason) == ('{"changed":["description"]}', "said more")


def test_suspending_ends_the_tokens_first_and_is_recorded_once(world: World) -> None:
    before = len(events_of(world))
    with world.as_("engineer"):
        suspend_agent(agent=world.agent, reason="loops")
        suspend_agent(agent=world.agent, reason="loops again")
    assert events_of(world)[before:] == ["api_token.revoked", "agent.suspended"]
    assert authenticate_token(world.token) is None


def test_a_resumed_agent_needs_a_new_token(world: World) -> None:
    with world.as_("engineer"):
        suspend_agent(agent=world.agent, reason="loops")
        resume_agent(agent=world.agent, reason="fixed")
        resume_agent(agent=world.agent, reason="fixed")
    assert events_of(world).count("agent.resumed") == 1
    assert authenticate_token(world.token) is None
    with world.as_("engineer"):
        secret = issue_agent_token(agent=world.agent).secret
    assert authenticate_token(secret)


def test_a_token_of_an_agent_ends_and_can_only_work(world: World) -> None:
    with world.as_("engineer"):
        token = issue_agent_token(agent=world.agent, lifetime=timedelta(days=1)).token
        assert token.scopes == ["read", "work"]
        assert token.expires_at
        assert token.expires_at - timezone.now() < timedelta(days=1, seconds=5)
        with pytest.raises(Invalid):
            issue_agent_token(agent=world.agent, lifetime=timedelta(days=365))


def test_a_calling_agent_is_noted_as_seen_at_most_every_fifteen_seconds(world: World) -> None:
    with world.as_("agent"):
        heard_from(working_agent(world.agent_principal))
        first = Agent.objects.get(id=world.agent.id).last_seen_at
        assert first
        heard_from(working_agent(world.agent_principal))
        assert Agent.objects.get(id=world.agent.id).last_seen_at == first
    sql(world, "UPDATE agents_agent SET last_seen_at = now() - interval '16 seconds'")
    with world.as_("agent"):
        heard_from(working_agent(world.agent_principal))
        seen = Agent.objects.get(id=world.agent.id).last_seen_at
        assert seen
        assert timezone.now() - seen < timedelta(seconds=10)


def test_people_and_suspended_agents_do_not_work(world: World) -> None:
    with world.as_("engineer"):
        with pytest.raises(Forbidden):
            working_agent(world.engineer.principal())
        suspend_agent(agent=world.agent, reason="loops")
        with pytest.raises(Forbidden) as refusal:
            working_agent(world.agent_principal)
    assert refusal.value.code == "not_an_agent"


@pytest.mark.parametrize(("who", "sees"), [("engineer", 1), ("viewer", 1), ("stranger", 0), ("admin", 1)])
def test_agents_are_seen_by_owners_and_by_those_who_share_a_project_with_the_owner(
    world: World, who: str, sees: int
) -> None:
    with world.as_(who):
        assert Agent.objects.visible_to(world.people[who].principal()).active().count() == sees
        assert ApiToken.objects.of_agent(world.agent.id).count() == 1
