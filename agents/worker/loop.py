"""Claim, work, repeat: for as long as nobody says otherwise and whatever the server does meanwhile."""

import random
import signal
from types import FrameType

from agents.worker.attempt import Attempt, Outcome
from agents.worker.client import Call, Client, json_call
from agents.worker.config import WorkerConfig
from agents.worker.control import Control, InterruptError
from agents.worker.errors import ApiError, ProtocolError
from agents.worker.heartbeat import Heartbeat
from agents.worker.lease import Lease
from agents.worker.protocol import Claim, read_claim
from agents.worker.report import Report
from agents.worker.runlog import RunLog
from agents.worker.scratch import Scratch
from agents.worker.workspace import Workspace

IDLE_SECONDS = 2.0
# Retry-After is spread by this much, so that idle workers do not knock together.
JITTER = 0.2
JOIN_SECONDS = 5.0


class Worker:
    """One task at a time."""

    def __init__(self, client: Client, config: WorkerConfig, report: Report) -> None:
        self._client = client
        self._config = config
        self._report = report
        self.stopping = False
        self._idle = Control(lambda: self.stopping)
        self._wait = IDLE_SECONDS

    def stop_on_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """Only a flag: the handler may run in the middle of anything."""
        self.stopping = True
        # A second signal of the kind ends the process at once.
        signal.signal(number, signal.SIG_DFL)

    def run(self, *, once: bool = False) -> None:
        """Until told to stop; with `once`, one claim and whatever comes of it."""
        with Scratch(self._config.scratch) as scratch:
            try:
                while not self.stopping:
                    found = self._turn(scratch)
                    if once:
                        break
                    if not found:
                        self._idle.pause(self._wait)
            except InterruptError:
                pass
        self._report.say("stopped", "stopped")

    def _turn(self, scratch: Scratch) -> bool:
        claims = self._claim()
        for claim in claims:
            outcome = self._attempt(claim, scratch)
            self._report.say("outcome", f"attempt {claim.attempt} {outcome}", task=claim.key, outcome=str(outcome))
        return bool(claims)

    def _claim(self) -> list[Claim]:
        """Ask until an answer comes. A repeated request with the same key is the same claim."""
        try:
            answer = self._client.insist(self._claim_call(), self._idle.pause, self._away)
            self._wait = answer.retry_after(IDLE_SECONDS) * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
            return [] if answer.status == 204 else self._read(answer.json())
        except ApiError as error:
            if error.status in (401, 403):
                raise
            self._wait = IDLE_SECONDS
            self._report.say("trouble", f"the claim was refused ({error})")
        except ProtocolError as error:
            self._wait = IDLE_SECONDS
            self._report.say("trouble", f"the claim could not be read ({error})")
        return []

    def _claim_call(self) -> Call:
        body: dict[str, object] = {"lease_seconds": self._config.lease_seconds, "limit": 1}
        if self._config.projects:
            body["projects"] = list(self._config.projects)
        if self._config.capabilities:
            body["capabilities"] = list(self._config.capabilities)
        return json_call("tasks/claim/", body)

    def _read(self, value: object) -> list[Claim]:
        if not isinstance(value, list):
            raise ProtocolError("the claim is not a list")
        return [read_claim(item) for item in value]

    def _attempt(self, claim: Claim, scratch: Scratch) -> Outcome:
        self._report.say("claimed", f"claimed, attempt {claim.attempt}: {claim.title}", task=claim.key)
        control = Control(lambda: self.stopping)
        lease = Lease(self._client, claim, control, self._report)
        workspace = Workspace(scratch.folder(claim.execution_id), claim, self._config, control)
        run_log = RunLog(lease, workspace.output, self._report, claim.key)
        heartbeat = Heartbeat(lease, claim.lease_seconds, control, self._report, claim.key)
        attempt = Attempt(
            claim, config=self._config, lease=lease, control=control,
            workspace=workspace, run_log=run_log, report=self._report,
        )  # fmt: skip
        try:
            heartbeat.start()
            run_log.start()
            return attempt.run()
        finally:
            self._put_away(heartbeat, run_log)
            scratch.remove(claim.execution_id)

    def _put_away(self, heartbeat: Heartbeat, run_log: RunLog) -> None:
        heartbeat.stop()
        run_log.stop()
        heartbeat.join(JOIN_SECONDS)
        run_log.join(JOIN_SECONDS)

    def _away(self, what: str) -> None:
        self._report.say("retry", f"the server is away, trying again ({what})")
