"""One scene for all tests of a module: it takes longer to set than to ask it something."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from tests.api.scene import Scene, make_scene
from tests.world import World, make_world


@pytest.fixture(scope="module")
def shared_scene(standing_worlds: object, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    """Hold a transaction open around the tests of a module; each test is a savepoint in it (see `scene`).

    The standing worlds come first: made inside this transaction they would end with it.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_scene(make_world())
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def second_world(shared_scene: Scene) -> World:
    """A second tenant, in the same transaction."""
    return make_world()


@pytest.fixture
def scene(shared_scene: Scene, db: None) -> Scene:
    """One of everything that the API shows; what a test changes is rolled back."""
    return shared_scene
