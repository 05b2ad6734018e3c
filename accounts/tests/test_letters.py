"""Notifications by letter: who is written, when, what stands in it, and through a real mail server."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from django.core import mail
from django.db.models import F
from django.utils import timezone

from accounts.models import Notification, NotificationTiming, User, UserPreference
from accounts.services import deactivate_user, send_notifications, update_preferences
from accounts.services.letters import CLAIM, claim_letter, last_digest_hour
from tests.servers import free_port
from tests.threads import together
from tests.world import World


def notify(world: World, user: User | None = None, **values: Any) -> Notification:
    with world.as_("system"):
        given = {"kind": "approval.requested", "title": "May I format?", "url": "/inbox/x/", "body": "hidden"}
        row: Notification = Notification.objects.create(user=user or world.viewer, **given | values)
        return row


def prefer(world: World, timing: str, **values: Any) -> None:
    with world.as_("viewer"):
        update_preferences(user=world.viewer, notifications=timing, **values)


def sent() -> list[Any]:
    send_notifications()
    return list(mail.outbox)


def test_at_once_a_letter_says_what_and_where_and_nothing_else(world: World) -> None:
    notify(world)
    [letter] = sent()
    assert (letter.to, letter.subject) == ([world.viewer.email], "May I format?")
    assert "http://127.0.0.1:8000/inbox/x/" in letter.body
    assert "hidden" not in letter.body
    assert "respond" not in letter.body
    assert sent() == [letter]


def test_several_at_once_are_one_letter(world: World) -> None:
    for number in range(3):
        notify(world, title=f"Question {number}")
    notify(world, user=world.reviewer)
    letters = sent()
    assert sorted(letter.subject for letter in letters) == ["3 things wait for you", "May I format?"]


def test_a_title_cannot_write_headers(world: World) -> None:
    notify(world, title="Hello\r\nBcc: everybody@example.org\n\nDecide here")
    [letter] = sent()
    assert "\n" not in letter.subject
    assert letter.recipients() == [world.viewer.email]


def test_what_is_read_or_old_or_unwanted_is_not_written(world: World) -> None:
    notify(world, read_at=timezone.now())
    row = notify(world)
    with world.as_("system"):
        Notification.objects.filter(id=row.id).update(created_at=timezone.now() - timedelta(days=3))
    assert sent() == []
    prefer(world, NotificationTiming.NONE)
    notify(world)
    assert sent() == []


@pytest.mark.parametrize("timing", [NotificationTiming.NONE, NotificationTiming.DIGEST])
def test_a_warning_is_written_at_once_whatever_is_preferred_and_though_it_was_read(world: World, timing: str) -> None:
    prefer(world, timing)
    notify(world, title="Other news")
    notify(world, title="passkey added: viewer", is_warning=True, read_at=timezone.now())
    [letter] = sent()
    assert letter.subject == "About your account: passkey added: viewer"
    assert "If it was not" in letter.body
    assert "Other news" not in letter.body
    assert sent() == [letter]


def test_a_warning_comes_alone_and_other_news_after_it(world: World) -> None:
    notify(world)
    notify(world, title="passkey added: viewer", is_warning=True)
    send_notifications()
    send_notifications()
    assert [letter.subject for letter in mail.outbox] == ["About your account: passkey added: viewer", "May I format?"]


def test_who_has_left_is_not_written(world: World) -> None:
    notify(world)
    with world.as_("admin"):
        deactivate_user(user=world.viewer, reason="left")
    assert sent() == []


def test_a_daily_letter_has_all_of_the_day_and_comes_once(world: World) -> None:
    hour = (timezone.now() - timedelta(hours=1)).hour
    prefer(world, NotificationTiming.DIGEST, daily_digest_hour=hour)
    early, late = notify(world, title="Before"), notify(world, title="After")
    with world.as_("system"):
        Notification.objects.filter(id=early.id).update(created_at=timezone.now() - timedelta(hours=3))
    [letter] = sent()
    assert (letter.subject, "Before" in letter.body, "After" in letter.body) == (
        "Your day in Countermark: 1 new", True, False,
    )  # fmt: skip
    assert len(sent()) == 1
    with world.as_("system"):
        assert Notification.objects.get(id=early.id).digest_at
        assert not Notification.objects.get(id=late.id).digest_at


@pytest.mark.parametrize(
    ("zone", "hour", "now", "due"),
    [
        ("UTC", 8, "2026-11-21T09:00", "2026-11-21T08:00"),
        ("UTC", 8, "2026-11-21T07:59", "2026-11-20T08:00"),
        ("Asia/Tokyo", 8, "2026-11-21T00:00", "2026-11-20T23:00"),
        ("America/Los_Angeles", 23, "2026-11-21T06:30", "2026-11-20T07:00"),
        ("Asia/Kathmandu", 0, "2026-11-21T12:00", "2026-11-20T18:15"),
    ],
)
def test_the_hour_is_that_of_the_persons_clock(zone: str, hour: int, now: str, due: str) -> None:
    preference = UserPreference(time_zone=zone, daily_digest_hour=hour)
    assert last_digest_hour(preference, datetime.fromisoformat(f"{now}+00:00")) == datetime.fromisoformat(
        due + "+00:00"
    )


def test_two_who_send_at_once_write_nobody_twice(committed_world: World) -> None:
    world = committed_world
    for _ in range(20):
        notify(world)

    def claim() -> int:
        with world.as_("system"):
            letter = claim_letter(world.viewer)
            return len(letter.rows) if letter else 0

    assert sum(together(*[claim] * 4)) == 20


SMTP = "django.core.mail.backends.smtp.EmailBackend"


def test_who_dies_while_sending_loses_no_letter(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = notify(world)
    with monkeypatch.context() as patch:
        patch.setattr("accounts.services.letters.send_letter", dies)
        with pytest.raises(KeyboardInterrupt):
            send_notifications()
    assert sent() == []  # the one who died may be slow only
    with world.as_("system"):
        Notification.objects.filter(id=row.id).update(claimed_until=F("claimed_until") - CLAIM)
    assert len(sent()) == len(sent()) == 1


def dies(**_: Any) -> None:
    raise KeyboardInterrupt


def test_who_wants_no_letters_keeps_nobody_from_theirs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.services.letters.MOST", 2)
    prefer(world, NotificationTiming.NONE)
    for _ in range(3):
        notify(world)
    notify(world, user=world.reviewer)
    assert [letter.to for letter in sent()] == [[world.reviewer.email]]


# --- through a socket -----------------------------------------------------------------------------------------------
class Letters(Message):
    """Keeps what arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Any] = []
        self.unknown: set[str] = set()

    def handle_message(self, message: Any) -> None:
        self.kept.append(message)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802  # its name
        if address in self.unknown:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"


