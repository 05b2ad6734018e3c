"""The log from its first event on: its positions and seals are committed by a relay, if one runs beside the tests."""

import pytest

from tests.world import World, make_world


@pytest.fixture
def world(db: None) -> World:
    """A tenant of the test's own, whose events nobody has placed yet; rolled back after the test."""
    return make_world()


@pytest.fixture
def other_world(db: None) -> World:
    """A second tenant with the same names in it."""
    return make_world()
