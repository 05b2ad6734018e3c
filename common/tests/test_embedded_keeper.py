"""One process is kept running, its lines are passed on, and what it leaves behind is ended."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from common.embedded import keeper as module
from common.embedded import processes
from common.embedded.console import Console
from common.embedded.errors import EmbeddedError
from common.embedded.keeper import Guard, Keeper, describe
from common.embedded.processes import Step, Talker

HOME = Path(__file__).parent


class RecordingConsole(Console):
    """A console that remembers."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, name: str, message: str, *, error: bool = False) -> None:
        self.said.append(message)

    async def expect(self, beginning: str, times: int = 1) -> None:
        async with asyncio.timeout(10):
            while sum(message.startswith(beginning) for message in self.said) < times:
                await asyncio.sleep(0.02)


class Script:
    """A service that runs some Python."""

    name, says = "script", ""
    steps: Sequence[Step] = (Step(signal.SIGTERM, 2),)

    def __init__(self, code: str) -> None:
        self.code = code
        self.failures = 0

    async def launch(self) -> Talker:
        if self.failures:
            self.failures -= 1
            raise EmbeddedError("not now")
        command = [sys.executable, "-u", "-c", self.code]
        return await processes.spawn_talker(command, cwd=HOME, env=os.environ)


class Kept:
    """A keeper with what it wrote."""

    def __init__(self, code: str) -> None:
        self.console, self.lines, self.script = RecordingConsole(), list[bytes](), Script(code)
        self.keeper = Keeper(self.script, console=self.console, guard=Guard(), on_line=self.lines.append)

    async def line(self) -> bytes:
        async with asyncio.timeout(10):
            while not self.lines:
                await asyncio.sleep(0.02)
        return self.lines[-1]


@pytest_asyncio.fixture
async def keep(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[type[Kept]]:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.1)
    made: list[Kept] = []

    class Tracked(Kept):
        def __init__(self, code: str) -> None:
            super().__init__(code)
            made.append(self)

    yield Tracked
    for kept in made:
        await kept.keeper.stop(asyncio.Event())


async def test_a_process_that_dies_is_restarted_each_time_later(keep: type[Kept]) -> None:
    kept = keep("raise SystemExit('no such table')")
    await kept.keeper.start()
    await kept.console.expect("restarted", times=3)
    stopped = [message for message in kept.console.said if message.startswith("stopped")]
    assert stopped[0] == "stopped (exit code 1: no such table), restarting in 0.05 s"
    assert stopped[1].endswith("in 0.1 s")
    assert stopped[2].endswith("in 0.1 s")


async def test_a_killed_process_does_not_leave_its_children(keep: type[Kept]) -> None:
    kept = keep("import subprocess, time; print(subprocess.Popen(['sleep', '60']).pid); time.sleep(60)")
    await kept.keeper.start()
    grandchild = int(await kept.line())
    os.kill(os.getpgid(grandchild), signal.SIGKILL)
    await kept.console.expect("stopped (killed by SIGKILL)")
    async with asyncio.timeout(5):
        while processes.is_running(grandchild, "sleep"):
            await asyncio.sleep(0.02)


async def test_a_launch_that_fails_is_tried_again(keep: type[Kept]) -> None:
    kept = keep("import time; time.sleep(0.1)")
    await kept.keeper.start()
    kept.script.failures = 2
    await kept.console.expect("cannot start: not now", times=2)
    await kept.console.expect("restarted")


async def test_a_stopped_process_stays_down(keep: type[Kept]) -> None:
    kept = keep("import time; time.sleep(60)")
    await kept.keeper.start()
    await kept.keeper.stop(asyncio.Event())
    await asyncio.sleep(0.2)
    assert kept.console.said == ["started", "stopped"]


async def test_a_second_signal_ends_the_patience(keep: type[Kept]) -> None:
    kept = keep("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1); time.sleep(60)")
    kept.script.steps = (Step(signal.SIGTERM, 60),)
    await kept.keeper.start()
    await kept.line()
    hurry = asyncio.Event()
    stopping = asyncio.create_task(kept.keeper.stop(hurry))
    await asyncio.sleep(0.1)
    assert not stopping.done()
    hurry.set()
    await asyncio.wait_for(stopping, 5)


async def test_a_line_without_end_does_not_stop_the_reader(keep: type[Kept]) -> None:
    kept = keep(f"print('x' * {3 * processes.LINE_LIMIT}); print('after'); import time; time.sleep(60)")
    await kept.keeper.start()
    async with asyncio.timeout(10):
        while not kept.lines or kept.lines[-1] != b"after\n":
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("code", "words", "text"),
    [
        (-9, "", "killed by SIGKILL"),
        (3, "", "exit code 3"),
        (0, "bye", "exit code 0"),
        (1, "boom", "exit code 1: boom"),
    ],
)
def test_an_end_is_described(code: int, words: str, text: str) -> None:
    assert describe(code, words) == text
