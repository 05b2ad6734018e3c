"""The suite's database and its people.

The owner builds one migrated template database per state of the migrations; each worker of the suite clones it, and
tests connect as the app role. A test with the `world` fixture runs in a transaction that is rolled back; one with
`committed_world` commits into a tenant of its own. Nothing is ever flushed.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from common.telemetry import tracing
from tests.database import cloned_database
from tests.servers import Server, running_relay, running_server
from tests.world import Client, World, make_world


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Replace pytest-django's own: a clone of the template, for the app role."""
    with cloned_database() as name:
        for connection in connections.all():
            connection.settings_dict["NAME"] = name
        yield
        with django_db_blocker.unblock():
            connections.close_all()


@pytest.fixture(scope="session")
def standing_worlds(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> tuple[World, World]:
    """Two tenants that all tests of a worker share, for making one costs more than most tests do."""
    with django_db_blocker.unblock():
        worlds = make_world(), make_world()
        connections.close_all()
    return worlds


@pytest.fixture
def world(standing_worlds: tuple[World, World], db: None) -> World:
    """A tenant with people, a project, an agent and its token; what a test does to it is rolled back."""
    return copy.deepcopy(standing_worlds[0])


@pytest.fixture
def other_world(standing_worlds: tuple[World, World], db: None) -> World:
    """A second tenant with the same names in it."""
    return copy.deepcopy(standing_worlds[1])


@pytest.fixture
def committed_world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """A tenant that other processes and connections see. It stays; the next test has its own."""
    with django_db_blocker.unblock():
        yield make_world()
        connections.close_all()


@pytest.fixture
def committed_worlds(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Callable[[], World]]:
    """As many committed tenants as a test asks for."""
    with django_db_blocker.unblock():
        yield make_world
        connections.close_all()


@pytest.fixture
def client_of() -> Callable[[str], Client]:
    """An API client that sends a bearer token."""
    return Client


@pytest.fixture(scope="session")
def server(django_db_setup: None) -> Iterator[Server]:
    """The web process, for real: its own process and sockets, on the suite's database."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def relay(django_db_setup: None) -> Iterator[None]:
    """The relay as a process of its own."""
    with running_relay():
        yield


@pytest.fixture(autouse=True)
def _no_limits_left_over() -> None:
    """Forget what earlier tests counted towards a limit."""
    cache.clear()


@pytest.fixture
def spans() -> Iterator[Callable[[], list[Any]]]:
    """Trace this process into memory; call it for what was sent."""
    tracer = tracing.start("memory")
    try:
        yield lambda: list(tracer.exporter.get_finished_spans())
    finally:
        tracing.stop()
