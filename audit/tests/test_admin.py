"""The log in the admin: read-only for everybody."""

import html
from typing import Any

import pytest
from django.db import connection

from audit.models import Event
from audit.tests.sealing import as_superuser, happen, log_key, sealed, without_triggers
from tests.staff import AdminPages, assert_cheap, shown_rows, signed_in, told
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


def test_the_key_of_a_tree_is_shown_as_verifiers_take_it(world: World) -> None:
    checkpoint = sealed(world)
    shown = AdminPages(signed_in(world.admin), "audit_epoch").show(checkpoint.epoch_id)
    assert str(log_key(checkpoint)) in html.unescape(shown.content.decode())


def test_a_checkpoint_is_verified_from_the_list_and_the_log_says_so(world: World) -> None:
    happen(world, 3)
    checkpoint = sealed(world)
    words = told(AdminPages(signed_in(world.admin), "audit_checkpoint").run("verify", checkpoint.pk))
    assert f"{checkpoint.tree_size} events (leaves 0 to {checkpoint.tree_size - 1}) are what was signed" in words
    with world.as_("system"):
        assert Event.objects.latest("id").event_type == "log.verification_passed"


def test_a_changed_event_is_found_from_the_list(committed_world: World) -> None:
    checkpoint = sealed(committed_world)
    change = "UPDATE audit_event SET reason = 'forged' WHERE tenant_id = %(tenant)s"
    with without_triggers():
        as_superuser(change, tenant=committed_world.tenant.id)
    words = told(AdminPages(signed_in(committed_world.admin), "audit_checkpoint").run("verify", checkpoint.pk))
    assert "The events are not what was signed" in words
    with committed_world.as_("system"):
        assert Event.objects.latest("id").event_type == "log.verification_failed"