@pytest.fixture
def mail_server(settings: Any) -> Iterator[Letters]:
    """A real SMTP server of this test's own."""
    letters = Letters()
    port = free_port()
    controller = Controller(letters, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", port
    yield letters
    controller.stop()


def test_a_letter_goes_through_a_real_mail_server(world: World, mail_server: Letters) -> None:
    notify(world, title="Darf ich? Ä ö")
    assert send_notifications() == 1
    [letter] = mail_server.kept
    assert letter["To"] == world.viewer.email
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "Darf ich? Ä ö" in letter.get_payload(decode=True).decode()


def test_without_a_mail_server_nothing_is_lost(world: World, other_world: World, settings: Any) -> None:
    notify(world)
    notify(other_world)
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", free_port()
    assert send_notifications() == 0
    with world.as_("system"):
        assert Notification.objects.unsent().count() == 1
    settings.EMAIL_BACKEND = working
    assert len(sent()) == 2


def test_an_address_that_is_gone_keeps_nobody_from_their_letter(world: World, mail_server: Letters) -> None:
    mail_server.unknown = {world.reviewer.email}
    for user in (world.reviewer, world.viewer, world.reviewer, world.engineer):
        notify(world, user=user)
    assert send_notifications() == 2
    assert {letter["To"] for letter in mail_server.kept} == {world.viewer.email, world.engineer.email}
    assert send_notifications() == 0
