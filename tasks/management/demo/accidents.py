"""The two accidents: an agent that is killed, and one that sleeps through its lease."""

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tasks.management.demo.crew import Crew, Line

MIDDLE_SECONDS = 1.5
# A task that was to be disturbed may end before anybody can disturb it; nobody waits for ever.
LATE_SECONDS = 60.0

Say = Callable[[str, str], None]


class Killed:
    """SIGKILL in mid-work: nobody says goodbye, so only the end of the lease frees the task."""

    def __init__(self, key: str, crew: Crew, say: Say) -> None:
        self._key = key
        self._crew = crew
        self._say = say
        self._due = 0.0
        self._victim = ""
        self.is_over = False

    def hear(self, line: Line) -> None:
        if line.event == "running" and line.task == self._key and not self._victim:
            self._victim = line.worker
            self._due = time.monotonic() + MIDDLE_SECONDS

    def act(self) -> None:
        if self._due and not self.is_over and time.monotonic() > self._due:
            victim = self._crew.process(self._victim)
            victim.send(signal.SIGKILL)
            self.is_over = True
            self._say("demo", f"killed the {victim.agent} (process {victim.pid}) in the middle of {self._key}")
            self._crew.start(victim.agent)
            self._say("demo", f"started a new {victim.agent}; {self._key} is offered again when its lease has run out")

    def give_up(self) -> None:
        self.is_over = True


class Suspended:
    """SIGSTOP past the lease: the command goes on, the agent wakes with a result that is no longer wanted."""

    def __init__(self, key: str, crew: Crew, say: Say) -> None:
        self._key = key
        self._crew = crew
        self._say = say
        self._victim = ""
        self._is_replaced = False
        self._taken_over = 0.0
        self._woken = 0.0
        self.is_over = False

    def strike(self, line: Line) -> None:
        """Called at once, in the thread that reads the agent's log: the command may take less than a second."""
        if line.event == "running" and line.task == self._key and not self._victim:
            self._victim = line.worker
            self._crew.process(line.worker).send(signal.SIGSTOP)

    def hear(self, line: Line) -> None:
        if line.task == self._key and line.event == "claimed" and self._is_replaced and line.worker != self._victim:
            self._taken_over = time.monotonic()
        if line.task == self._key and line.event == "late" and line.worker == self._victim:
            self.is_over = True

    def act(self) -> None:
        if self._victim and not self._is_replaced:
            self._is_replaced = True
            victim = self._crew.process(self._victim)
            self._say("demo", f"suspended the {victim.agent} (process {victim.pid}) in the middle of {self._key}")
            self._crew.start(victim.agent)
            self._say("demo", f"started a second {victim.agent}; it claims {self._key} when the lease has run out")
        if self._taken_over and not self._woken and self._has_its_result():
            self._wake()
        if self._woken and time.monotonic() > self._woken + LATE_SECONDS:
            self.is_over = True

    def give_up(self) -> None:
        """The task has ended: nothing more to wait for, except a late result that is on its way."""
        self._wake()
        self.is_over = self.is_over or not self._victim

    def _has_its_result(self) -> bool:
        """The command went on meanwhile. On a busy machine it may still run: then there is no late result to bring."""
        is_patient = time.monotonic() < self._taken_over + LATE_SECONDS
        return not (is_patient and children_at_work(self._crew.process(self._victim).pid))

    def _wake(self) -> None:
        if self._victim and not self._woken:
            self._woken = time.monotonic()
            self._crew.process(self._victim).send(signal.SIGCONT)
            self._say("demo", f"woke the {self._victim}: it comes with the result of {self._key}, too late")


def children_at_work(pid: int) -> list[int]:
    """Return the children of a process that run; those that ended and wait to be asked how do not."""
    found = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended
            found += [int(child) for child in thread.read_text().split()]
    return [child for child in found if state_of(child) not in {"", "Z", "X"}]


def state_of(pid: int) -> str:
    """Return the letter of proc(5) for what a process does; nothing where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""
