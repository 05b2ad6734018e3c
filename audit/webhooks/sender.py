"""One attempt: resolve, judge, connect to exactly that address, send, read a little, and say what became of it."""

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from audit.webhooks.addresses import ForbiddenTarget, Target, parse, resolve

SECONDS = 15.0
"""for connecting, sending and reading together"""
READ_AT_MOST = 64 * 1024
KEPT = 1000
GONE = 410


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an attempt. `status` is None where nobody answered; `is_final`: no later attempt can help."""

    status: int | None
    error: str = ""
    is_final: bool = False

    @property
    def is_good(self) -> bool:
        # A redirect is a failure: following one would leave the address that was judged.
        return self.status is not None and 200 <= self.status < 300


class PinnedConnection(http.client.HTTPConnection):
    """A connection to one judged address, whatever the host's name resolves to by now. It knows no proxy."""

    def __init__(self, target: Target, address: str) -> None:
        super().__init__(target.host, target.port, timeout=SECONDS)
        self._target, self._address = target, address

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self._target.port), timeout=SECONDS)
        self.sock = plain
        if plain.getpeername()[0] != self._address:
            raise ForbiddenTarget("The connection went to another address.")
        if self._target.scheme == "https":
            self.sock = tls().wrap_socket(plain, server_hostname=self._target.host)


def tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def send(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """POST `body` once. Never raises: what goes wrong is in the answer."""
    try:
        target = parse(url)
        address = resolve(target)[0]
        return post(PinnedConnection(target, address), target, headers, body)
    except ForbiddenTarget as refusal:
        return Answer(None, refusal.detail)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(None, f"{type(error).__name__}: {error}"[:KEPT])


def post(connection: PinnedConnection, target: Target, headers: Mapping[str, str], body: bytes) -> Answer:
    """Send and read within the time; a watch cuts the connection of a receiver that drips."""
    watch = threading.Timer(SECONDS, cut, [connection])
    watch.daemon = True
    watch.start()
    try:
        sent = {"Host": target.authority, "Content-Type": "application/json", "User-Agent": "Countermark-Webhooks/1"}
        connection.request("POST", target.path, body=body, headers={**sent, "Connection": "close", **headers})
        response = connection.getresponse()
        text = response.read(READ_AT_MOST).decode("utf-8", "replace").replace("\x00", "")
        good = 200 <= response.status < 300
        return Answer(response.status, "" if good else text[:KEPT] or response.reason[:KEPT], response.status == GONE)
    finally:
        watch.cancel()
        connection.close()


def cut(connection: PinnedConnection) -> None:
    with suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)
