"""Who may see which event, and reading by cursor."""

from typing import Any
from uuid import UUID

import pytest

from accounts.services import update_user
from agents.services import update_agent
from audit.models import Event
from audit.queries import PlacedEvent, events_after, head
from audit.tests.places import place_all
from projects.models import Project
from projects.services import create_project, update_project
from tests.world import World

PROJECT, PERSONAL, ADMINISTRATIVE = "project.updated", "agent.updated", "user.updated"


@pytest.fixture
def busy(world: World) -> World:
    """One event of each audience: of the project, personal to the engineer, administrative about the viewer."""
    with world.as_("admin"):
        update_project(project=world.project, name="New")
        update_agent(agent=world.agent, description="new")
        update_user(user=world.viewer, display_name="New")
        other = create_project(owner=world.admin, name="Other", key="OTH", slug="other")
        update_project(project=other, name="Secret")
    place_all()
    return world


def read(world: World, who: str, **values: Any) -> list[PlacedEvent]:
    principal = world.agent_principal if who == "agent" else world.people[who].principal()
    with world.as_(who):
        projects = list(Project.objects.visible_to(principal).values_list("id", flat=True))
        return events_after(0, principal=principal, project_ids=projects, **{"limit": 1000, **values}).events


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("engineer", {PROJECT, PERSONAL}),
        ("agent", {PROJECT}),  # what is personal to its owner is none of its business
        ("reviewer", {PROJECT}),
        ("viewer", {PROJECT, ADMINISTRATIVE}),  # it concerns the viewer
        ("stranger", set()),
        ("admin", {PROJECT, PERSONAL, ADMINISTRATIVE}),
    ],
)
def test_an_event_is_seen_by_its_audience_and_by_whom_it_concerns(busy: World, who: str, sees: set[str]) -> None:
    kinds = {placed.event.event_type for placed in read(busy, who)}
    assert kinds & {PROJECT, PERSONAL, ADMINISTRATIVE} == sees


@pytest.mark.parametrize("who", ["engineer", "reviewer", "viewer", "stranger", "agent"])
def test_nobody_hears_of_a_project_that_is_not_theirs(busy: World, who: str) -> None:
    assert "Secret" not in {placed.event.resource_label for placed in read(busy, who)}


def test_one_project_is_read_alone(busy: World) -> None:
    only = read(busy, "admin", only_project=busy.project.id)
    assert {placed.event.project_id for placed in only} == {busy.project.id}


def test_a_cursor_moves_past_what_may_not_be_seen(busy: World) -> None:
    principal = busy.stranger.principal()
    with busy.as_("stranger"):
        batch = events_after(0, principal=principal, project_ids=[], limit=1000)
        assert batch.upto == head() > len(batch.events)
        assert events_after(batch.upto, principal=principal, project_ids=[]).events == []


def test_small_batches_give_the_same_as_one_large(busy: World) -> None:
    principal, cursor, seen = busy.admin.principal(), 0, list[UUID]()
    with busy.as_("admin"):
        while (batch := events_after(cursor, principal=principal, project_ids=[], limit=2)).upto > cursor:
            cursor = batch.upto
            seen += [placed.event.id for placed in batch.events]
    assert seen == [placed.event.id for placed in read(busy, "admin")]


def test_a_message_carries_small_facts_and_no_labels_of_others(busy: World) -> None:
    [placed] = [entry for entry in read(busy, "engineer") if entry.event.event_type == PROJECT]
    message = placed.message()
    assert message["data"] == {"changed": ["name"]}
    assert message["actor"] == {"kind": "user", "id": str(busy.admin.id), "label": "Admin"}
    assert (message["op"], message["pos"], message["project_id"]) == ("event", placed.pos, str(busy.project.id))
    assert message["ts"].endswith("Z")


def test_what_happened_to_an_object_is_found_by_its_id(busy: World) -> None:
    with busy.as_("admin"):
        kinds = set(Event.objects.about(busy.agent.id).values_list("event_type", flat=True))
    assert kinds == {"agent.registered", "agent.updated"}
