"""Where a webhook may go: nowhere but to the public internet, whatever the URL, DNS or a redirect says."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from audit.tests.receiver import Receiver, listening
from audit.webhooks import sender
from audit.webhooks.addresses import ForbiddenTarget, is_allowed, parse, resolve
from audit.webhooks.sender import send

ROOT = Path(__file__).resolve().parents[2]

# Spellings of this machine, its neighbours and the metadata service, and URLs that two parsers read differently.
SPELLINGS = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.1./",
    "https://127.000.000.001/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b:1::1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fc00::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fd00:ec2::254]/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://localhost/",
    "https://localhost./",
    "https://user:secret@example.org/",
    "https://example.org@127.0.0.1/",
    "https://127.0.0.1#@example.org/",
    "https://example.org\\@127.0.0.1/",
    "https://exam%70le.org/",
    "https://ⓔxample.org/",
    "https://example.org/\r\nHost: internal",
    "https://example.org /",
    "https://example.org:0x50/",
    "https://example.org:22/",
    "https://example.org:99999/",
    "http://example.org/",
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://example.org/",
    "//example.org/",
    "https:///",
    "https://example.0x7f/",
    "https://-example.org/",
    "https://" + "a" * 2000 + ".org/",
]


@pytest.mark.parametrize("url", SPELLINGS)
def test_a_url_that_leads_inside_or_reads_two_ways_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenTarget):
        parse(url)


@pytest.mark.parametrize(
    "url",
    ["https://example.org/in", "https://hooks.example.org:8443/a?b=c", "https://8.8.8.8/", "https://xn--bcher-kva.de/"],
)
def test_an_ordinary_url_is_taken(url: str) -> None:
    assert parse(url).scheme == "https"


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07::1", True),
        ("127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::5db8:d70e", True),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("2001:0:5ef5:79fb::1", False),
        ("192.88.99.1", False),
        ("240.0.0.1", False),
        ("no address", False),
    ],
)
def test_an_address_is_judged_as_what_it_leads_to(address: str, allowed: bool) -> None:
    assert is_allowed(address) is allowed


def answers(*found: str) -> Any:
    return lambda host, port, **kwargs: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port)) for text in found]


def test_a_name_with_one_forbidden_address_is_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    target = parse("https://hooks.example.org/")
    monkeypatch.setattr("socket.getaddrinfo", answers("93.184.215.14"))
    assert resolve(target) == ["93.184.215.14"]
    monkeypatch.setattr("socket.getaddrinfo", answers("93.184.215.14", "127.0.0.1"))
    with pytest.raises(ForbiddenTarget):
        resolve(target)


def test_a_name_that_is_bound_anew_is_never_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred times DNS says a public address first and this machine next: what was judged is what is dialled."""
    dialled: list[str] = []

    def dial(address: tuple[str, int], timeout: float) -> socket.socket:
        dialled.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr("socket.create_connection", dial)
    for turn in range(200):
        found = iter([answers("93.184.215.14"), answers("127.0.0.1")] if turn % 2 else [answers("127.0.0.1")])
        monkeypatch.setattr("socket.getaddrinfo", lambda host, port, found=found, **kw: next(found)(host, port, **kw))
        assert not send("https://hooks.example.org/", {}, b"{}").is_good
    assert set(dialled) == {"93.184.215.14"}
    assert len(dialled) == 100


def test_an_operator_may_allow_a_network_for_the_whole_instance(settings: Settings) -> None:
    assert not is_allowed("10.1.2.3")
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("10.1.0.0/16")]
    assert is_allowed("10.1.2.3")
    assert not is_allowed("10.2.0.1")


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    with listening() as found:
        yield found


def test_what_is_sent_arrives_byte_for_byte(receiver: Receiver) -> None:
    answer = send(receiver.url, {"webhook-id": "msg_1"}, b'{"a": "\xc3\xa9"}')
    assert (answer.status, answer.is_good) == (200, True)
    [(headers, body)] = receiver.heard
    assert (headers["webhook-id"], headers["content-type"], body) == ("msg_1", "application/json", b'{"a": "\xc3\xa9"}')
    assert headers["host"] == receiver.url.split("/")[2]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.headers = status, {"Location": receiver.url}
    answer = send(receiver.url, {}, b"{}")
    assert (answer.status, answer.is_good) == (status, False)
    assert len(receiver.heard) == 1


def test_little_of_the_answer_is_read_and_less_is_kept(receiver: Receiver) -> None:
    receiver.status, receiver.body = 500, b"x\x00" * 1_000_000
    assert send(receiver.url, {}, b"{}").error == "x" * 1000


def test_a_receiver_that_drips_is_cut_off(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = send(f"http://127.0.0.1:{silent.getsockname()[1]}/", {}, b"{}")
    assert answer.status is None
    assert answer.error


def test_the_proxy_of_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    assert send(receiver.url, {}, b"{}").is_good


def test_without_the_switch_of_development_this_machine_is_not_reached() -> None:
    with listening() as receiver:
        answer = send(receiver.url, {}, b"{}")
        assert answer.status is None
        assert not receiver.heard


@pytest.mark.parametrize(("embedded", "starts"), [("1", True), ("", False)])
def test_the_switch_of_development_is_refused_outside_the_embedded_mode(embedded: str, starts: bool) -> None:
    environment = {**os.environ, "WEBHOOK_ALLOW_LOOPBACK": "1", "EMBEDDED": embedded or "0"}
    command = [sys.executable, "-c", "import config.settings"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode == 0) is starts
    assert starts or "embedded development mode only" in done.stderr
