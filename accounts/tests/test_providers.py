"""Signing in through a provider: a real one on this machine, in all the ways it can be wrong."""

import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import pytest
from django.test import Client

from accounts.models import Identity, Role, User
from accounts.services import connect_identity, deactivate_user, update_user
from accounts.services.providers import Profile
from tests.provider import OTHER_KEY, LocalProvider, local_provider
from tests.staff import signed_in
from tests.work import events_of, newest_event
from tests.world import World


@pytest.fixture
def provider(settings: Any) -> Iterator[LocalProvider]:
    with local_provider() as running:
        for name, value in running.settings().items():
            setattr(settings, name, value)
        yield running


class Stay(HTTPRedirectHandler):
    """A browser that tells where it would go."""

    def redirect_request(self, *_: Any) -> None:
        return None

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        return fp


def visit_there(address: str) -> str:
    """Open the provider's page, which says yes, and return where it sends the browser."""
    with build_opener(Stay).open(address) as answer:
        location: str = answer.headers["Location"]
        return location


def path_of(address: str) -> str:
    target = urlsplit(address)
    return f"{target.path}?{target.query}"


def through(client: Client, key: str, query: str = "") -> Any:
    """Go to the provider and come back."""
    sent = client.get(f"/sign-in/with/{key}/{query}")
    assert sent.status_code == 302
    return client.get(path_of(visit_there(sent.headers["Location"])))


def connecting(client: Client, key: str) -> str:
    """Return the query of the link on the person's own page."""
    page = client.get("/settings/connections/").content.decode()
    link = re.search(rf'href="/sign-in/with/{key}/(\?connect=[^"]+)"', page)
    assert link
    return link.group(1)


def is_in(client: Client) -> bool:
    return bool(client.get("/inbox/").status_code == 200)


def connect(world: World, key: str = "oidc", subject: str = "ada-1") -> None:
    with world.as_("viewer"):
        profile = Profile(key, subject, "ada", access_token="gho_secret")
        connect_identity(user=world.viewer, profile=profile)


@pytest.mark.parametrize(("key", "subject"), [("oidc", "ada-1"), ("github", "4711")])
def test_who_connected_an_account_signs_in_with_it(
    world: World, provider: LocalProvider, key: str, subject: str
) -> None:
    connect(world, key, subject)
    client = Client()
    assert through(client, key, "?next=/inbox/").headers["Location"] == "/inbox/"
    assert is_in(client)
    assert newest_event(world, "auth.sign_in_succeeded").body == f'{{"method":"{key}"}}'


@pytest.mark.parametrize("key", ["oidc", "github"])
def test_an_account_is_connected_by_its_owner_and_disconnected(world: World, provider: LocalProvider, key: str) -> None:
    client = signed_in(world.viewer)
    assert through(client, key, connecting(client, key)).headers["Location"] == "/settings/connections/"
    assert b"connected as" in client.get("/settings/connections/").content
    fresh = Client()
    through(fresh, key)
    assert is_in(fresh)
    client.post("/settings/connections/", {"provider": key})
    again = Client()
    through(again, key)
    assert not is_in(again)
    with world.as_("viewer"):
        assert not Identity.objects.exists()
        assert User.objects.get(id=world.viewer.id).github_access_token is None


@pytest.mark.parametrize("key", ["oidc", "github"])
def test_nobody_comes_in_with_an_account_that_is_not_connected(world: World, provider: LocalProvider, key: str) -> None:
    provider.claims = {"email": world.viewer.email, "email_verified": True}
    client = Client()
    assert through(client, key).headers["Location"] == "/sign-in/"
    assert not is_in(client)
    assert b"No account here is connected" in client.get("/sign-in/").content


