"""Links: one use, one purpose, an end; nobody learns from them who is known, and no server sees their code."""

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.models import AccountLink, LinkPurpose, Role, Session, Tenant, User
from accounts.queries import invited_people
from accounts.services import (
    begin_session,
    create_user,
    deactivate_user,
    invite_user,
    issue_link,
    reactivate_user,
    send_invitation,
    send_reset,
    set_password,
    use_link,
)
from accounts.services.links import LIFETIMES, RESETS_PER_ACCOUNT, LinkEnded
from accounts.sessions import SessionStore
from audit.models import Event
from common.errors import Conflict, Invalid, TooManyRequests
from common.tests.elsewhere import AWAY
from tests.staff import signed_in
from tests.threads import together
from tests.work import events_of, newest_event
from tests.world import PASSWORD, World

NEW = "quite another password"


def request_() -> Any:
    request = RequestFactory().post("/link/")
    request.session = SessionStore()
    return request


def code_for(world: World, purpose: str = LinkPurpose.RESET, user: User | None = None) -> str:
    with world.as_("system"):
        return issue_link(user=user or world.viewer, purpose=purpose).code


def use(code: str, password: str = NEW) -> User:
    return use_link(request=request_(), code=code, password=password)


def test_a_link_chooses_a_password_once_and_ends_every_session(world: World) -> None:
    laptop = signed_in(world.viewer)
    code = code_for(world)
    use(code)
    assert laptop.get("/inbox/").status_code == 302
    signed_in(world.viewer, NEW)
    with pytest.raises(LinkEnded):
        use(code, "and a third password")


def test_a_newer_link_ends_the_older_one_of_its_purpose_only(world: World) -> None:
    first, invitation, second = code_for(world), code_for(world, LinkPurpose.INVITATION), code_for(world)
    with pytest.raises(LinkEnded):
        use(first)
    with world.as_("system"):
        assert AccountLink.objects.open().count() == 2
    use(second)
    with pytest.raises(LinkEnded):  # a new password ends every link
        use(invitation)


@pytest.mark.parametrize("purpose", LinkPurpose.values)
def test_a_link_ends_by_itself(world: World, purpose: str) -> None:
    code = code_for(world, purpose)
    with world.as_("system"):
        assert AccountLink.objects.get().expires_at <= timezone.now() + LIFETIMES[purpose]
        AccountLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(LinkEnded):
        use(code)


def test_a_weak_password_is_refused_and_the_link_stays(world: World) -> None:
    code = code_for(world)
    with pytest.raises(Invalid):
        use(code, "short")
    use(code)


@pytest.mark.parametrize("code", ["", "x", "." * 50, "0" * 32 + ".x", "\ud800", "00000000-0000-7000-8000-0000000000.x"])
def test_what_is_no_code_is_refused_like_one_that_ended(world: World, code: str) -> None:
    with pytest.raises(LinkEnded):
        use(code)


def test_the_code_of_one_tenant_opens_nothing_in_another(world: World, other_world: World) -> None:
    code = code_for(world)
    with pytest.raises(LinkEnded):
        use(f"{other_world.tenant.id.hex}.{code.partition('.')[2]}")
    use(code)


def test_closed_accounts_and_closed_tenants_have_no_link(world: World, other_world: World) -> None:
    codes = [code_for(world), code_for(other_world)]
    with world.as_("admin"):
        deactivate_user(user=world.viewer, reason="left")
        with pytest.raises(Conflict):
            issue_link(user=world.viewer, purpose=LinkPurpose.RESET)
    with other_world.as_("system"):
        Tenant.objects.update(is_active=False)
    for code in codes:
        with pytest.raises(LinkEnded):
            use(code)


def test_who_is_let_in_again_gets_a_new_link(world: World) -> None:
    code = code_for(world)
    with world.as_("admin"):
        deactivate_user(user=world.viewer, reason="left")
        reactivate_user(user=world.viewer, reason="back")
    with pytest.raises(LinkEnded):
        use(code)


