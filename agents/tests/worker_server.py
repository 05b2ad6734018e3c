"""A small server that speaks the worker protocol on loopback, and misbehaves on request."""

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from uuid import uuid4

EXECUTION_PATH = re.compile(r"^/api/v1/executions/([0-9a-f-]{36})/([a-z]+)/(.*)$")
Members = dict[str, Any]
Reply = tuple[int, Members]
LEASE_LOST: Reply = (409, {"title": "Lease lost", "code": "lease_lost", "detail": "somebody else holds the task"})


def bound_digest(task_id: str, action: Members, commit: str | None, nonce: str) -> str:
    """Computed with the standard encoder: for plain ASCII objects its sorted form is the canonical one."""
    bound = {"task": task_id, "action": action, "target_commit": commit, "nonce": nonce}
    return hashlib.sha256(json.dumps(bound, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclass
class Seen:
    """One request as it arrived."""

    path: str
    body: Members
    headers: dict[str, str]


@dataclass
class FakeServer:
    """Everything it was told is in its lists; everything it answers can be set before."""

    claims: list[Members] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    logs: dict[str, bytes] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    directive: str = "continue"
    complete_reply: Reply = (200, {"task_status": "closed"})
    redeem_reply: Reply = (200, {})
    redeemed: list[Members] = field(default_factory=list)
    on_heartbeat: Callable[[str], None] = lambda execution: None
    dropped_replies: dict[str, int] = field(default_factory=dict)
    refused_starts: int = 0
    _replies: dict[str, Reply] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                owner.handle(self)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def called(self, name: str) -> list[Members]:
        """The bodies of the requests to an endpoint, a retried one counted once."""
        bodies: dict[str, Members] = {}
        for number, seen in enumerate(self.seen):
            if seen.path.partition("?")[0].rstrip("/").endswith(f"/{name}"):
                bodies.setdefault(seen.headers.get("idempotency-key", str(number)), seen.body)
        return list(bodies.values())

    def wait_for(self, condition: Callable[[], object], seconds: float = 15.0) -> None:
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, f"did not happen in {seconds} s; seen: {[one.path for one in self.seen]}"
            time.sleep(0.02)

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        raw = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in request.headers.items()}
        is_json = headers.get("content-type") == "application/json"
        seen = Seen(request.path, json.loads(raw) if is_json and raw else {}, headers)
        with self._lock:
            self.seen.append(seen)
            reply = self._once(seen, raw)
            name = request.path.partition("?")[0].rstrip("/").rpartition("/")[2]
            if self.dropped_replies.get(name, 0):
                self.dropped_replies[name] -= 1
                request.close_connection = True
                return
        self._send(request, reply)

    def _once(self, seen: Seen, raw: bytes) -> Reply:
        """The same key gets the same answer."""
        key = seen.headers.get("idempotency-key")
        if self.refused_starts:
            self.refused_starts -= 1
            return 503, {"title": "starting"}
        if key is None:
            return self._answer(seen, raw)
        if key not in self._replies:
            self._replies[key] = self._answer(seen, raw)
        return self._replies[key]

    def _send(self, request: BaseHTTPRequestHandler, reply: Reply) -> None:
        status, body = reply
        data = b"" if status == 204 else json.dumps(body.get("list", body)).encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(data)))
        if status == 204:
            request.send_header("Retry-After", "0.1")
        request.end_headers()
        request.wfile.write(data)

    def _answer(self, seen: Seen, raw: bytes) -> Reply:
        if seen.path == "/api/v1/tasks/claim/":
            return (200, {"list": [self.claims.pop(0)]}) if self.claims else (204, {})
        match = EXECUTION_PATH.match(seen.path)
        if match is None:
            return 404, {"title": "no such page", "code": "not_found"}
        execution, name, rest = match.groups()
        return self._for_execution(execution, name, rest, seen, raw)

    def _for_execution(self, execution: str, name: str, rest: str, seen: Seen, raw: bytes) -> Reply:
        if name == "heartbeat":
            self.on_heartbeat(execution)
        if execution in self.lost or seen.headers.get("lease-token") != f"lease-{execution}":
            return LEASE_LOST
        if name == "log":
            return self._append(execution, int(rest.removeprefix("?offset=")), raw)
        if rest.endswith("redeem/"):
            self.redeemed.append(seen.body)
            return self.redeem_reply
        if name in ("fail", "release", "approvals") or (name == "complete" and self.complete_reply[0] == 200):
            self.lost.add(execution)
        replies: dict[str, Reply] = {
            "heartbeat": (200, {"directive": self.directive, "lease_seconds": 5, "notes": ["because"]}),
            "complete": self.complete_reply,
            "evidence": (201, {"id": str(uuid4()), "grade": "runner_reported"}),
            "approvals": (201, {"id": str(uuid4()), "status": "pending"}),
        }
        return replies.get(name, (200, {}))

    def _append(self, execution: str, offset: int, chunk: bytes) -> Reply:
        log = self.logs.setdefault(execution, b"")
        if log[offset : offset + len(chunk)] == chunk and offset < len(log):
            return 200, {"offset": len(log)}
        if offset != len(log):
            return 409, {"title": "offset", "code": "log_offset", "expected": len(log)}
        self.logs[execution] = log + chunk
        return 200, {"offset": len(log) + len(chunk)}


def make_claim(repository: str, task_input: Members, **changes: Any) -> Members:
    """A claim as the server would send it."""
    execution = str(uuid4())
    task = {
        "id": changes.pop("task_id", str(uuid4())),
        "key": "CM-1",
        "project_id": str(uuid4()),
        "title": "a task",
        "description": "",
        "type": "test",
        "priority": "medium",
        "instructions": "",
        "input": task_input,
        "contract": {"criteria": changes.pop("criteria", [])},
    }
    return {
        "task": task,
        "execution": {"id": execution, "status": "running", "attempt": 1},
        "attempt": 1,
        "lease_token": f"lease-{execution}",
        "lease_expires_at": "2026-11-21T00:00:00Z",
        "lease_seconds": 5,
        "grants": changes.pop("grants", []),
        "context": {"repository_url": repository, "default_branch": "main", "previous_attempts": []},
        **changes,
    }