WRONG: list[dict[str, Any]] = [
    {"claims": {"nonce": "another"}},
    {"claims": {"aud": "somebody-else"}},
    {"claims": {"iss": "http://evil.example"}},
    {"claims": {"exp": int(time.time()) - 60}},
    {"claims": {"iat": int(time.time()) + 600}},
    {"claims": {"aud": ["countermark", "other"], "azp": "other"}},
    {"without": ("nonce",)},
    {"without": ("exp",)},
    {"without": ("sub",)},
    {"without": ("aud",)},
    {"key": OTHER_KEY},
    {"key": "", "algorithm": "none"},
    {"algorithm": "HS256"},
    {"published": OTHER_KEY},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_token_that_is_not_exactly_right_is_refused(
    world: World, provider: LocalProvider, wrong: dict[str, Any]
) -> None:
    connect(world)
    for name, value in wrong.items():
        setattr(provider, name, value)
    client = Client()
    through(client, "oidc")
    assert not is_in(client)
    assert b"Signing in there did not work" in client.get("/sign-in/").content


def test_an_answer_needs_the_state_and_the_browser_of_its_question(world: World, provider: LocalProvider) -> None:
    connect(world)
    client = Client()
    back = path_of(visit_there(client.get("/sign-in/with/oidc/").headers["Location"]))
    other, forged = Client(), Client()
    other.get(back)
    forged.cookies = client.cookies
    forged.get(back.replace("state=", "state=x"))
    assert [is_in(other), is_in(forged)] == [False, False]


def test_an_answer_works_once(world: World, provider: LocalProvider) -> None:
    connect(world)
    client = Client()
    back = path_of(visit_there(client.get("/sign-in/with/oidc/").headers["Location"]))
    cookie = client.cookies["cm_provider"].value
    client.get(back)
    assert is_in(client)
    replayed = Client()
    replayed.cookies["cm_provider"] = cookie
    replayed.get(back)  # the provider has forgotten the code
    assert not is_in(replayed)


def test_an_answer_of_one_provider_is_none_of_another(world: World, provider: LocalProvider) -> None:
    connect(world, "github", "4711")
    client = Client()
    back = path_of(visit_there(client.get("/sign-in/with/oidc/").headers["Location"]))
    client.get(back.replace("/oidc/", "/github/"))
    assert not is_in(client)


def test_a_question_carries_pkce_and_asks_for_no_more_than_it_needs(db: None, provider: LocalProvider) -> None:
    sent = urlsplit(Client().get("/sign-in/with/github/").headers["Location"])
    asked = {name: values[0] for name, values in parse_qs(sent.query).items()}
    assert (asked["scope"], asked["code_challenge_method"], len(asked["code_challenge"])) == ("read:user", "S256", 43)
    assert "a client's secret" not in sent.query


def test_the_second_factor_is_asked_for_all_the_same(world: World, provider: LocalProvider) -> None:
    connect(world)
    with world.as_("viewer"):
        world.viewer.totp_devices.create(secret="GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", confirmed_at="2026-01-01T00:00Z")
    client = Client()
    assert b"One more step" in through(client, "oidc").content
    assert not is_in(client)


def test_closed_accounts_stay_outside(world: World, provider: LocalProvider) -> None:
    connect(world)
    with world.as_("admin"):
        deactivate_user(user=world.viewer, reason="left")
    client = Client()
    through(client, "oidc")
    assert not is_in(client)


def test_an_account_that_two_organisations_know_signs_into_neither(
    world: World, other_world: World, provider: LocalProvider
) -> None:
    connect(world)
    connect(other_world)
    client = Client()
    through(client, "oidc")
    assert not is_in(client)


def test_an_account_belongs_to_one_person_here(world: World, provider: LocalProvider) -> None:
    connect(world)
    client = signed_in(world.reviewer)
    through(client, "oidc", connecting(client, "oidc"))
    assert b"belongs to somebody else" in client.get("/settings/connections/").content


@pytest.mark.parametrize(("verified", "comes_in"), [(True, True), (False, False), ("true", False)])
def test_where_the_operator_trusts_addresses_a_verified_one_connects(
    world: World, provider: LocalProvider, settings: Any, verified: Any, comes_in: bool
) -> None:
    settings.OIDC_LINKS_BY_EMAIL = True
    provider.claims = {"email": world.viewer.email.upper(), "email_verified": verified}
    client = Client()
    through(client, "oidc")
    assert is_in(client) is comes_in
    assert ("user.identity_connected" in events_of(world)) is comes_in


def test_connecting_needs_a_recent_proof_of_who_one_is(world: World, provider: LocalProvider, settings: Any) -> None:
    client = signed_in(world.viewer)
    query = connecting(client, "oidc")
    settings.STEP_UP_MINUTES = -1
    assert client.get(f"/sign-in/with/oidc/{query}").headers["Location"] == "/settings/connections/"
    assert client.get("/settings/connections/").headers["Location"].startswith("/confirm/")


def test_a_link_of_another_site_connects_nothing(world: World, provider: LocalProvider) -> None:
    """Else it could tie the account there of whoever wrote the link to who follows it."""
    victim, other = signed_in(world.viewer), signed_in(world.reviewer)
    for query in ("?connect=1", "?connect=", connecting(other, "oidc"), connecting(signed_in(world.viewer), "oidc")):
        assert victim.get(f"/sign-in/with/oidc/{query}").headers["Location"] == "/settings/connections/"


def test_a_program_signs_in_with_nothing_that_its_person_had(world: World, provider: LocalProvider) -> None:
    for key, subject in (("oidc", "ada-1"), ("github", "4711")):
        connect(world, key, subject)
    with world.as_("admin"):
        update_user(user=world.viewer, role=Role.SERVICE, reason="It is a program.")
        assert not Identity.objects.exists()
        Identity.objects.create(user=world.viewer, provider="oidc", subject="ada-1")  # whoever wrote it
    for key in ("oidc", "github"):
        client = Client()
        through(client, key)
        assert not is_in(client)


@pytest.mark.parametrize("says", ["discovery", "keys", "token", "person"])
def test_a_provider_that_talks_nonsense_is_refused_in_words(world: World, provider: LocalProvider, says: str) -> None:
    key = "github" if says == "person" else "oidc"
    nonsense: list[Any] = [[], "x", {}, {"issuer": provider.url}, {"keys": 1}, {"keys": [1]}, {"keys": None}]
    for answer in nonsense:
        provider.instead.clear()
        client = Client()
        came = client.get(f"/sign-in/with/{key}/").headers["Location"]
        provider.instead[says] = answer
        refused = client.get(path_of(visit_there(came)))
        assert (refused.status_code, refused.headers["Location"]) == (302, "/sign-in/")
        if says == "discovery":
            assert client.get(f"/sign-in/with/{key}/").headers["Location"] == "/sign-in/"


def test_what_is_started_by_one_person_is_not_connected_to_another(world: World, provider: LocalProvider) -> None:
    client = signed_in(world.viewer)
    start = f"/sign-in/with/oidc/{connecting(client, 'oidc')}"
    back = path_of(visit_there(client.get(start).headers["Location"]))
    other = signed_in(world.reviewer)
    other.cookies["cm_provider"] = client.cookies["cm_provider"].value
    other.get(back)
    with world.as_("system"):
        assert not Identity.objects.exists()


def test_a_provider_that_is_away_is_said(db: None, settings: Any) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    client = Client()
    assert client.get("/sign-in/with/oidc/").headers["Location"] == "/sign-in/"
    assert b"did not work" in client.get("/sign-in/").content


def test_a_provider_is_not_asked_without_end(db: None, provider: LocalProvider) -> None:
    sent = [Client().get("/sign-in/with/github/").headers["Location"] for _ in range(31)]
    assert [one for one in sent if not one.startswith(provider.url)] == ["/sign-in/"]


def test_what_is_not_set_up_is_not_there(world: World) -> None:
    assert Client().get("/sign-in/with/oidc/").status_code == 404
    assert b"Sign in with" not in Client().get("/sign-in/").content
    assert b"There is no provider" in signed_in(world.viewer).get("/settings/connections/").content


def test_the_page_offers_what_is_set_up(db: None, provider: LocalProvider) -> None:
    page = Client().get("/sign-in/?next=/inbox/").content.decode()
    assert '/sign-in/with/oidc/?next=%2Finbox%2F">Sign in with Acme' in page
    assert "Sign in with GitHub" in page


@pytest.mark.parametrize("path", ["/sign-in/with/oidc/", "/sign-in/with/oidc/answer/"])
def test_other_methods_are_refused(db: None, provider: LocalProvider, path: str) -> None:
    assert Client().post(path).status_code == 405
