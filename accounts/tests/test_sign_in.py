"""Signing in: who may, how often, and what the log says."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client, RequestFactory

from accounts.models import Role, Tenant, User
from accounts.services import create_user, deactivate_user, sign_in
from accounts.services.sign_in import PER_ACCOUNT, PER_ADDRESS, SignInRefused, throttle
from audit.models import Event
from common.errors import TooManyRequests
from common.origin import subscriber
from common.redis import Limit, get_rate_limiter
from common.tests.elsewhere import AWAY
from tests.staff import signed_in
from tests.work import events_of, newest_event
from tests.world import PASSWORD, World


def attempt(email: str, password: str = PASSWORD, address: str = "192.0.2.1") -> int:
    """Post to the page and return its status."""
    client = Client(REMOTE_ADDR=address)
    return client.post("/sign-in/", {"email": email, "password": password}).status_code


def test_the_right_password_signs_in_whatever_the_case_of_the_address(world: World) -> None:
    assert attempt(f"  {world.viewer.email.upper()} ") == 302
    event = newest_event(world, "auth.sign_in_succeeded")
    assert (event.actor_id, event.outcome, event.concerns) == (world.viewer.id, "success", [world.viewer.id])


def test_a_wrong_password_is_refused_and_recorded_as_denied(world: World) -> None:
    assert attempt(world.viewer.email, "a wrong password") == 401
    event = newest_event(world, "auth.sign_in_failed")
    assert (event.resource_id, event.outcome, event.audience) == (world.viewer.id, "denied", "personal")


def test_an_unknown_address_gets_the_same_answer_as_a_wrong_password(world: World) -> None:
    def page(email: str) -> tuple[int, str]:
        answer = Client().post("/sign-in/", {"email": email, "password": "a wrong password"})
        return answer.status_code, answer.context["refusal"]

    assert page("nobody@example.org") == page(world.viewer.email)


def test_every_refusal_computes_one_password_hash(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time tells nothing: known or not, open or closed, with a password or without."""
    with world.as_("admin"):
        deactivate_user(user=world.stranger, reason="left")
        service = create_user(email="bot@example.org", display_name="Bot", password=None, role=Role.SERVICE)
    encode, computed = MD5PasswordHasher.encode, []

    def counted(*args: Any) -> str:
        computed.append(args)
        return encode(*args)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    for email in ("nobody@example.org", world.viewer.email, world.stranger.email, service.email):
        computed.clear()
        assert attempt(email, "a wrong password") == 401
        assert len(computed) == 1, email


def test_closed_accounts_closed_tenants_and_service_accounts_are_refused(world: World, other_world: World) -> None:
    with world.as_("admin"):
        deactivate_user(user=world.viewer, reason="left")
        service = create_user(email="bot@example.org", display_name="Bot", password=None, role=Role.SERVICE)
    with other_world.as_("system"):
        Tenant.objects.update(is_active=False)
    emails = [world.viewer.email, service.email, other_world.viewer.email]
    assert [attempt(email) for email in emails] == [401, 401, 401]


def test_signing_out_is_recorded(world: World) -> None:
    signed_in(world.viewer).post("/sign-out/")
    assert events_of(world, actor_id=world.viewer.id)[-2:] == ["auth.sign_in_succeeded", "auth.signed_out"]


def test_djangos_own_authenticate_goes_through_the_service(world: World) -> None:
    assert authenticate(username=world.viewer.email, password=PASSWORD) == world.viewer
    assert authenticate(username=world.viewer.email, password="a wrong password") is None
    assert authenticate(username=world.viewer.email) is None
    assert events_of(world, resource_id=world.viewer.id)[-1] == "auth.sign_in_failed"


def test_the_eleventh_guess_at_an_account_is_told_to_wait_even_with_the_right_password(world: World) -> None:
    guesses = [attempt(world.viewer.email, "a wrong password", f"192.0.2.{n}") for n in range(10)]
    assert guesses == [401] * 10
    client = Client(REMOTE_ADDR="192.0.2.99")
    answer = client.post("/sign-in/", {"email": world.viewer.email, "password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= PER_ACCOUNT.seconds
    assert attempt(world.engineer.email) == 302


def test_one_address_cannot_try_many_accounts(world: World) -> None:
    request = RequestFactory().post("/sign-in/", REMOTE_ADDR="198.51.100.7")
    for number in range(PER_ADDRESS.requests):
        throttle(request, f"{number}@example.org")
    with pytest.raises(TooManyRequests) as refusal:
        throttle(request, "one-more@example.org")
    assert 0 < refusal.value.extra["retry_after"] <= PER_ADDRESS.seconds


@pytest.mark.parametrize(
    ("address", "same", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"),
        ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("192.0.2.1", "::ffff:c000:201", "::ffff:192.0.2.2"),
    ],
)
def test_who_has_a_whole_network_is_counted_once(address: str, same: str, other: str) -> None:
    assert subscriber(address) == subscriber(same) != subscriber(other)
    assert subscriber("no address") == ""


def test_addresses_of_one_network_share_a_limit(world: World) -> None:
    for number in range(PER_ADDRESS.requests):
        request = RequestFactory().post("/sign-in/", REMOTE_ADDR=f"2001:db8:1:2::{number:x}")
        throttle(request, f"{number}@example.org")
    with pytest.raises(TooManyRequests):
        throttle(RequestFactory().post("/sign-in/", REMOTE_ADDR="2001:db8:1:2:3::"), "one-more@example.org")


def admitted(limit: Limit, subject: str, threads: int = 32, tries: int = 128) -> int:
    """Ask a limit from many threads at once; return how many were admitted."""
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(lambda _: get_rate_limiter(limit).is_allowed(subject).allowed, range(tries)))


def test_the_limit_is_exact_under_thirty_two_threads() -> None:
    assert admitted(PER_ACCOUNT, f"{uuid4()}@example.org") == PER_ACCOUNT.requests == 10


def test_two_accounts_do_not_share_a_limit() -> None:
    assert [admitted(PER_ACCOUNT, str(uuid4()), tries=20) for _ in range(2)] == [10, 10]


@pytest.fixture
def redis_is_away(settings: Any) -> None:
    """Nobody listens there: the connection is refused, for real."""
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": AWAY}}


@pytest.mark.usefixtures("redis_is_away")
def test_without_redis_the_limit_still_holds_in_each_process() -> None:
    assert admitted(PER_ACCOUNT, str(uuid4())) == 10


@pytest.mark.usefixtures("redis_is_away")
def test_without_redis_people_can_sign_in(world: World) -> None:
    assert attempt(world.viewer.email) == 302


def test_the_service_refuses_by_name(world: World) -> None:
    request = RequestFactory().post("/sign-in/")
    with pytest.raises(SignInRefused):
        sign_in(request=request, email=world.viewer.email, password="a wrong password")


def test_a_password_is_never_in_the_log(world: World) -> None:
    attempt(world.viewer.email)
    attempt(world.viewer.email, "a wrong password")
    with world.as_("system"):
        said = " ".join(f"{event.body} {event.reason} {event.resource_label}" for event in Event.objects.all())
        assert User.objects.get(id=world.viewer.id).password not in said
    assert PASSWORD not in said
    assert "a wrong password" not in said
