"""Tenants and people: what each service does, refuses and records."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction

from accounts.models import Role, Session, Tenant, User
from accounts.services import (
    connect_github,
    create_admin_if_missing,
    create_tenant,
    create_user,
    deactivate_user,
    delete_user,
    disconnect_github,
    reactivate_user,
    set_password,
    update_preferences,
    update_user,
)
from accounts.services.idempotency import fingerprint, release, reserve, store
from accounts.services.people import running_tenant
from audit.models import Event
from common.api.idempotency import StoredAnswer
from common.errors import Conflict, Invalid
from common.tenancy import MissingTenantContextError
from tests.staff import signed_in
from tests.work import events_of, newest_event, sql
from tests.world import PASSWORD, Client, World


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
    assert newest_event(world, "user.rights_changed").body == '{"changed":["role"]}'


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
    event = newest_event(world, "auth.password_changed")
    assert (event.body, event.reason, event.concerns) == ("{}", "forgotten", [world.viewer.id])
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


def test_a_deleted_person_is_gone_and_the_log_keeps_the_name(world: World) -> None:
    signed_in(world.engineer)
    with world.as_("admin"):
        update_preferences(user=world.engineer, theme="dark")
        connect_github(user=world.engineer, github_user_id=1, username="eng", access_token="gho_x")
        delete_user(user=world.engineer, reason="asked to be forgotten")
        assert not User.objects.filter(id=world.engineer.id).exists()
        kept = User.all_objects.get(id=world.engineer.id)
        assert kept.deleted_at
        assert (kept.is_active, kept.github_access_token, kept.has_usable_password()) == (False, None, False)
        assert world.project.owner_id == kept.id
        assert not Session.objects.filter(user=kept).exists()
        assert not kept.preferences.exists()
        assert not kept.tokens.usable().exists()
        labels = Event.objects.filter(resource_id=kept.id).values_list("event_type", "resource_label")
        assert set(labels) >= {("user.created", "Engineer"), ("user.deleted", "Engineer")}
        delete_user(user=world.engineer, reason="once more")
    assert events_of(world).count("user.deleted") == 1
    assert Client(world.tokens["engineer"]).send("GET", "me/").status_code == 401


def test_the_e_mail_of_a_deleted_person_stays_taken_and_the_name_does_not(world: World) -> None:
    with world.as_("admin"):
        delete_user(user=world.stranger, reason="left")
        with pytest.raises(Conflict) as refusal, transaction.atomic():
            person(email=world.stranger.email)
        assert refusal.value.code == "identity_taken"
        assert person(username=world.stranger.username).username == world.stranger.username


@pytest.mark.parametrize("how", ["demoted", "deactivated", "deleted"])
def test_the_last_active_administrator_stays(world: World, how: str) -> None:
    end: dict[str, Any] = {
        "demoted": lambda user: update_user(user=user, role=Role.USER),
        "deactivated": lambda user: deactivate_user(user=user, reason="x"),
        "deleted": lambda user: delete_user(user=user, reason="x"),
    }
    with world.as_("admin"):
        other = person(role=Role.ADMIN)
        deactivate_user(user=other, reason="closed accounts do not count")
        with pytest.raises(Conflict) as refusal, transaction.atomic():
            end[how](world.admin)
        assert refusal.value.code == "last_administrator"
        reactivate_user(user=other, reason="back")
        end[how](world.admin)
    assert events_of(world)[-1] in {"user.rights_changed", "user.deactivated", "user.deleted"}


def test_two_administrators_who_demote_each_other_leave_one(committed_world: World) -> None:
    world = committed_world
    with world.as_("admin"):
        update_user(user=world.viewer, role=Role.ADMIN)
    barrier, refusals = threading.Barrier(2), []

    def demote(who: str, whom: str) -> None:
        try:
            with world.as_(who):
                user = User.objects.get(id=world.people[whom].id)
                barrier.wait(10)
                update_user(user=user, role=Role.USER)
        except Conflict as refusal:
            refusals.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=demote, args=pair) for pair in (("admin", "viewer"), ("viewer", "admin"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert refusals == ["last_administrator"]
    with world.as_("system"):
        assert User.objects.filter(role=Role.ADMIN, is_active=True).count() == 1


def test_the_first_tenant_is_no_trial_and_others_are(world: World) -> None:
    assert world.tenant.is_trial
    assert not create_tenant(name="x", slug="own-x", is_trial=False).is_trial


def test_preferences_begin_as_the_defaults_and_say_what_changed(world: World) -> None:
    with world.as_("viewer"):
        row = update_preferences(user=world.viewer, theme="dark", time_zone="Europe/Berlin", notifications="at_once")
        assert (row.theme, row.time_zone) == ("dark", "Europe/Berlin")
        with pytest.raises(Invalid) as refusal:
            update_preferences(user=world.viewer, time_zone="Europe/Atlantis")
    assert "time_zone" in refusal.value.extra["errors"]
    event = newest_event(world, "user.preferences_changed")
    assert event.changes == {"theme": ["auto", "dark"], "time_zone": ["UTC", "Europe/Berlin"]}


def test_a_github_account_belongs_to_one_person_and_its_token_is_encrypted(world: World) -> None:
    with world.as_("admin"):
        connect_github(user=world.viewer, github_user_id=7, username="ada", access_token="gho_secret")
        with pytest.raises(Conflict), transaction.atomic():
            connect_github(user=world.reviewer, github_user_id=7, username="ada", access_token="x")
    [(stored,)] = sql(world, "SELECT github_access_token FROM accounts_user WHERE id = %s", world.viewer.id)
    assert "gho_secret" not in stored
    changes = newest_event(world, "user.github_connected").changes or {}
    assert changes["github_access_token"] == [None, "***"]
    with world.as_("admin"):
        assert User.objects.get(id=world.viewer.id).github_access_token == "gho_secret"
        disconnect_github(user=world.viewer)
        assert User.objects.get(id=world.viewer.id).github_access_token is None
        disconnect_github(user=world.viewer)
    assert events_of(world).count("user.github_disconnected") == 1


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