def test_a_service_account_gets_none(world: World) -> None:
    with world.as_("admin"):
        bot = create_user(email="bot@example.org", display_name="Bot", password=None, role=Role.SERVICE)
        with pytest.raises(Conflict):
            issue_link(user=bot, purpose=LinkPurpose.INVITATION)
    send_reset(email=bot.email)
    assert mail.outbox == []


def test_of_two_who_use_a_link_at_the_same_moment_one_wins(committed_world: World) -> None:
    code = code_for(committed_world)

    def attempt(password: str) -> Callable[[], str]:
        def act() -> str:
            try:
                use(code, password)
            except LinkEnded:
                return ""
            return password

        return act

    won = together(*(attempt(f"password number {number}") for number in range(4)))
    assert len([password for password in won if password]) == 1


def test_the_code_is_stored_nowhere(world: World) -> None:
    code = code_for(world)
    with world.as_("system"):
        assert code.encode() not in bytes(AccountLink.objects.get().digest)
        assert code not in " ".join(str(event.body) for event in Event.objects.all())


# --- by letter ------------------------------------------------------------------------------------------------------
def link_in(letter: Any) -> str:
    found = re.search(r"/link/#(\S+)", letter.body)
    assert found, letter.body
    return found[1]


def test_an_invited_person_chooses_a_password_and_is_in(world: World) -> None:
    with world.as_("admin"):
        ada = invite_user(email="Ada@Example.org", display_name="Ada", role=Role.MANAGER)
    send_invitation(tenant_id=world.tenant.id, user_id=ada.id)
    [letter] = mail.outbox
    assert (letter.to, letter.extra_headers["Auto-Submitted"]) == (["ada@example.org"], "auto-generated")
    client = Client()
    form = {"code": link_in(letter), "password": NEW, "again": NEW}
    assert client.post("/link/", form).headers["Location"] == "/"
    assert client.get("/inbox/").status_code == 200
    with world.as_("admin"):
        ada.refresh_from_db()
        assert (ada.role, ada.email_verified, ada.password_changed_at is not None) == (Role.MANAGER, True, True)
    assert newest_event(world, "auth.link_used").body == '{"purpose":"invitation"}'
    send_invitation(tenant_id=world.tenant.id, user_id=ada.id)  # a late message
    assert len(mail.outbox) == 1


def test_a_link_that_was_handed_over_verifies_no_address(world: World) -> None:
    use(code_for(world, LinkPurpose.INVITATION))
    with world.as_("admin"):
        assert not User.objects.get(id=world.viewer.id).email_verified


def test_a_reset_is_sent_to_those_who_are_known_and_the_log_has_no_address(world: World) -> None:
    send_reset(email="nobody@example.org")
    send_reset(email=world.viewer.email.upper())
    [letter] = mail.outbox
    assert letter.to == [world.viewer.email]
    use(link_in(letter))
    assert world.viewer.email not in newest_event(world, "auth.link_issued").body


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were handed to the queue."""
    found: list[str] = []
    monkeypatch.setattr("accounts.views.links.publish", lambda job, email: found.append(email))
    return found


def test_asking_answers_the_same_for_every_address_and_looks_none_up(
    world: World, asked: list[str], django_assert_num_queries: Callable[[int], AbstractContextManager[Any]]
) -> None:
    answers = []
    for email in (world.viewer.email, "nobody@example.org"):
        with django_assert_num_queries(0):
            answer = Client().post("/forgot/", {"email": email})
        answers.append((answer.status_code, answer.headers["Location"], answer.cookies["messages"].value.split(":")[0]))
    assert answers[0] == answers[1]
    assert asked == [world.viewer.email, "nobody@example.org"]


@pytest.fixture
def frozen() -> Iterator[str]:
    """The address of a broker that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"redis://:x@127.0.0.1:{silent.getsockname()[1]}/0"


