"""Sends the growing output file to the execution's run log, in chunks named by their offset."""

import threading
import time
from pathlib import Path

from agents.worker.control import NAP_SECONDS, InterruptError
from agents.worker.errors import ApiError
from agents.worker.lease import Lease
from agents.worker.report import Report

CHUNK_BYTES = 64 * 1024
EVERY_SECONDS = 0.5
# After so many differences in a row the log is left as it is; it is a convenience, the evidence is not.
DISAGREEMENTS_BORNE = 3


class RunLog(threading.Thread):
    """Runs beside the work; `finish` sends the rest and comes before the attempt's last call."""

    def __init__(self, lease: Lease, output: Path, report: Report, task: str) -> None:
        super().__init__(name="run log", daemon=True)
        self._lease = lease
        self._output = output
        self._report = report
        self._task = task
        self._offset = 0
        self._disagreements = 0
        self._turn = threading.Lock()
        self._finished = False

    def run(self) -> None:
        try:
            while not self._finished:
                self._send_waiting()
                self._nap()
        except InterruptError:
            # The working thread learns of the interrupt by itself.
            return

    def finish(self) -> None:
        """Everything that was written is at the server when this returns."""
        self._finished = True
        self._send_waiting()

    def stop(self) -> None:
        self._finished = True

    def _nap(self) -> None:
        until = time.monotonic() + EVERY_SECONDS
        while not self._finished and time.monotonic() < until:
            time.sleep(NAP_SECONDS)

    def _send_waiting(self) -> None:
        with self._turn:
            while self._disagreements < DISAGREEMENTS_BORNE and (chunk := self._next_chunk()):
                self._send(chunk)

    def _next_chunk(self) -> bytes:
        with self._output.open("rb") as output:
            output.seek(self._offset)
            return output.read(CHUNK_BYTES)

    def _send(self, chunk: bytes) -> None:
        try:
            self._lease.append_log(self._offset, chunk)
            self._offset += len(chunk)
            self._disagreements = 0
        except ApiError as error:
            self._disagree(error)

    def _disagree(self, error: ApiError) -> None:
        """Go on from where the server stands, if it says so."""
        self._disagreements += 1
        expected = error.problem.get("expected")
        if isinstance(expected, int) and 0 <= expected <= self._output.stat().st_size:
            self._offset = expected
        else:
            self._disagreements = DISAGREEMENTS_BORNE
        if self._disagreements >= DISAGREEMENTS_BORNE:
            self._report.say("log", f"the run log stays incomplete ({error})", task=self._task)
