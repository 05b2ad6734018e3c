"""The log in the admin: read-only for everybody."""

from typing import Any

import pytest
from django.db import connection

from audit.models import Event
from tests.staff import AdminPages, assert_cheap, shown_rows, signed_in
from tests.world import World


@pytest.fixture
def log(world: World) -> AdminPages:
    return AdminPages(signed_in(world.admin), "audit_event")


def stored(world: World, event_id: Any) -> Any:
    """Return a row exactly as the database writes it."""
    with world.as_("system"), connection.cursor() as cursor:
        cursor.execute("SELECT e::text FROM audit_event e WHERE id = %s", [event_id])
        return cursor.fetchone()


def test_the_list_is_cheap(world: World, log: AdminPages) -> None:
    assert_cheap(log)


def test_the_list_does_not_load_bodies(world: World, log: AdminPages) -> None:
    assert all("body" in row.get_deferred_fields() for row in shown_rows(log.list()))


def test_an_administrator_can_neither_add_nor_change_nor_delete_an_entry(world: World, log: AdminPages) -> None:
    event = shown_rows(log.list())[0]
    before = stored(world, event.pk)
    assert log.show(event.pk).status_code == 200
    assert log.add(event_type="task.closed").status_code == 403
    assert log.change(event.pk, event_type="forged", body="{}").status_code == 403
    assert log.client.post(log.address("delete", event.pk), {"post": "yes"}).status_code == 403
    log.client.post(
        log.address("changelist"), {"action": "delete_selected", "_selected_action": str(event.pk), "post": "yes"}
    )
    assert stored(world, event.pk) == before


def test_entries_are_found_by_the_id_of_what_they_are_about(world: World, log: AdminPages) -> None:
    found = shown_rows(log.list(f"?q={world.project.id}"))
    assert {event.event_type for event in found} == {"project.created", "project.member_added"}
    assert {event.event_type for event in shown_rows(log.list("?q=agent.registered"))} == {"agent.registered"}


def test_another_tenants_entries_are_not_found(world: World, other_world: World, log: AdminPages) -> None:
    assert shown_rows(log.list(f"?q={other_world.project.id}")) == []
    with other_world.as_("system"):
        foreign = Event.objects.order_by("id")[0]
    assert log.show(foreign.id).status_code == 302


def test_a_list_that_takes_too_long_is_stopped_and_says_what_to_do(
    world: World, log: AdminPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.admin.base.LIST_TIMEOUT", "1ms")
    slow = Event.objects.extra(where=["pg_sleep(0.1) IS NOT NULL"])
    monkeypatch.setattr("audit.admin.EventAdmin.get_queryset", lambda self, request: slow.all())
    answer = log.list()
    assert answer.status_code == 503
    assert b"took longer than" in answer.content
