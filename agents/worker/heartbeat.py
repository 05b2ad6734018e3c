"""Keeps the lease alive three times per lease and passes the server's directives on to the work."""

import threading
import time

from agents.worker.control import NAP_SECONDS, Control, Interrupt, InterruptError
from agents.worker.errors import ApiError, ProtocolError, UnreachableError
from agents.worker.lease import Lease
from agents.worker.protocol import read_number
from agents.worker.report import Report

BEATS_PER_LEASE = 3
SOONEST_SECONDS = 0.3


class Heartbeat(threading.Thread):
    """Ends by itself when the lease is lost."""

    def __init__(self, lease: Lease, lease_seconds: float, control: Control, report: Report, task: str) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._lease = lease
        self._seconds = lease_seconds
        self._control = control
        self._report = report
        self._task = task
        self._finished = False

    def run(self) -> None:
        while not self._finished and not self._control.is_lost:
            self._beat()
            self._nap(max(self._seconds / BEATS_PER_LEASE, SOONEST_SECONDS))

    def stop(self) -> None:
        self._finished = True

    def _nap(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._finished and time.monotonic() < until:
            time.sleep(NAP_SECONDS)

    def _beat(self) -> None:
        try:
            # A beat that hangs must not cost the beats after it.
            answer = self._lease.heartbeat(timeout=max(self._seconds / BEATS_PER_LEASE, 1.0))
            self._seconds = read_number(answer, "lease_seconds", self._seconds)
            self._obey(str(answer.get("directive", "continue")), _notes(answer))
        except InterruptError:
            return
        except (UnreachableError, ApiError, ProtocolError) as error:
            self._report.say("retry", f"heartbeat got no answer ({error})", task=self._task)

    def _obey(self, directive: str, notes: str) -> None:
        if directive == "stop":
            self._control.interrupt(Interrupt.STOP, notes)
        elif directive == "ask":
            self._control.interrupt(Interrupt.ASK, notes)
        elif directive == "wrap_up" and not self._control.wrap_up:
            self._control.wrap_up = True
            self._report.say("directive", f"asked to wrap up after this step {notes}", task=self._task)


def _notes(answer: dict[str, object]) -> str:
    notes = answer.get("notes")
    return "; ".join(str(note) for note in notes) if isinstance(notes, list) else ""
