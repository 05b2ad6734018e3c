"""HTTP for the worker: one connection per request, no redirects, patience with a server that is away.

`http.client` and not `urllib.request`: the latter follows redirects and would carry the token along.
"""

import http.client
import json
import random
import ssl
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import uuid4

from agents.worker.errors import ApiError, ConfigError, ProtocolError, UnreachableError

LARGEST_ANSWER = 8_000_000
# Answers that mean "not now": a proxy without a server, a server that is starting, a full one.
AWAY = frozenset({429, 502, 503, 504})
# A server that fails at the same request this often has a fault that waiting does not mend.
INTERNAL_ERRORS_BORNE = 5
# The twin of this very request is still being worked on; its answer will be replayed to us.
TWIN_IN_PROGRESS = "request_running"

Pause = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Call:
    """One request; the key stays the same however often it is sent."""

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> object:
        """The body, or a ProtocolError that says what came instead."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise ProtocolError(f"the server answered {self.status} with something that is not JSON") from error

    def object(self) -> dict[str, object]:
        value = self.json()
        if not isinstance(value, dict):
            raise ProtocolError("the server's answer is not a JSON object")
        return value

    def retry_after(self, default: float) -> float:
        try:
            return min(max(float(self.headers.get("retry-after", "")), 0.0), 300.0)
        except ValueError:
            return default


def json_call(path: str, body: dict[str, object], headers: dict[str, str] | None = None) -> Call:
    """A POST with a JSON body and its own idempotency key."""
    given = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4()), **(headers or {})}
    return Call("POST", path, json.dumps(body).encode(), given)


class Client:
    """Speaks to one server with one token. Threads may share it: it keeps no connection."""

    def __init__(self, url: str, token: str, *, timeout: float = 20.0) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise ConfigError("the URL must look like https://host[:port]")
        if not token or any(character in token for character in "\r\n \t"):
            raise ConfigError("the token is empty or holds white space")
        self._parts = parts
        self._base = parts.path.rstrip("/") + "/api/v1/"
        self._token = token
        self._timeout = timeout
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None

    def send(self, call: Call, *, timeout: float | None = None) -> Answer:
        """One try. UnreachableError if no answer came, whatever was the reason."""
        connection = self._connection(timeout or self._timeout)
        try:
            connection.request(call.method, self._base + call.path, call.body or None, self._headers(call))
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read(LARGEST_ANSWER))
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(f"{type(error).__name__}: {error}") from error
        finally:
            connection.close()

    def once(self, call: Call, *, timeout: float | None = None) -> Answer:
        """One try; a problem is raised as ApiError."""
        return checked(self.send(call, timeout=timeout))

    def insist(self, call: Call, pause: Pause, on_trouble: Callable[[str], None]) -> Answer:
        """Send until the server decides. `pause` sleeps, and raises when it is time to give up."""
        internal_errors = 0
        for delay in back_off():
            try:
                answer = self.send(call)
            except UnreachableError as error:
                on_trouble(str(error))
                pause(delay)
                continue
            internal_errors += answer.status == 500
            if not _is_passing(answer, internal_errors):
                return checked(answer)
            on_trouble(f"the server answered {answer.status}")
            pause(answer.retry_after(delay))
        raise AssertionError("back_off never ends")

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._tls is not None:
            return http.client.HTTPSConnection(host, port, timeout=timeout, context=self._tls)
        return http.client.HTTPConnection(host, port, timeout=timeout)

    def _headers(self, call: Call) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/json",
            "User-Agent": "countermark-worker/1",
            "Connection": "close",
            **call.headers,
        }


def checked(answer: Answer) -> Answer:
    """The answer, unless it is a problem."""
    if answer.status < 300:
        return answer
    try:
        problem = answer.object()
    except ProtocolError:
        problem = {"title": "the server gave no reason"}
    raise ApiError(answer.status, problem)


def back_off(first: float = 0.2, cap: float = 10.0) -> Iterator[float]:
    """Growing waits with full jitter, so that many workers do not return in step."""
    ceiling = first
    while True:
        yield random.uniform(ceiling / 4, ceiling)  # noqa: S311 - jitter, not a secret
        ceiling = min(ceiling * 2, cap)


def _is_passing(answer: Answer, internal_errors: int) -> bool:
    if answer.status in AWAY:
        return True
    if answer.status == 500:
        return internal_errors < INTERNAL_ERRORS_BORNE
    return answer.status == 409 and TWIN_IN_PROGRESS.encode() in answer.body
