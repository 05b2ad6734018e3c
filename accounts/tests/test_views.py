"""The sign-in page: where it leads, what it says, what it refuses."""

import pytest
from django.test import Client

from tests.staff import signed_in
from tests.world import PASSWORD, World

AWAY = ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:evil.example"]


def test_the_page_asks_for_e_mail_and_password(db: None) -> None:
    answer = Client().get("/sign-in/")
    assert answer.status_code == 200
    assert b'autocomplete="username"' in answer.content
    assert b'autocomplete="current-password"' in answer.content
    assert "no-store" in answer.headers["Cache-Control"]


def test_one_goes_on_to_where_one_wanted_to_be(world: World) -> None:
    form = {"email": world.viewer.email, "password": PASSWORD, "next": "/inbox/?tab=done"}
    assert Client().post("/sign-in/", form).headers["Location"] == "/inbox/?tab=done"


@pytest.mark.parametrize("away", AWAY)
def test_one_never_leaves_the_site(world: World, away: str) -> None:
    form = {"email": world.viewer.email, "password": PASSWORD, "next": away}
    assert Client().post("/sign-in/", form).headers["Location"] == "/"
    assert away.encode() not in Client().get("/sign-in/", {"next": away}).content


def test_a_refusal_keeps_the_address_and_never_the_password(world: World) -> None:
    answer = Client().post("/sign-in/", {"email": world.viewer.email, "password": "not the password"})
    assert answer.status_code == 401
    assert world.viewer.email in answer.content.decode()
    assert b"not the password" not in answer.content
    assert b'role="alert"' in answer.content


@pytest.mark.parametrize(
    "form", [{}, {"email": "x"}, {"email": "a@b.example"}, {"email": "a@b.example\x00", "password": "p"}]
)
def test_a_form_that_is_not_filled_in_is_explained(db: None, form: dict[str, str]) -> None:
    assert Client().post("/sign-in/", form).status_code == 422


def test_too_many_attempts_are_told_when_to_come_back(world: World) -> None:
    client = Client()
    for _ in range(10):
        client.post("/sign-in/", {"email": world.viewer.email, "password": "wrong"})
    answer = client.post("/sign-in/", {"email": world.viewer.email, "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_somebody_signed_in_goes_to_the_board(world: World) -> None:
    assert signed_in(world.viewer).get("/sign-in/").headers["Location"] == "/"


def test_somebody_who_may_not_open_a_page_is_not_sent_in_a_circle(world: World) -> None:
    answer = signed_in(world.viewer).get("/sign-in/?next=/admin/")
    assert answer.status_code == 200
    assert b"You are signed in as Viewer" in answer.content


def test_signing_out_needs_a_post_and_ends_the_session(world: World) -> None:
    client = signed_in(world.viewer)
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").headers["Location"] == "/sign-in/"
    assert client.get("/inbox/").headers["Location"].startswith("/sign-in/")


def test_signing_out_needs_the_token_of_the_form(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = signed_in(world.viewer).cookies
    assert client.post("/sign-out/").status_code == 403


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(db: None, method: str) -> None:
    assert getattr(Client(), method)("/sign-in/").status_code == 405
    assert getattr(Client(), method)("/sign-out/").status_code == 405
