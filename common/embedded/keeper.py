"""Keeps one process running: passes its lines on, restarts it when it dies, stops it when asked."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from common.embedded import processes
from common.embedded.console import Console, shortened
from common.embedded.errors import EmbeddedError
from common.embedded.processes import Step, Talker

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
SETTLED_SECONDS = 30.0
LAST_WORDS_SECONDS = 2.0
LineHandler = Callable[[bytes], None]


class Service(Protocol):
    """Something that runs as one process: a server, or a process of the product."""

    @property
    def name(self) -> str: ...
    @property
    def says(self) -> str: ...
    @property
    def steps(self) -> Sequence[Step]: ...

    async def launch(self) -> asyncio.subprocess.Process | Talker: ...


class Guard:
    """The process that ends what is left of the tree when this one is gone; see guard.py."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-S",
            str(Path(__file__).with_name("guard.py")),
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,
        )

    def register(self, group: int, number: signal.Signals) -> None:
        self._send(f"+{group} {int(number)}\n")

    def forget(self, group: int) -> None:
        self._send(f"-{group}\n")

    async def stop(self) -> None:
        """Let it go; by now it has nothing left to end."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
            await self._process.wait()

    def _send(self, line: str) -> None:
        if self._process and self._process.stdin and self._process.returncode is None:
            self._process.stdin.write(line.encode())


class Keeper:
    """One service, its present process and its restarts."""

    def __init__(self, service: Service, *, console: Console, guard: Guard, on_line: LineHandler) -> None:
        self.service = service
        self._console, self._guard, self._on_line = console, guard, on_line
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._stopping = False
        self._last_words = ""

    async def start(self, process: asyncio.subprocess.Process | None = None) -> None:
        """Launch the service, or adopt a process of it that runs already, and keep it running from now on."""
        self._keeping = asyncio.create_task(self._keep(self._adopt(process or await self.service.launch(), "started")))

    async def stop(self, hurry: asyncio.Event) -> None:
        """Stop for good, and say so."""
        self._stopping = True
        if self._keeping and self._process and self._process.returncode is None:
            await processes.stop(self._process, self.service.steps, hurry)
            await asyncio.wait([self._keeping], timeout=LAST_WORDS_SECONDS)
            self._console.say(self.service.name, "stopped")
        if self._keeping:
            self._keeping.cancel()

    async def _keep(self, process: asyncio.subprocess.Process) -> None:
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            reason = await self._end(process)
            if self._stopping:
                return
            pause = FIRST_PAUSE if time.monotonic() - began > SETTLED_SECONDS else pause
            self._console.say(self.service.name, f"stopped ({reason}), restarting in {pause:g} s", error=True)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            process = await self._restart()

    async def _end(self, process: asyncio.subprocess.Process) -> str:
        """Wait until a process ends, end the children that it left, and return how it went."""
        code = await process.wait()
        processes.sweep(process.pid)
        self._guard.forget(process.pid)
        if self._reading:
            await asyncio.wait([self._reading], timeout=LAST_WORDS_SECONDS)
            self._reading.cancel()
        return describe(code, self._last_words)

    async def _restart(self) -> asyncio.subprocess.Process:
        """Launch until it succeeds: what is missing now may be back in a moment."""
        while True:
            try:
                return self._adopt(await self.service.launch(), "restarted")
            except (OSError, EmbeddedError) as error:
                self._console.say(self.service.name, f"cannot start: {error}", error=True)
                await asyncio.sleep(LONGEST_PAUSE)

    def _adopt(self, launched: asyncio.subprocess.Process | Talker, word: str) -> asyncio.subprocess.Process:
        process, lines = launched if isinstance(launched, Talker) else (launched, None)
        self._process = process
        self._guard.register(process.pid, self.service.steps[0].signal)
        self._reading = asyncio.create_task(self._read(lines)) if lines else None
        self._console.say(self.service.name, f"{word} ({self.service.says})" if self.service.says else word)
        return process

    async def _read(self, lines: asyncio.StreamReader) -> None:
        while not lines.at_eof():
            with suppress(ValueError):  # a line without end: the reader has dropped it
                line = await lines.readline()
                self._last_words = spoken(line) or self._last_words
                self._on_line(line)


def spoken(line: bytes) -> str:
    """Return a line that a process wrote outside of its log, such as the last one of a traceback."""
    return "" if line.startswith(b"{") else shortened(line.decode(errors="replace"))


def describe(code: int, last_words: str) -> str:
    """Return how a process ended, in words."""
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}: {last_words}" if code and last_words else f"exit code {code}"
