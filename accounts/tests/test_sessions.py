"""Browser sessions: in the database, found by digest, gone at once when ended."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.models import Session, Tenant, User
from accounts.queries import still_valid
from accounts.services import begin_session, create_token, deactivate_user, update_user
from accounts.sessions import SessionStore
from tests.staff import signed_in
from tests.world import PASSWORD, World
from tests.world import Client as ApiClient

COOKIE = settings.SESSION_COOKIE_NAME


def is_signed_in(client: Client) -> bool:
    """Ask the server, by a page that only signed-in people get."""
    return client.get("/inbox/").status_code == 200


def change(world: World, **values: Any) -> None:
    with world.as_("system"):
        Session.objects.filter(user=world.viewer).update(**values)


def test_a_visitor_gets_no_session_row_and_no_cookie(world: World) -> None:
    client = Client()
    client.get("/sign-in/")
    assert COOKIE not in client.cookies
    with world.as_("system"):
        assert not Session.objects.exists()


def test_the_session_key_is_not_stored(world: World) -> None:
    client = signed_in(world.viewer)
    key = client.cookies[COOKIE].value
    with world.as_("system"), connection.cursor() as cursor:
        cursor.execute("SELECT s::text FROM accounts_session s")
        [[row]] = cursor.fetchall()
    assert key not in row
    assert key.encode().hex() not in row


def test_the_cookie_is_for_this_site_and_not_for_scripts(world: World) -> None:
    cookie = signed_in(world.viewer).cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_signing_in_gives_a_new_key_so_a_planted_one_is_worthless(world: World) -> None:
    client = Client()
    client.cookies[COOKIE] = "a" * 32
    client.post("/sign-in/", {"email": world.viewer.email, "password": PASSWORD})
    assert client.cookies[COOKIE].value != "a" * 32
    planted = Client()
    planted.cookies[COOKIE] = "a" * 32
    assert not is_signed_in(planted)


def test_signing_in_again_ends_the_session_before(world: World) -> None:
    client = signed_in(world.viewer)
    first = client.cookies[COOKIE].value
    client.post("/sign-in/", {"email": world.viewer.email, "password": PASSWORD})
    client.cookies[COOKIE] = first
    assert not is_signed_in(client)


def test_a_deleted_session_is_refused_with_the_next_request(world: World) -> None:
    client = signed_in(world.viewer)
    assert is_signed_in(client)
    with world.as_("system"):
        Session.objects.filter(user=world.viewer).delete()
    assert not is_signed_in(client)


def test_an_expired_session_is_refused(world: World) -> None:
    client = signed_in(world.viewer)
    change(world, expires_at="2026-01-01T00:00:00Z")
    assert not is_signed_in(client)


def test_a_new_password_ends_every_session_of_that_person_only(world: World) -> None:
    first, second, other = signed_in(world.viewer), signed_in(world.viewer), signed_in(world.engineer)
    with world.as_("admin"):
        user = User.objects.get(id=world.viewer.id)
        user.set_password("quite another password")
        user.save(update_fields=["password"])
    assert [is_signed_in(client) for client in (first, second, other)] == [False, False, True]


def test_a_deactivated_person_is_signed_out_everywhere(world: World) -> None:
    client = signed_in(world.viewer)
    with world.as_("admin"):
        deactivate_user(user=world.viewer, reason="left")
    assert not is_signed_in(client)
    with world.as_("system"):
        assert not Session.objects.filter(user=world.viewer).exists()


def test_a_closed_tenant_signs_everybody_out(world: World) -> None:
    client = signed_in(world.viewer)
    with world.as_("system"):
        Tenant.objects.update(is_active=False)
    assert not is_signed_in(client)


def test_a_session_that_was_ended_is_not_written_again_by_a_request_that_still_runs(world: World) -> None:
    store = SessionStore(signed_in(world.viewer).cookies[COOKIE].value)
    store["seen"] = "something"
    with world.as_("system"):
        Session.objects.filter(user=world.viewer).delete()
    with pytest.raises(UpdateError):
        store.save()
    with world.as_("system"):
        assert not Session.objects.exists()


def test_a_running_session_keeps_what_is_written_to_it(world: World) -> None:
    key = signed_in(world.viewer).cookies[COOKIE].value
    store = SessionStore(key)
    store["seen"] = "something"
    store.save()
    assert SessionStore(key)["seen"] == "something"
    assert SessionStore(key).exists(key)
    assert not store.exists("b" * 32)


def test_a_socket_notices_the_end_of_its_session_and_a_new_role(world: World) -> None:
    store = SessionStore(signed_in(world.viewer).cookies[COOKIE].value)
    store.load()
    principal = store.principal
    assert principal
    with world.as_("admin"):
        update_user(user=world.viewer, role="manager")
        current = still_valid(principal)
        assert current
        assert current.role == "manager"
        Session.objects.filter(user=world.viewer).delete()
        assert still_valid(principal) is None


def test_signing_out_deletes_the_row(world: World) -> None:
    client = signed_in(world.viewer)
    client.post("/sign-out/")
    with world.as_("system"):
        assert not Session.objects.exists()
    assert not is_signed_in(client)


def test_a_browser_that_changes_hands_keeps_nothing_of_who_was_there(world: World) -> None:
    request = RequestFactory().post("/sign-in/")
    request.session = SessionStore()
    begin_session(request=request, user=world.viewer, method="password")
    request.session["kept"] = "of the viewer"
    request.session.save()
    begin_session(request=request, user=world.reviewer, method="password")
    assert "kept" not in request.session


def test_a_session_ends_when_it_was_said_to_whatever_is_done_in_it(world: World) -> None:
    client = signed_in(world.viewer)
    soon = timezone.now() + timedelta(minutes=1)
    change(world, expires_at=soon)
    form = {"theme": "dark", "time_zone": "UTC", "notifications": "none", "daily_digest_hour": "7"}
    assert client.post("/settings/preferences/", form).status_code == 302
    assert client.post("/confirm/", {"password": PASSWORD}).status_code == 302
    with world.as_("system"):
        assert Session.objects.get(user=world.viewer).expires_at == soon


@pytest.mark.parametrize("page", ["/inbox/", "/settings/preferences/", "/settings/people/", "/admin/"])
def test_a_token_opens_no_page(world: World, page: str) -> None:
    """Its scopes are the API's; a page would ask nobody for them."""
    for scopes in (["read"], ["read", "write", "work", "approve", "admin"]):
        with world.as_("admin"):
            secret = create_token(user=world.admin, name="x", scopes=scopes).secret
        answer = ApiClient(secret).get(page)
        assert (answer.status_code, answer.headers["Location"].startswith("/sign-in/")) == (302, True)
