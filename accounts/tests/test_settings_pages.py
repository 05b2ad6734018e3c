"""The settings pages, as their owner, another person, another tenant and nobody."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiToken, Role, Session, User
from accounts.services import create_token, create_user, invite_user
from tests.staff import signed_in
from tests.work import events_of, newest_event
from tests.world import PASSWORD, World
from tests.world import Client as ApiClient

OWN = ("preferences", "password", "sessions", "tokens")
ADMINISTRATIVE = ("people", "service-accounts")
NEW = "quite another password"


def me(secret: str) -> int:
    status: int = ApiClient(secret).send("GET", "me/").status_code
    return status


def secret_of(answer: Any) -> str:
    secret: str = answer.context["issued"].secret
    assert secret in answer.content.decode()
    return secret


def test_each_page_is_for_those_it_is_for(world: World, other_world: World) -> None:
    def statuses(client: Client) -> list[int]:
        return [client.get(f"/settings/{page}/").status_code for page in (*OWN, *ADMINISTRATIVE)]

    assert statuses(signed_in(world.admin)) == [200] * 6
    assert statuses(signed_in(world.stranger)) == [200] * 4 + [403] * 2
    assert statuses(Client()) == [302] * 6
    assert signed_in(world.viewer).get("/settings/").headers["Location"] == "/settings/preferences/"


@pytest.mark.parametrize("page", [*OWN, *ADMINISTRATIVE])
def test_other_methods_are_refused(world: World, page: str) -> None:
    assert signed_in(world.admin).put(f"/settings/{page}/").status_code == 405


def test_preferences_are_kept_and_the_theme_is_there_in_the_next_browser(world: World) -> None:
    client = signed_in(world.viewer)
    form = {"theme": "dark", "time_zone": "Europe/Berlin", "notifications": "digest", "daily_digest_hour": "7"}
    assert client.post("/settings/preferences/", form).status_code == 302
    assert 'data-theme="dark"' in client.get("/settings/preferences/").content.decode()
    assert 'data-theme="dark"' in signed_in(world.viewer).get("/inbox/").content.decode()
    assert (newest_event(world, "user.preferences_changed").changes or {})["theme"] == ["auto", "dark"]


@pytest.mark.parametrize("wrong", [{"theme": "pink"}, {"time_zone": "Mars/Olympus"}, {"daily_digest_hour": "24"}])
def test_a_wrong_preference_is_said_beside_its_field(world: World, wrong: dict[str, str]) -> None:
    form = {"theme": "dark", "time_zone": "UTC", "notifications": "digest", "daily_digest_hour": "7"}
    answer = signed_in(world.viewer).post("/settings/preferences/", form | wrong)
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, set(wrong))


def test_a_changed_password_ends_the_other_sessions_and_not_this_one(world: World) -> None:
    laptop, phone = signed_in(world.viewer), signed_in(world.viewer)
    form = {"current": PASSWORD, "password": NEW, "again": NEW}
    assert laptop.post("/settings/password/", form).status_code == 302
    assert laptop.get("/settings/password/").status_code == 200
    assert phone.get("/settings/password/").status_code == 302
    signed_in(world.viewer, NEW)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"current": "wrong", "password": NEW, "again": NEW}, "current"),
        ({"current": PASSWORD, "password": "short", "again": "short"}, "password"),
        ({"current": PASSWORD, "password": NEW, "again": NEW + "x"}, "again"),
        ({"password": NEW, "again": NEW}, "current"),
    ],
)
def test_a_password_is_not_changed_by_mistake(world: World, form: dict[str, str], field: str) -> None:
    answer = signed_in(world.viewer).post("/settings/password/", form)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert NEW not in answer.content.decode()
    signed_in(world.viewer)


def test_the_current_password_cannot_be_guessed_through_a_left_browser(world: World) -> None:
    client = signed_in(world.viewer)
    form = {"current": "wrong", "password": NEW, "again": NEW}
    statuses = [client.post("/settings/password/", form).status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]


def test_a_session_is_ended_by_its_owner_and_by_nobody_else(world: World) -> None:
    laptop, phone, other = signed_in(world.viewer), signed_in(world.viewer), signed_in(world.reviewer)
    with world.as_("viewer"):
        first = Session.objects.filter(user=world.viewer).earliest("id")
    other.post("/settings/sessions/", {"session": str(first.id)})
    assert laptop.get("/settings/sessions/").status_code == 200
    phone.post("/settings/sessions/", {"session": str(first.id)})
    assert laptop.get("/settings/sessions/").status_code == 302
    assert phone.post("/settings/sessions/", {"session": "nonsense"}).status_code == 404


def test_all_other_sessions_are_ended_at_once(world: World) -> None:
    first, second, this = (signed_in(world.viewer) for _ in range(3))
    assert this.post("/settings/sessions/", {"session": "others"}).status_code == 302
    assert [client.get("/settings/sessions/").status_code for client in (first, second, this)] == [302, 302, 200]


def test_a_token_is_shown_once_used_rotated_and_revoked(world: World) -> None:
    client = signed_in(world.stranger)
    made = client.post("/settings/tokens/", {"name": "CI", "scopes": ["read"], "days": "30"})
    secret = secret_of(made)
    assert me(secret) == 200
    page = client.get("/settings/tokens/").content.decode()
    assert (secret in page, "used" in page) == (False, True)
    with world.as_("stranger"):
        token = ApiToken.objects.get(name="CI")
    assert token.expires_at is not None
    rotated = secret_of(client.post("/settings/tokens/", {"token": token.id, "do": "rotate"}))
    assert (me(secret), me(rotated)) == (401, 200)
    with world.as_("stranger"):
        newest = ApiToken.objects.filter(name="CI").latest("id")
    client.post("/settings/tokens/", {"token": newest.id, "do": "revoke"})
    assert me(rotated) == 401
    assert events_of(world, actor_id=world.stranger.id)[-4:] == [
        "api_token.created", "api_token.created", "api_token.revoked", "api_token.revoked",
    ]  # fmt: skip


@pytest.mark.parametrize("wrong", [{"name": ""}, {"scopes": []}, {"scopes": ["root"]}, {"days": "9999"}])
def test_a_token_without_name_or_scope_is_refused(world: World, wrong: dict[str, Any]) -> None:
    form = {"name": "CI", "scopes": ["read"], "days": "30"} | wrong
    assert signed_in(world.viewer).post("/settings/tokens/", form).status_code == 422


def test_nobody_touches_the_token_of_somebody_else_here(world: World, other_world: World) -> None:
    with world.as_("viewer"):
        token = create_token(user=world.viewer, name="mine", scopes=["read"])
    for user in (world.admin, world.reviewer, other_world.viewer):
        form = {"token": str(token.token.id), "do": "revoke"}
        assert signed_in(user).post("/settings/tokens/", form).status_code == 404
    assert me(token.secret) == 200


@pytest.mark.parametrize("page", ["tokens", "people", "service-accounts"])
def test_who_hands_out_ways_in_proved_recently_who_they_are(world: World, settings: Any, page: str) -> None:
    client = signed_in(world.admin)
    settings.STEP_UP_MINUTES = -1
    for answer in (client.get(f"/settings/{page}/"), client.post(f"/settings/{page}/", {"name": "x"})):
        assert answer.headers["Location"] == f"/confirm/?next=%2Fsettings%2F{page}%2F"


# --- for administrators ---------------------------------------------------------------------------------------------
def test_an_administrator_invites_sees_who_is_missing_and_hands_a_link_over(world: World) -> None:
    client = signed_in(world.admin)
    form = {"do": "invite", "email": "ada@example.org", "display_name": "Ada", "role": "manager"}
    assert client.post("/settings/people/", form).status_code == 302
    assert "no letter has gone out yet" in client.get("/settings/people/").content.decode()
    with world.as_("admin"):
        ada = User.objects.get(email="ada@example.org")
    shown = client.post("/settings/people/", {"do": "link", "user": ada.id})
    code = shown.context["issued"].code
    assert f"/link/#{code}" in shown.content.decode()
    assert code not in client.get("/settings/people/").content.decode()
    assert Client().post("/link/", {"code": code, "password": NEW, "again": NEW}).status_code == 302
    assert "ada@example.org" not in client.get("/settings/people/").content.decode()
    assert client.post("/settings/people/", {"do": "link", "user": ada.id}).status_code == 404


def test_an_address_in_use_is_said_and_a_service_account_is_not_invited(world: World) -> None:
    client = signed_in(world.admin)
    form = {"do": "invite", "email": world.viewer.email, "display_name": "Again", "role": "user"}
    assert client.post("/settings/people/", form).status_code == 409
    assert client.post("/settings/people/", form | {"role": "service"}).status_code == 422
    assert client.post("/settings/people/", {"do": "nothing"}).status_code == 404


def test_others_invite_nobody(world: World) -> None:
    form = {"do": "invite", "email": "ada@example.org", "display_name": "Ada", "role": "admin"}
    for user in (world.engineer, world.viewer):
        assert signed_in(user).post("/settings/people/", form).status_code == 403
    with world.as_("admin"):
        assert not User.objects.filter(email="ada@example.org").exists()


def test_an_administrator_of_another_tenant_sees_and_sends_nothing_here(world: World, other_world: World) -> None:
    with world.as_("admin"):
        ada = invite_user(email="ada@example.org", display_name="Ada")
    client = signed_in(other_world.admin)
    assert "ada@example.org" not in client.get("/settings/people/").content.decode()
    for do in ("send", "link"):
        assert client.post("/settings/people/", {"do": do, "user": ada.id}).status_code == 404


def test_a_service_account_has_tokens_and_no_password(world: World) -> None:
    client = signed_in(world.admin)
    new = {"do": "create", "email": "ci@example.org", "display_name": "CI"}
    assert client.post("/settings/service-accounts/", new).status_code == 302
    with world.as_("admin"):
        bot = User.objects.get(email="ci@example.org")
    assert (bot.role, bot.has_usable_password()) == (Role.SERVICE, False)
    form: dict[str, Any] = {"do": "token", "user": bot.id, "name": "deploy", "scopes": ["read", "write"], "days": ""}
    assert me(secret_of(client.post("/settings/service-accounts/", form))) == 200
    assert client.post("/settings/service-accounts/", form | {"scopes": []}).status_code == 422
    assert client.post("/settings/service-accounts/", form | {"user": world.viewer.id}).status_code == 404


def test_a_person_who_came_without_a_password_is_told_how_to_get_one(world: World) -> None:
    with world.as_("admin"):
        User.objects.filter(id=world.viewer.id).update(password="!")
        create_user(email="x@example.org", display_name="X", password=None)
    assert signed_in(world.admin).get("/settings/people/").content.count(b"Show a link") == 2


def test_who_is_invited_is_no_administrator_unless_somebody_says_so(world: World) -> None:
    page = signed_in(world.admin).get("/settings/people/").content.decode()
    assert re.findall(r'value="(\w+)" selected', page) == ["user"]


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36", "Chrome on Linux"),
        ("", "Unknown browser"),
        ("<script>" * 20, "&lt;script&gt;" * 10),
    ],
)
def test_a_session_is_named_by_its_browser(world: World, agent: str, words: str) -> None:
    client = Client(headers={"User-Agent": agent})
    client.post("/sign-in/", {"email": world.viewer.email, "password": PASSWORD})
    page = client.get("/settings/sessions/").content.decode()
    assert f"<p>{words}</p>" in page
    assert "Connecting" not in page
