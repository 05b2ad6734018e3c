"""Tenants and people: what each service does, refuses and records."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import IdempotencyKey, Role, Session, Tenant, User
from accounts.services import (
    create_admin_if_missing,
    create_tenant,
    create_user,
    deactivate_user,
    delete_user,
    set_password,
    update_user,
)
from accounts.services.idempotency import fingerprint, purge_expired, release, reserve, store
from accounts.services.people import running_tenant
from audit.models import Event
from common.api.idempotency import StoredAnswer
from common.errors import Conflict, Invalid
from common.tenancy import MissingTenantContextError
from tests.staff import signed_in
from tests.work import events_of, newest_event
from tests.world import PASSWORD, World


def person(**values: Any) -> User:
    return create_user(**{"email": "ada@example.org", "display_name": "Ada", "password": PASSWORD, **values})


def test_a_tenant_is_created_with_its_first_event(world: World) -> None:
    assert events_of(world, resource_type="tenant") == ["tenant.created"]
    with world.as_("admin"):
        assert running_tenant() == world.tenant
        assert Tenant.objects.count() == 1


def test_a_slug_that_is_taken_is_refused_whatever_its_case(world: World) -> None:
    with pytest.raises(Conflict) as refusal:
        create_tenant(name="Twin", slug=world.tenant.slug.upper())
    assert refusal.value.code == "slug_taken"


def test_a_first_administrator_is_made_only_where_there_is_no_tenant(world: World) -> None:
    assert create_admin_if_missing(email="root@example.org", password=PASSWORD) is None


def test_a_person_is_created_and_the_log_says_by_whom(world: World) -> None:
    with world.as_("admin"):
        user = person(email="  Ada@Example.ORG ")
    assert (user.email, user.username, user.role) == ("ada@example.org", "ada", Role.USER)
    event = newest_event(world, "user.created")
    assert (event.actor_id, event.resource_id, event.body) == (world.admin.id, user.id, '{"role":"user"}')
    assert event.concerns == [user.id]


@pytest.mark.parametrize("password", ["short", "password1234", "ada@example.org"])
def test_a_weak_password_is_refused_and_names_the_field(world: World, password: str) -> None:
    with world.as_("admin"):
        with pytest.raises(Invalid) as refusal:
            person(password=password)
        assert refusal.value.extra["errors"]["password"]
        assert not User.objects.filter(email="ada@example.org").exists()


def test_an_email_of_another_tenant_is_refused_without_saying_where_it_is_used(
    world: World, other_world: World
) -> None:
    with world.as_("admin"), pytest.raises(Conflict) as refusal:
        person(email=other_world.viewer.email)
    assert refusal.value.code == "identity_taken"
    assert "tenant" not in refusal.value.detail


def test_a_service_account_has_no_password(world: World) -> None:
    with world.as_("admin"):
        with pytest.raises(Invalid):
            person(role=Role.SERVICE)
        assert not person(role=Role.SERVICE, password=None).has_usable_password()


def test_whoever_becomes_a_service_account_loses_password_and_sessions(world: World) -> None:
    signed_in(world.viewer)
    with world.as_("admin"):
        changed = update_user(user=User.objects.get(id=world.viewer.id), role=Role.SERVICE)
        assert not changed.has_usable_password()
        assert not Session.objects.filter(user=world.viewer).exists()
    assert newest_event(world, "user.updated").body == '{"changed":["role"]}'


def test_the_database_refuses_a_service_account_with_a_password(world: World) -> None:
    with world.as_("admin"), pytest.raises(IntegrityError, match="service"), transaction.atomic():
        User.objects.filter(id=world.viewer.id).update(role=Role.SERVICE)


def test_an_update_writes_and_records_only_what_differs(world: World) -> None:
    with world.as_("admin"):
        update_user(user=world.viewer, display_name="Viewer", role="user")
    assert "user.updated" not in events_of(world)
    with world.as_("admin"):
        update_user(user=world.viewer, display_name="V", email="other@example.org", reason="asked for it")
        assert User.objects.get(id=world.viewer.id).email == world.viewer.email
    event = newest_event(world, "user.updated")
    assert (event.body, event.reason) == ('{"changed":["display_name"]}', "asked for it")


def test_a_new_password_is_checked_recorded_and_ends_the_sessions(world: World) -> None:
    signed_in(world.viewer)
    with world.as_("admin"):
        with pytest.raises(Invalid):
            set_password(user=world.viewer, password="short")
        assert Session.objects.filter(user=world.viewer).exists()
        set_password(user=world.viewer, password="quite another password", reason="forgotten")
        assert not Session.objects.filter(user=world.viewer).exists()
        service = person(role=Role.SERVICE, password=None)
        with pytest.raises(Invalid, match="service account"):
            set_password(user=service, password="quite another password")
    event = newest_event(world, "user.updated")
    assert (event.body, event.reason) == ('{"changed":["password"]}', "forgotten")
    signed_in(world.viewer, "quite another password")


def test_a_user_name_that_is_taken_is_refused(world: World) -> None:
    with world.as_("admin"), pytest.raises(Conflict) as refusal:
        update_user(user=world.viewer, username=world.reviewer.username.upper())
    assert refusal.value.code == "identity_taken"


def test_deactivating_is_recorded_once(world: World) -> None:
    with world.as_("admin"):
        deactivate_user(user=world.viewer, reason="left")
        deactivate_user(user=world.viewer, reason="left again")
    events = events_of(world, resource_id=world.viewer.id)
    assert events.count("user.deactivated") == 1


def test_deleting_a_person_works_and_the_log_keeps_the_name(world: World) -> None:
    signed_in(world.stranger)
    with world.as_("admin"):
        delete_user(user=world.stranger, reason="asked to be forgotten")
        assert not User.objects.filter(id=world.stranger.id).exists()
        labels = Event.objects.filter(resource_id=world.stranger.id).values_list("event_type", "resource_label")
        assert set(labels) >= {("user.created", "Stranger"), ("user.deleted", "Stranger")}
        assert Event.objects.filter(actor_id=world.stranger.id, actor_label="Stranger").exists()


def test_a_person_who_left_work_behind_is_not_deleted(world: World) -> None:
    with world.as_("admin"):
        with pytest.raises(Conflict) as refusal, transaction.atomic():
            delete_user(user=world.engineer, reason="left")
        assert refusal.value.code == "in_use"
        assert User.objects.filter(id=world.engineer.id).exists()
    assert "user.deleted" not in events_of(world)


def test_a_service_without_a_context_is_refused(world: World) -> None:
    with pytest.raises(MissingTenantContextError):
        person()


# --- Idempotency-Key ------------------------------------------------------------------------------------------------


def key(world: World, print_of: str = "a") -> Any:
    return reserve(
        world.engineer.principal(), route="POST tasks", key="k-1", fingerprint=fingerprint("POST", print_of, b"")
    )


def test_a_key_gives_its_first_answer_again(world: World) -> None:
    with world.as_("engineer"):
        assert key(world) is None
        answer = StoredAnswer(201, '{"id":1}')
        store(world.engineer.principal(), route="POST tasks", key="k-1", answer=answer)
        assert key(world) == answer


def test_a_key_that_still_runs_is_a_conflict_and_another_request_with_it_is_refused(world: World) -> None:
    with world.as_("engineer"):
        key(world)
        with pytest.raises(Conflict, match="still running"):
            key(world)
        with pytest.raises(Invalid) as refusal:
            key(world, "another path")
        assert refusal.value.code == "idempotency_key_reused"
        release(world.engineer.principal(), route="POST tasks", key="k-1")
        assert key(world, "another path") is None


@pytest.mark.parametrize("bad", ["é", "a\nb", "x" * 256])
def test_a_key_that_is_not_printable_ascii_is_refused(world: World, bad: str) -> None:
    with world.as_("engineer"), pytest.raises(Invalid):
        reserve(world.engineer.principal(), route="r", key=bad, fingerprint="f")


def test_two_people_may_use_the_same_key(world: World) -> None:
    with world.as_("engineer"):
        key(world)
        assert reserve(world.viewer.principal(), route="POST tasks", key="k-1", fingerprint="f") is None


def test_old_keys_are_purged_and_young_ones_kept(world: World) -> None:
    with world.as_("engineer"):
        key(world)
        assert purge_expired() == 0
        IdempotencyKey.objects.update(expires_at="2026-01-01T00:00:00Z")
        assert purge_expired() == 1
