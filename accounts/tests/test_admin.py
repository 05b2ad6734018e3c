"""People, tenants and tokens in the admin."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken, Role, Tenant, User
from accounts.services import create_user
from audit.models import Event
from tests.staff import AdminPages, assert_cheap, shown_rows, signed_in, told
from tests.world import World

MODELS = ("accounts_tenant", "accounts_user", "accounts_apitoken")


def pages(world: World, model: str, who: str = "admin") -> AdminPages:
    return AdminPages(signed_in(world.people[who]), model)


def test_a_visitor_is_sent_to_the_sign_in_page(db: None) -> None:
    answer = Client().get("/admin/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("accounts:sign-in"))


def test_a_person_who_is_no_staff_is_refused(world: World) -> None:
    assert signed_in(world.reviewer).get("/admin/").status_code == 403


def test_staff_without_the_administrator_role_sees_no_model(world: World) -> None:
    with world.as_("admin"):
        User.objects.filter(id=world.reviewer.id).update(is_staff=True)
    client = signed_in(world.reviewer)
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/accounts/user/").status_code == 403
    assert b"in the log" not in client.get("/admin/").content


def test_an_agents_token_does_not_open_the_admin(world: World) -> None:
    answer = Client(headers={"Authorization": f"Bearer {world.token}"}).get("/admin/")
    assert answer.status_code == 302


def test_the_start_page_shows_the_newest_of_the_log(world: World) -> None:
    answer = signed_in(world.admin).get("/admin/")
    assert answer.status_code == 200
    assert b"auth.sign_in_succeeded" in answer.content


@pytest.mark.parametrize("model", MODELS)
def test_a_change_list_is_cheap(world: World, other_world: World, model: str) -> None:
    assert_cheap(pages(world, model))


@pytest.mark.parametrize("model", MODELS)
def test_a_change_list_shows_only_the_own_tenant(world: World, other_world: World, model: str) -> None:
    rows = shown_rows(pages(world, model).list())
    assert rows
    assert {getattr(row, "tenant_id", row.pk) for row in rows} == {world.tenant.id}


def test_a_list_is_paged_by_key_forwards_and_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.admin.UserAdmin.list_per_page", 2)
    people = pages(world, "accounts_user")
    seen, query, last = [], "", None
    while query is not None:
        last = people.list(query)
        seen.append([row.pk for row in shown_rows(last)])
        query = last.context["cl"].next_query
    assert [len(page) for page in seen] == [2, 2, 1]
    ids = [pk for page in seen for pk in page]
    assert ids == sorted(ids, reverse=True)
    back = people.list(last.context["cl"].previous_query)
    assert [row.pk for row in shown_rows(back)] == seen[1]
    first = people.list(back.context["cl"].previous_query)
    assert [row.pk for row in shown_rows(first)] == seen[0]
    assert first.context["cl"].previous_query is None


def test_a_cursor_that_is_no_id_shows_the_first_page(world: World) -> None:
    answer = pages(world, "accounts_user").list("?after=nonsense")
    assert answer.status_code == 200
    assert len(shown_rows(answer)) == 5


def test_a_new_person_gets_a_password_that_is_shown_once_and_works(world: World) -> None:
    answer = pages(world, "accounts_user").add(email="New@Example.org", display_name="New", role="user")
    password = re.search(r'id="one-time-password">([^<]+)<', answer.content.decode())
    assert password
    assert "no-store" in answer["Cache-Control"]
    with world.as_("system"):
        created = User.objects.get(email="new@example.org")
        event = Event.objects.get(event_type="user.created", resource_id=created.id)
        assert event.actor_id == world.admin.id
        assert password[1] not in event.body
    answer = Client().post("/sign-in/", {"email": created.email, "password": password[1]})
    assert b"Somebody else has seen" in answer.content


def test_a_service_account_gets_no_password(world: World) -> None:
    answer = pages(world, "accounts_user").add(email="bot@example.org", display_name="Bot", role=Role.SERVICE)
    assert answer.status_code == 302
    with world.as_("system"):
        assert not User.objects.get(email="bot@example.org").has_usable_password()


def test_a_services_refusal_is_shown_on_the_form_and_nothing_is_written(world: World, other_world: World) -> None:
    taken = other_world.viewer.email
    answer = pages(world, "accounts_user").add(email=taken, display_name="Twin", role="user")
    assert answer.status_code == 200
    assert b"cannot be used" in answer.content
    assert b"one-time-password" not in answer.content
    with world.as_("system"):
        assert User.objects.filter(display_name="Twin").count() == 0


def test_changing_a_person_goes_through_the_service(world: World) -> None:
    values = {"username": world.viewer.username, "display_name": "Renamed", "role": "manager"}
    answer = pages(world, "accounts_user").change(world.viewer.id, **values, email="ignored@example.org")
    assert answer.status_code == 302
    with world.as_("system"):
        changed = User.objects.get(id=world.viewer.id)
        assert (changed.display_name, changed.role, changed.email) == ("Renamed", "manager", world.viewer.email)
        event = Event.objects.get(event_type="user.rights_changed", resource_id=changed.id)
        assert event.body == '{"changed":["display_name","role"]}'


def test_deactivating_asks_for_a_reason_and_keeps_it(world: World) -> None:
    people = pages(world, "accounts_user")
    people.run("deactivate", world.viewer.id, reason="")
    with world.as_("system"):
        assert User.objects.get(id=world.viewer.id).is_active
    answer = people.run("deactivate", world.viewer.id, reason="left the company")
    assert "done for 1" in told(answer)
    with world.as_("system"):
        assert not User.objects.get(id=world.viewer.id).is_active
        assert Event.objects.get(event_type="user.deactivated").reason == "left the company"


def test_nobody_is_deleted_here(world: World) -> None:
    people = pages(world, "accounts_user")
    assert people.client.post(people.address("delete", world.viewer.id), {"post": "yes"}).status_code == 403
    answer = people.client.post(
        people.address("changelist"), {"action": "delete_selected", "_selected_action": str(world.viewer.id)}
    )
    assert answer.status_code in {200, 302}
    with world.as_("system"):
        assert User.objects.filter(id=world.viewer.id).exists()


def test_another_tenants_person_cannot_be_opened_or_changed(world: World, other_world: World) -> None:
    people = pages(world, "accounts_user")
    assert people.show(other_world.viewer.id).status_code == 302
    people.change(other_world.viewer.id, display_name="Taken over", username="x", role="admin")
    chosen = {"action": "deactivate", "_selected_action": str(other_world.viewer.id)}
    people.client.post(people.address("changelist"), chosen | {"confirmed": "yes", "reason": "because"})
    with other_world.as_("system"):
        untouched = User.objects.get(id=other_world.viewer.id)
        assert (untouched.display_name, untouched.is_active) == ("Viewer", True)


def test_a_token_is_revoked_with_a_reason_and_never_shown(world: World) -> None:
    tokens = pages(world, "accounts_apitoken")
    with world.as_("system"):
        token = ApiToken.objects.get(user=world.viewer)
    shown = tokens.show(token.id).content.decode()
    assert token.prefix in shown
    assert world.tokens["viewer"] not in shown
    assert token.digest.hex() not in shown
    tokens.run("revoke", token.id, reason="leaked")
    with world.as_("system"):
        assert ApiToken.objects.get(id=token.id).revoked_at
        assert Event.objects.get(event_type="api_token.revoked").reason == "leaked"


@pytest.mark.parametrize("model", ["accounts_tenant", "accounts_apitoken"])
def test_what_has_no_service_cannot_be_added_or_changed(world: World, model: str) -> None:
    row = shown_rows(pages(world, model).list())[0]
    rows = pages(world, model)
    assert rows.client.get(rows.address("add")).status_code == 403
    assert rows.change(row.pk, name="changed", display_name="changed").status_code == 403
    with world.as_("system"):
        assert not Tenant.objects.filter(display_name="changed").exists()


def test_the_history_of_an_object_is_the_log(world: World) -> None:
    people = pages(world, "accounts_user")
    answer = people.client.get(people.address("history", world.viewer.id), follow=True)
    assert {row.event_type for row in shown_rows(answer)} >= {"user.created"}


def test_djangos_own_password_form_is_closed(world: World) -> None:
    assert signed_in(world.admin).get(reverse("admin:password_change")).status_code == 404


def test_signing_out_in_the_admin_ends_the_session(world: World) -> None:
    client = signed_in(world.admin)
    assert client.post(reverse("admin:logout")).status_code == 302
    assert client.get("/admin/").status_code == 302


def test_people_are_found_by_the_beginning_of_a_name(world: World) -> None:
    with world.as_("admin"):
        create_user(email=f"zora@{world.tenant.slug}.org", display_name="Zora", password=None)
    assert [row.display_name for row in shown_rows(pages(world, "accounts_user").list("?q=Zor"))] == ["Zora"]
    client = pages(world, "accounts_user").client
    found = client.get(
        "/admin/autocomplete/", {"term": "zora", "app_label": "agents", "model_name": "agent", "field_name": "owner"}
    )
    assert [entry["text"] for entry in found.json()["results"]] == ["Zora"]
