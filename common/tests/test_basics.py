"""Identifiers, errors, log lines and the request's ids."""

import time
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.test import Client

from common.admin.lists import as_uuid
from common.context import Source
from common.errors import Conflict, DomainError, Invalid, LeaseLost
from common.ids import sha256_hex, uuid7, uuid7_floor
from tests.world import World


def test_identifiers_are_version_seven_and_ordered() -> None:
    made = [uuid7() for _ in range(1000)]
    assert {identifier.version for identifier in made} == {7}
    assert made == sorted(made)


def test_the_floor_of_a_moment_lies_below_every_identifier_made_in_it() -> None:
    before = datetime.now(UTC)
    identifier = uuid7()
    time.sleep(0.002)
    assert uuid7_floor(before) <= identifier < uuid7_floor(datetime.now(UTC))


def test_a_digest_is_that_of_the_standard() -> None:
    assert sha256_hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_an_error_has_a_code_a_status_and_words() -> None:
    error = Invalid("The title is missing.", errors={"title": ["Required."]})
    assert (error.code, error.status, error.detail, error.extra) == (
        "invalid",
        422,
        "The title is missing.",
        {"errors": {"title": ["Required."]}},
    )
    assert Conflict(code="task_closed").code == "task_closed"
    assert (LeaseLost().code, LeaseLost().status, str(LeaseLost())) == ("lease_lost", 409, "The lease is lost")


def test_every_error_class_has_its_own_code_and_a_client_or_server_status() -> None:
    classes: list[type[DomainError]] = [DomainError, *descendants(DomainError)]
    codes = [kind.code for kind in classes]
    assert len(codes) == len(set(codes))
    assert all(400 <= kind.status < 600 and kind.title for kind in classes)


def descendants(kind: type[DomainError]) -> list[type[DomainError]]:
    return [deeper for child in kind.__subclasses__() for deeper in (child, *descendants(child))]


@pytest.mark.parametrize("text", ["", "x", "0" * 31, "{}", "1; DROP TABLE"])
def test_what_is_no_identifier_is_none(text: str) -> None:
    assert as_uuid(text) is None


def test_the_literals_of_sources_are_those_of_the_design() -> None:
    assert {source.value for source in Source} == {"agent", "user", "system", "webhook", "scheduler"}


def test_a_response_names_its_request_and_keeps_a_callers_id(db: None) -> None:
    answer = Client().get("/sign-in/", headers={"X-Request-ID": str(UUID(int=7))})
    assert answer["X-Request-ID"] == str(UUID(int=7))
    made = Client().get("/sign-in/", headers={"X-Request-ID": "<script>"})["X-Request-ID"]
    assert UUID(made).version == 7


def test_a_principal_acts_as_itself(world: World) -> None:
    person, agent = world.admin.principal(), world.agent_principal
    assert (person.id, person.pk, person.is_agent, person.sees_all_projects) == (
        world.admin.id,
        world.admin.id,
        False,
        True,
    )
    assert (agent.id, agent.actor.on_behalf_of, agent.sees_all_projects) == (
        world.agent.id,
        world.engineer.id,
        False,
    )
