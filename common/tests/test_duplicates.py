"""What is taken is said; what else the database refuses is not called taken."""

import pytest
from django.db import IntegrityError

from agents.services import register_agent
from common.errors import Conflict
from tests.work import acting
from tests.world import World


def test_a_name_that_is_taken_is_said_and_the_transaction_goes_on(world: World) -> None:
    with acting(world, "engineer"):
        register_agent(owner=world.engineer, name="one", agent_type="tester")
        with pytest.raises(Conflict, match="named ONE exists already"):
            register_agent(owner=world.engineer, name="ONE", agent_type="tester")
        assert register_agent(owner=world.engineer, name="two", agent_type="tester").name == "two"


def test_another_refusal_of_the_database_is_not_called_taken(world: World) -> None:
    with acting(world, "engineer"), pytest.raises(IntegrityError, match="agents_agent_type"):
        register_agent(owner=world.engineer, name="one", agent_type="wizard")