def test_without_a_broker_asking_says_that_no_letter_will_come(world: World, settings: Any, frozen: str) -> None:
    """And says it soon, in the same words for every address."""
    said = []
    for email, broker in ((world.viewer.email, frozen), ("nobody@example.org", AWAY)):
        settings.REDIS_BROKER_URL = broker
        began = time.monotonic()
        answer = Client().post("/forgot/", {"email": email})
        assert time.monotonic() - began < 2
        said.append((answer.status_code, answer.context["refusal"]))
    assert said == [(503, "This cannot be done now; try again in a minute.")] * 2


def test_without_a_broker_an_invitation_stays_and_is_sent_again(
    world: World, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.REDIS_BROKER_URL = AWAY
    with world.as_("admin"), django_capture_on_commit_callbacks(execute=True):
        user = invite_user(email="new@example.org", display_name="New")
    with world.as_("admin"):
        assert [(row.user, row.link) for row in invited_people()] == [(user, None)]


def test_asking_too_often_is_refused_for_known_and_unknown_alike(world: World, asked: list[str]) -> None:
    for email in (world.viewer.email, "nobody@example.org"):
        statuses = [Client().post("/forgot/", {"email": email}).status_code for _ in range(4)]
        assert statuses == [302, 302, 302, 429]
    assert len(asked) == 2 * RESETS_PER_ACCOUNT.requests


def test_codes_cannot_be_guessed_without_end(db: None) -> None:
    for _ in range(30):
        with pytest.raises(LinkEnded):
            use("x")
    with pytest.raises(TooManyRequests):
        use("x")


# --- the page -------------------------------------------------------------------------------------------------------
def test_the_page_takes_a_pasted_link_and_says_what_is_wrong(world: World) -> None:
    code = code_for(world)
    client = Client()
    assert b"data-from-hash" in client.get("/link/").content
    wrong = client.post("/link/", {"code": code, "password": NEW, "again": "something else"})
    assert (wrong.status_code, code in wrong.content.decode()) == (422, True)
    weak = client.post("/link/", {"code": code, "password": "short", "again": "short"})
    assert (weak.status_code, b"too short" in weak.content) == (422, True)
    pasted = f"http://127.0.0.1:8000/link/#{code}"
    assert client.post("/link/", {"code": pasted, "password": NEW, "again": NEW}).status_code == 302
    late = Client().post("/link/", {"code": code, "password": NEW, "again": NEW})
    assert (late.status_code, b"was used" in late.content, code in late.content.decode()) == (410, True, False)


@pytest.mark.parametrize("path", ["/link/", "/forgot/"])
@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(db: None, path: str, method: str) -> None:
    assert getattr(Client(), method)(path).status_code == 405


# --- a password that others have seen -------------------------------------------------------------------------------
def test_a_password_that_others_have_seen_opens_no_session_before_it_is_changed(world: World) -> None:
    with world.as_("admin"):
        set_password(user=world.viewer, password=PASSWORD, must_change=True)
    client = Client()
    answer = client.post("/sign-in/", {"email": world.viewer.email, "password": PASSWORD, "next": "/inbox/"})
    assert (answer.status_code, b"Somebody else has seen" in answer.content) == (200, True)
    names = re.findall(r'<input[^>]* name="([^"]*)"', answer.content.decode())
    assert names == ["csrfmiddlewaretoken", "next", "code", "password", "again"]
    assert client.get("/inbox/").status_code == 302
    form = {"code": answer.context["code"], "password": NEW, "again": NEW, "next": "/inbox/"}
    assert client.post("/link/", form).headers["Location"] == "/inbox/"
    assert client.get("/inbox/").status_code == 200
    assert events_of(world)[-1] == "auth.sign_in_succeeded"
    signed_in(world.viewer, NEW)


def test_begin_session_leaves_a_key_of_its_own(world: World) -> None:
    request = request_()
    request.session.create()
    before = request.session.session_key
    begin_session(request=request, user=world.viewer, method="password")
    request.session.save()
    assert request.session.session_key != before
    with world.as_("viewer"):
        assert Session.objects.get().user_id == world.viewer.id
