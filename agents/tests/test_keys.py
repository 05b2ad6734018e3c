"""Agents' keys: who registers one holds its private half."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import AgentKey
from agents.services import register_key, revoke_key, rotate_key
from common.errors import Conflict, Invalid
from tests.agents import another_agent, fresh_key
from tests.world import World


def test_a_key_with_a_proof_is_registered_once(world: World) -> None:
    given = fresh_key(world.agent)
    with world.as_("engineer"):
        key = register_key(agent=world.agent, **given)
        assert AgentKey.objects.valid_at(timezone.now()).get() == key
        with pytest.raises(Conflict):
            register_key(agent=world.agent, **given)


def test_a_proof_for_another_key_or_another_agent_does_not_count(world: World) -> None:
    other, _ = another_agent(world, "other")
    given, second = fresh_key(world.agent), fresh_key(world.agent)
    wrong = [given | {"proof": second["proof"]}, given | {"proof": bytes(64)}, given | {"public_key": bytes(31)}]
    with world.as_("engineer"):
        for values in wrong:
            with pytest.raises(Invalid):
                register_key(agent=world.agent, **values)
        with pytest.raises(Invalid):
            register_key(agent=other, **given)
        assert not AgentKey.objects.exists()


def test_a_rotated_key_counts_until_the_overlap_is_over(world: World) -> None:
    with world.as_("engineer"):
        old = register_key(agent=world.agent, **fresh_key(world.agent))
        new = rotate_key(key=old, overlap=timedelta(hours=1), **fresh_key(world.agent))
        now = timezone.now()
        assert set(AgentKey.objects.valid_at(now)) == {old, new}
        assert AgentKey.objects.valid_at(now + timedelta(hours=2)).get() == new
        old.refresh_from_db()
        newest = rotate_key(key=new, **fresh_key(world.agent))
        assert newest in AgentKey.objects.valid_at(timezone.now())
        assert new not in AgentKey.objects.valid_at(timezone.now() + timedelta(seconds=1))


def test_a_revoked_key_is_not_rotated_and_says_why_it_ended(world: World) -> None:
    with world.as_("engineer"):
        key = register_key(agent=world.agent, **fresh_key(world.agent))
        revoke_key(key=key, reason="lost")
        assert revoke_key(key=key, reason="again").revoked_reason == "lost"
        assert not AgentKey.objects.valid_at(timezone.now()).exists()
        with pytest.raises(Conflict):
            rotate_key(key=key, **fresh_key(world.agent))
