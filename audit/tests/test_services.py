"""Recording: what an event says, and what is refused."""

from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from django.db import Error, IntegrityError, transaction

from accounts.events import USER_CREATED
from audit.events import Action, EventPayloadError, EventType, Outcome, UnknownEventError
from audit.models import Event
from audit.services import Subject, record
from common import context
from common.ids import uuid7
from common.tenancy import MissingTenantContextError
from projects.events import PROJECT_UPDATED
from tests.work import sql
from tests.world import World


def note(world: World, who: str = "engineer", **values: Any) -> Event:
    with world.as_(who):
        subject = Subject(type="project", id=world.project.id, label="Countermark", project_id=world.project.id)
        return record(PROJECT_UPDATED, subject, **{"changed": ["name"], **values})


def test_an_event_says_who_did_what_to_what_through_which_request(world: World) -> None:
    with context.use(context.new_context(UUID(int=7), "0" * 31 + "7")):
        event = note(world, reason="renamed", outcome=Outcome.PARTIAL)
    assert (event.event_type, event.action, event.outcome, event.schema_version) == (
        "project.updated",
        "update",
        "partial",
        1,
    )
    assert (event.source, event.actor_id, event.actor_label) == ("user", world.engineer.id, "Engineer")
    assert (event.resource_type, event.resource_id, event.resource_label) == (
        "project",
        world.project.id,
        "Countermark",
    )
    assert (event.request_id, event.trace_id, event.reason) == (UUID(int=7), "0" * 31 + "7", "renamed")
    assert (event.tenant_id, event.project_id, event.audience) == (world.tenant.id, world.project.id, "project")


def test_an_agent_acts_on_behalf_of_its_owner(world: World) -> None:
    event = note(world, "agent")
    assert (event.source, event.actor_id, event.on_behalf_of) == ("agent", world.agent.id, world.engineer.id)


def test_the_body_is_the_payload_as_exact_text(world: World) -> None:
    with world.as_("system"):
        subject = Subject(type="user", id=world.viewer.id, label="Viewer")
        event = record(USER_CREATED, subject, concerns=[world.viewer.id, None, world.viewer.id], role="é")
    assert event.body == '{"role":"é"}'
    assert orjson.loads(event.body) == {"role": "é"}
    assert event.concerns == [world.viewer.id]


def test_an_unknown_event_is_refused(world: World) -> None:
    stray = object.__new__(EventType)
    object.__setattr__(stray, "name", "project.exploded")
    with world.as_("engineer"), pytest.raises(UnknownEventError, match="catalogue"):
        record(stray, Subject(type="project", id=None))


@pytest.mark.parametrize("data", [{}, {"changed": "name"}, {"changed": [], "more": 1}, {"other": []}])
def test_a_payload_that_is_not_what_the_catalogue_says_is_refused(world: World, data: dict[str, Any]) -> None:
    before = count(world)
    with world.as_("engineer"), pytest.raises(EventPayloadError):
        record(PROJECT_UPDATED, Subject(type="project", id=None), **data)
    assert count(world) == before


def count(world: World) -> int:
    with world.as_("system"):
        return Event.objects.count()


def test_recording_without_a_context_is_refused(world: World) -> None:
    with pytest.raises(MissingTenantContextError):
        record(PROJECT_UPDATED, Subject(type="project", id=None), changed=[])


def test_an_event_is_gone_with_the_change_it_is_about(world: World) -> None:
    before = count(world)
    with suppress(ZeroDivisionError), transaction.atomic():
        note(world)
        raise ZeroDivisionError
    assert count(world) == before


def test_long_labels_are_cut_to_what_the_log_holds(world: World) -> None:
    with world.as_("engineer"):
        event = record(PROJECT_UPDATED, Subject(type="project", id=None, label="x" * 900), changed=[])
    assert len(event.resource_label) == 500


def test_time_and_database_user_cannot_be_forged(world: World) -> None:
    event = note(world)
    values = {name: getattr(event, name) for name in ("tenant_id", "event_type", "action", "audience", "source")}
    with world.as_("engineer"):
        forged = Event.objects.create(
            **values,
            actor_label="x",
            resource_type="project",
            request_id=uuid4(),
            body="{}",
            recorded_at="1999-01-01T00:00:00Z",
            db_user="somebody else",
        )
        forged.refresh_from_db()
    [[age, db_user]] = sql(
        world, "SELECT clock_timestamp() - recorded_at < '1 minute', db_user FROM audit_event WHERE id = %s", forged.id
    )
    assert (age, db_user) == (True, "cm_app")


def test_an_event_for_another_tenant_is_refused_by_the_database(world: World, other_world: World) -> None:
    event = note(world)
    event.pk, event.tenant_id = uuid7(), other_world.tenant.id
    with world.as_("engineer"), pytest.raises(Error, match="row-level security"), transaction.atomic():
        event.save(force_insert=True)


@pytest.mark.parametrize("column", ["action", "outcome", "source", "audience"])
def test_the_database_refuses_literals_that_the_catalogue_does_not_know(world: World, column: str) -> None:
    event = note(world)
    event.pk = uuid7()
    setattr(event, column, "odd")
    with world.as_("engineer"), pytest.raises(IntegrityError, match=f"audit_event_{column}"), transaction.atomic():
        event.save(force_insert=True)


def test_a_name_is_declared_once() -> None:
    with pytest.raises(UnknownEventError, match="already"):
        EventType("project.updated", Action.UPDATE, "twice")
