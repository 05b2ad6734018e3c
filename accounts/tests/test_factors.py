"""The second factor: what an app shows, once; recovery codes, once; and the step between password and session."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from accounts.models import RecoveryCode, TotpDevice
from accounts.services import (
    accept_code,
    begin_totp,
    confirm_totp,
    deactivate_user,
    issue_link,
    make_recovery_codes,
    remove_totp,
    set_password,
)
from accounts.services.factors import CODES_PER_ACCOUNT, RECOVERY_CODES, SECONDS, Enrolment, code_at
from accounts.services.sign_in import PASSAGE, PASSAGE_SECONDS, PER_ACCOUNT, PROOFS_PER_PERSON
from audit.models import Event
from common.errors import Conflict, Invalid, TooManyRequests
from tests.staff import signed_in
from tests.threads import together
from tests.work import events_of, newest_event, sql
from tests.world import PASSWORD, World

# RFC 6238, appendix B: SHA-1, the last six of eight digits
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
VECTORS = {59: "287082", 1111111109: "081804", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"}


class Clock:
    """A moment that a test moves."""

    def __init__(self) -> None:
        self.now = timezone.now()

    def __call__(self) -> datetime:
        return self.now

    def on(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moment = Clock()
    monkeypatch.setattr("accounts.services.factors.timezone.now", moment)
    return moment


def with_app(world: World, clock: Clock) -> tuple[str, list[str]]:
    """Give the viewer an app, and return its secret and the recovery codes; the next code is already another one."""
    with world.as_("viewer"):
        enrolment = begin_totp(user=world.viewer)
        codes = confirm_totp(user=world.viewer, code=code_at(enrolment.secret, clock()))
    clock.on(SECONDS)
    return enrolment.secret, codes


def accepted(world: World, code: str) -> str:
    with world.as_("viewer"):
        return accept_code(user=world.viewer, code=code)


@pytest.mark.parametrize(("seconds", "code"), VECTORS.items())
def test_the_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    moment = datetime.fromtimestamp(seconds, tz=timezone.get_default_timezone())
    assert code_at(SECRET, moment) == code


def test_an_app_counts_only_after_its_person_typed_a_code_of_it(world: World, clock: Clock) -> None:
    with world.as_("viewer"):
        enrolment = begin_totp(user=world.viewer)
        assert begin_totp(user=world.viewer) == enrolment
        with pytest.raises(Conflict):
            make_recovery_codes(user=world.viewer)
        with pytest.raises(Invalid):
            confirm_totp(user=world.viewer, code="000000" if code_at(enrolment.secret, clock()) != "000000" else "1")
    signed_in(world.viewer)
    with world.as_("viewer"):
        assert len(confirm_totp(user=world.viewer, code=code_at(enrolment.secret, clock()))) == RECOVERY_CODES
        for again in (begin_totp, lambda user: confirm_totp(user=user, code="1")):
            with pytest.raises(Conflict):
                again(user=world.viewer)
    assert events_of(world)[-2:] == ["auth.second_factor_added", "auth.recovery_codes_made"]


def test_a_code_works_once(world: World, clock: Clock) -> None:
    secret, _ = with_app(world, clock)
    code = code_at(secret, clock())
    assert [accepted(world, code), accepted(world, code)] == ["totp", ""]


def test_the_code_that_turned_the_app_on_does_not_work_again(world: World, clock: Clock) -> None:
    secret, _ = with_app(world, clock)
    assert accepted(world, code_at(secret, clock() - timedelta(seconds=SECONDS))) == ""


@pytest.mark.parametrize(("drift", "kind"), [(-2, ""), (-1, "totp"), (0, "totp"), (1, "totp"), (2, "")])
def test_a_clock_may_go_wrong_by_half_a_minute(world: World, clock: Clock, drift: int, kind: str) -> None:
    secret, _ = with_app(world, clock)
    clock.on(10 * SECONDS)
    assert accepted(world, code_at(secret, clock() + timedelta(seconds=drift * SECONDS))) == kind


def test_after_a_later_code_an_earlier_one_is_refused(world: World, clock: Clock) -> None:
    secret, _ = with_app(world, clock)
    earlier, later = (code_at(secret, clock() + timedelta(seconds=drift * SECONDS)) for drift in (0, 1))
    assert [accepted(world, later), accepted(world, earlier)] == ["totp", ""]


def test_of_many_who_show_a_code_at_the_same_moment_one_gets_in(committed_world: World) -> None:
    world = committed_world
    with world.as_("viewer"):
        enrolment = begin_totp(user=world.viewer)
        codes = confirm_totp(user=world.viewer, code=code_at(enrolment.secret, timezone.now()))

    def show(code: str) -> Callable[[], str]:
        return lambda: accepted(world, code)

    assert sorted(together(*[show(codes[0])] * 4)) == ["", "", "", "recovery_code"]


@pytest.mark.parametrize("wrong", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "\ud800", "x" * 50])
def test_what_is_no_code_is_refused(world: World, clock: Clock, wrong: str) -> None:
    with_app(world, clock)
    assert accepted(world, wrong) == ""


def test_a_recovery_code_works_once_however_it_is_typed(world: World, clock: Clock) -> None:
    _, codes = with_app(world, clock)
    typed = codes[0].upper().replace("-", " ")
    assert [accepted(world, typed), accepted(world, codes[0])] == ["recovery_code", ""]
    assert newest_event(world, "auth.recovery_code_used").body == '{"left":9}'


def test_new_recovery_codes_end_the_old_ones(world: World, clock: Clock) -> None:
    _, old = with_app(world, clock)
    with world.as_("viewer"):
        new = make_recovery_codes(user=world.viewer)
    assert [accepted(world, old[0]), accepted(world, new[0])] == ["", "recovery_code"]


def test_the_codes_of_one_person_are_nothing_to_another(world: World, clock: Clock) -> None:
    _, codes = with_app(world, clock)
    with world.as_("reviewer"):
        assert accept_code(user=world.reviewer, code=codes[0]) == ""


def test_guesses_are_limited_per_person(world: World, clock: Clock) -> None:
    secret, _ = with_app(world, clock)
    for _ in range(CODES_PER_ACCOUNT.requests - 1):  # one was spent on turning it on
        assert accepted(world, "000000") in {"", "totp"}
    with pytest.raises(TooManyRequests):
        accepted(world, code_at(secret, clock()))


def test_neither_secret_nor_codes_are_readable_in_the_database_or_the_log(world: World, clock: Clock) -> None:
    secret, codes = with_app(world, clock)
    rows = sql(world, "SELECT secret FROM accounts_totpdevice")
    rows += sql(world, "SELECT encode(digest, 'escape') FROM accounts_recoverycode")
    with world.as_("system"):
        said = " ".join([str(rows), *(event.body for event in Event.objects.all())])
    assert not [word for word in (secret, *codes) if word in said]


# --- signing in -----------------------------------------------------------------------------------------------------
def first_step(world: World, client: Client) -> Any:
    return client.post("/sign-in/", {"email": world.viewer.email, "password": PASSWORD, "next": "/inbox/"})


def second_step(client: Client, passage: str, code: str) -> Any:
    return client.post("/sign-in/second/", {"passage": passage, "code": code, "next": "/inbox/"})


def test_the_password_alone_opens_nothing(world: World, clock: Clock) -> None:
    secret, _ = with_app(world, clock)
    client = Client()
    asked = first_step(world, client)
    assert (asked.status_code, b"One more step" in asked.content) == (200, True)
    assert client.get("/inbox/").status_code == 302
    wrong = second_step(client, asked.context["passage"], "000000")
    assert (wrong.status_code, client.get("/inbox/").status_code) == (401, 302)
    done = second_step(client, asked.context["passage"], code_at(secret, clock()))
    assert (done.headers["Location"], client.get("/inbox/").status_code) == ("/inbox/", 200)
    assert newest_event(world, "auth.sign_in_succeeded").body == '{"method":"password+totp"}'
    assert newest_event(world, "auth.sign_in_failed").outcome == "denied"


def test_a_recovery_code_gets_one_in(world: World, clock: Clock) -> None:
    _, codes = with_app(world, clock)
    client = Client()
    assert second_step(client, first_step(world, client).context["passage"], codes[3]).status_code == 302
    assert newest_event(world, "auth.sign_in_succeeded").body == '{"method":"password+recovery_code"}'


def test_the_passage_ends_with_time_a_new_password_and_the_account(
    world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, _ = with_app(world, clock)
    code = code_at(secret, clock())

    def refused(passage: str) -> bool:
        return bool(second_step(Client(), passage, code).headers.get("Location") == "/sign-in/")

    passage = first_step(world, Client()).context["passage"]
    assert refused(passage[:-1])
    assert refused(signing.dumps({"user": str(world.viewer.id)}, salt="another"))
    with monkeypatch.context() as moved:
        now = timezone.now().timestamp() + PASSAGE_SECONDS + 1
        moved.setattr("django.core.signing.time.time", lambda: now)
        assert refused(passage)
    with world.as_("admin"):
        set_password(user=world.viewer, password=PASSWORD)
    assert refused(passage)
    passage = first_step(world, Client()).context["passage"]
    assert signing.loads(passage, salt=PASSAGE)["user"] == str(world.viewer.id)
    with world.as_("admin"):
        deactivate_user(user=world.viewer, reason="left")
    assert refused(passage)


def test_a_link_does_not_lead_around_the_second_factor(world: World, clock: Clock) -> None:
    secret, _ = with_app(world, clock)
    with world.as_("system"):
        code = issue_link(user=world.viewer, purpose="reset").code
    client = Client()
    asked = client.post("/link/", {"code": code, "password": "quite another one", "again": "quite another one"})
    assert b"One more step" in asked.content
    assert client.get("/inbox/").status_code == 302
    assert second_step(client, asked.context["passage"], code_at(secret, clock())).status_code == 302


def test_the_second_step_is_no_page_of_its_own(db: None) -> None:
    assert Client().get("/sign-in/second/").headers["Location"] == "/sign-in/"
    assert Client().put("/sign-in/second/").status_code == 405
    assert Client().post("/sign-in/second/", {"passage": "x"}).status_code == 422


# --- the page -------------------------------------------------------------------------------------------------------
def test_an_app_is_added_and_removed_on_the_page(world: World, clock: Clock) -> None:
    client = signed_in(world.viewer)
    shown = client.post("/settings/security/", {"do": "begin"})
    enrolment: Enrolment = shown.context["enrolment"]
    assert "<svg" in shown.context["qr"]
    assert "style=" not in shown.context["qr"]
    assert enrolment.uri.startswith("otpauth://totp/Countermark%3A")
    wrong = client.post("/settings/security/", {"do": "confirm", "code": "nonsense"})
    assert (wrong.status_code, enrolment.secret in wrong.content.decode()) == (422, True)
    done = client.post("/settings/security/", {"do": "confirm", "code": code_at(enrolment.secret, clock())})
    assert len(re.findall(r"<li><code>([a-z2-7]{4}-){3}[a-z2-7]{4}</code>", done.content.decode())) == RECOVERY_CODES
    assert enrolment.secret not in client.get("/settings/security/").content.decode()
    again = client.post("/settings/security/", {"do": "codes"})
    assert set(again.context["codes"]).isdisjoint(done.context["codes"])
    assert client.post("/settings/security/", {"do": "nothing"}).status_code == 404
    client.post("/settings/security/", {"do": "remove"})
    with world.as_("viewer"):
        assert not TotpDevice.objects.exists()
        assert not RecoveryCode.objects.exists()
    signed_in(world.viewer)


def test_the_page_asks_again_who_one_is_after_a_while(world: World, settings: Any) -> None:
    client = signed_in(world.viewer)
    settings.STEP_UP_MINUTES = -1
    answer = client.get("/settings/security/")
    assert answer.headers["Location"] == "/confirm/?next=%2Fsettings%2Fsecurity%2F"
    assert client.post("/settings/security/", {"do": "remove"}).status_code == 302
    settings.STEP_UP_MINUTES = 10
    assert client.get("/settings/security/").status_code == 200


def test_confirming_needs_the_second_factor_where_there_is_one(world: World, clock: Clock) -> None:
    client = signed_in(world.viewer)
    assert client.post("/confirm/", {"password": "wrong"}).status_code == 401
    assert client.post("/confirm/", {"password": PASSWORD, "next": "/inbox/"}).headers["Location"] == "/inbox/"
    secret, _ = with_app(world, clock)
    assert client.post("/confirm/", {"password": PASSWORD}).status_code == 401
    assert (
        client.post("/confirm/", {"code": code_at(secret, clock()), "next": "//evil.example"}).headers["Location"]
        == "/"
    )
    assert newest_event(world, "auth.confirmed").body == '{"method":"totp"}'
    assert Client().get("/confirm/").headers["Location"].startswith("/sign-in/")
    assert client.put("/confirm/").status_code == 405


def test_a_password_does_not_stand_for_the_second_factor(world: World, clock: Clock) -> None:
    """Changing it opens a new session, which would otherwise count as proved."""
    client = signed_in(world.viewer)
    secret, _ = with_app(world, clock)
    session = client.session
    session["proved_at"] -= 3600
    session.save()
    assert client.get("/settings/security/").headers["Location"].startswith("/confirm/")
    form = {"current": PASSWORD, "password": "quite another password", "again": "quite another password"}
    assert client.post("/settings/password/", form).status_code == 302
    assert client.get("/settings/security/").headers["Location"].startswith("/confirm/")
    assert client.post("/confirm/", {"code": code_at(secret, clock())}).status_code == 302
    assert client.get("/settings/security/").status_code == 200


def test_who_fails_to_sign_in_as_somebody_does_not_keep_them_from_proving_it(world: World) -> None:
    client = signed_in(world.viewer)
    for number in range(PER_ACCOUNT.requests):
        Client(REMOTE_ADDR=f"192.0.2.{number}").post("/sign-in/", {"email": world.viewer.email, "password": "x"})
    assert client.post("/confirm/", {"password": PASSWORD, "next": "/inbox/"}).headers["Location"] == "/inbox/"
    for _ in range(PROOFS_PER_PERSON.requests):
        answer = client.post("/confirm/", {"password": "x"})
    assert answer.status_code == 429


def test_an_administrator_removes_the_app_of_somebody_who_lost_it(world: World, clock: Clock) -> None:
    with_app(world, clock)
    with world.as_("admin"):
        remove_totp(user=world.viewer, reason="lost the phone")
    assert newest_event(world, "auth.second_factor_removed").reason == "lost the phone"
    signed_in(world.viewer)
