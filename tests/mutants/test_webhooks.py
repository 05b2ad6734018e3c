"""G9 can turn red: a sender that follows redirects, trusts DNS twice or judges nothing reaches this machine."""

import socket
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from audit.tests.receiver import Receiver, listening
from audit.tests.test_webhook_addresses import answers
from audit.webhooks import addresses, sender
from audit.webhooks.sender import send

pytestmark = pytest.mark.mutant


@pytest.fixture
def inside() -> Iterator[Receiver]:
    """Something on this machine that no delivery may reach."""
    with listening() as found:
        yield found


def attack_by_literal(inside: Receiver) -> None:
    send(inside.url, {}, b"{}")


@pytest.mark.parametrize("attack", [attack_by_literal])
def test_a_filter_that_lets_everything_through_is_noticed(
    inside: Receiver, attack: Callable[[Receiver], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    attack(inside)
    assert not inside.heard
    monkeypatch.setattr(addresses, "is_allowed", lambda text: True)
    monkeypatch.setattr(addresses, "is_plain_loopback", lambda host: True)
    attack(inside)
    assert inside.heard


def test_a_sender_that_follows_redirects_is_noticed(
    inside: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    with listening() as outside:
        outside.status, outside.headers = 302, {"Location": inside.url}
        send(outside.url, {}, b"{}")
        assert (len(outside.heard), len(inside.heard)) == (1, 0)

        def follow(connection: Any, target: Any, headers: Any, body: bytes) -> sender.Answer:
            with urllib.request.urlopen(urllib.request.Request(outside.url, body)) as response:
                return sender.Answer(response.status)

        monkeypatch.setattr(sender, "post", follow)
        send(outside.url, {}, b"{}")
        assert inside.heard


def test_a_sender_that_asks_dns_twice_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second answer is another one: a sender that dials the name instead of the judged address goes there."""
    dialled: list[str] = []

    def dial(address: tuple[str, int], timeout: float) -> socket.socket:
        found = socket.getaddrinfo(address[0], address[1]) if address[0][0].isalpha() else [(0, 0, 0, "", address)]
        dialled.append(str(found[0][4][0]))
        raise ConnectionRefusedError

    def attack() -> None:
        turns = iter([answers("93.184.215.14"), answers("127.0.0.1")])
        monkeypatch.setattr("socket.getaddrinfo", lambda host, port, **kw: next(turns)(host, port, **kw))
        send("https://hooks.example.org/", {}, b"{}")

    monkeypatch.setattr("socket.create_connection", dial)
    attack()
    assert dialled == ["93.184.215.14"]
    pinned = sender.PinnedConnection
    monkeypatch.setattr(sender, "PinnedConnection", lambda target, address: pinned(target, target.host))
    attack()
    assert dialled[-1] == "127.0.0.1"
