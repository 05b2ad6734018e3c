"""The calls of one attempt, each made under its lease."""

import urllib.parse

from agents.worker.client import Answer, Call, Client, Pause, json_call
from agents.worker.control import Control, Interrupt, InterruptError
from agents.worker.errors import ApiError
from agents.worker.protocol import Claim
from agents.worker.report import Report

LEASE_LOST = "lease_lost"


class Lease:
    """Turns "lease lost" into the interrupt that ends the work, wherever it is noticed first."""

    def __init__(self, client: Client, claim: Claim, control: Control, report: Report) -> None:
        self._client = client
        self._claim = claim
        self._control = control
        self._report = report

    def heartbeat(self, *, timeout: float) -> dict[str, object]:
        """One try only: the next beat is the retry."""
        body: dict[str, object] = {"progress": self._control.progress, "message": self._control.message[:200]}
        return self._guarded(json_call(self._path("heartbeat/"), body, self._token), timeout=timeout).object()

    def hand_in(self, evidence: dict[str, object]) -> dict[str, object]:
        return self._insist(self._json("evidence/", evidence)).object()

    def ask(self, question: dict[str, object]) -> dict[str, object]:
        return self._last_words(self._json("approvals/", question)).object()

    def redeem(self, approval_id: str, digest: str) -> None:
        self._insist(self._json(f"approvals/{approval_id}/redeem/", {"digest": digest}))

    def append_log(self, offset: int, chunk: bytes) -> None:
        """The offset makes a repeated chunk harmless, so it needs no key."""
        path = self._path(f"log/?offset={offset}")
        self._insist(Call("POST", path, chunk, {"Content-Type": "application/octet-stream", **self._token}))

    def complete(self, result: dict[str, object], summary: str) -> dict[str, object]:
        return self._insist(self._json("complete/", {"result": result, "summary": summary})).object()

    def offer_late(self, result: dict[str, object], summary: str) -> int:
        """One try with a result that comes too late: the server refuses it and keeps it for a person."""
        return self._client.send(self._json("complete/", {"result": result, "summary": summary})).status

    def fail(self, error: str, *, retryable: bool) -> None:
        self._last_words(self._json("fail/", {"error": error[:2000], "retryable": retryable}))

    def release(self) -> None:
        self._last_words(self._json("release/", {}))

    @property
    def _token(self) -> dict[str, str]:
        return {"Lease-Token": self._claim.lease_token}

    def _path(self, rest: str) -> str:
        return f"executions/{urllib.parse.quote(self._claim.execution_id)}/{rest}"

    def _json(self, rest: str, body: dict[str, object]) -> Call:
        return json_call(self._path(rest), body, self._token)

    def _insist(self, call: Call) -> Answer:
        return self._send(call, self._control.pause)

    def _last_words(self, call: Call) -> Answer:
        return self._send(call, self._control.linger)

    def _send(self, call: Call, pause: Pause) -> Answer:
        try:
            return self._client.insist(call, pause, self._trouble)
        except ApiError as error:
            raise self._lost(error) from error

    def _guarded(self, call: Call, *, timeout: float) -> Answer:
        try:
            return self._client.once(call, timeout=timeout)
        except ApiError as error:
            raise self._lost(error) from error

    def _lost(self, error: ApiError) -> Exception:
        """A refused token ends the attempt like a lost lease: nothing more may be said about it."""
        if error.code != LEASE_LOST and error.status not in (401, 403, 404):
            return error
        self._control.interrupt(Interrupt.LOST, str(error))
        return InterruptError(Interrupt.LOST, str(error))

    def _trouble(self, what: str) -> None:
        self._report.say("retry", f"no answer yet, trying again ({what})", task=self._claim.key)
