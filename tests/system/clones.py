"""A fresh clone of this checkout, and the product that is started in it."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
READY = re.compile(r"Countermark is ready:  (\S+)/$", re.MULTILINE)
# What a person who has just cloned does not have: our settings, and the marks of a test run.
FOREIGN = re.compile(r"^(DATABASE_|DATA_DIR|REDIS_|PYTEST|DJANGO_|MEDIA_ROOT|BEAT_SCHEDULE|MAKE|MFLAGS)|_KEY$")


class Clone:
    """The files that git would give to somebody, in a folder of its own, owned by `uid`."""

    def __init__(self, uid: int | None = None) -> None:
        self.path = Path(mkdtemp(prefix="countermark-clone-"))
        self.uid = os.geteuid() if uid is None else uid
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0"):
            source, target = ROOT / name, self.path / name
            if name and source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        self.path.chmod(0o755)
        if uid is not None:
            for path in (self.path, *self.path.rglob("*")):
                os.chown(path, uid, uid)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not FOREIGN.search(name)}
        return kept | ({"HOME": str(self.path)} if self.uid != os.geteuid() else {})

    def command(self, *words: str) -> list[str]:
        if self.uid == os.geteuid():
            return list(words)
        return ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", *words]

    @contextmanager
    def running(self, *words: str, environment: Mapping[str, str] | None = None) -> Iterator["Running"]:
        """`make run` or another command that starts the product, until the block ends."""
        running = Running(self, words or ("make", "run"), environment or {})
        try:
            yield running
        finally:
            running.end()


class Running:
    """A product in the foreground of its clone."""

    def __init__(self, clone: Clone, words: Sequence[str], environment: Mapping[str, str]) -> None:
        self.clone = clone
        self.began = time.monotonic()
        self.seconds_to_ready = 0.0
        self._output = clone.path / "console.txt"
        with open(self._output, "wb") as output:
            self.process = subprocess.Popen(
                clone.command(*words),
                cwd=clone.path,
                env={**clone.environment(), **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def console(self) -> str:
        return self._output.read_text(errors="replace")

    def expect(self, pattern: str, seconds: float = 60) -> re.Match[str]:
        """Wait for words on the console."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = re.search(pattern, self.console(), re.MULTILINE)
            if found:
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"{pattern!r} is not on the console after {seconds} s:\n{self.console()}")

    def expect_now(self, pattern: str) -> None:
        """Find words on the console of a product that may have ended."""
        assert re.search(pattern, self.console(), re.MULTILINE), self.console()

    def url(self, seconds: float = 240) -> str:
        """Wait until the product is up."""
        found = self.expect(READY.pattern, seconds)[1]
        self.seconds_to_ready = self.seconds_to_ready or time.monotonic() - self.began
        return found

    def wait_until_healthy(self, seconds: float = 30) -> None:
        """Wait until the web process answers again."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with suppress(OSError):
                if self.get("/health")[0] == HTTPStatus.OK:
                    return
            time.sleep(0.1)
        raise AssertionError(f"not healthy after {seconds} s:\n{self.console()}")

    def get(self, path: str) -> tuple[int, str]:
        with urllib.request.urlopen(self.url() + path, timeout=10) as answer:
            return answer.status, answer.read().decode()

    def state(self) -> dict[str, Any]:
        """Return what the product tells others: its supervisor's process, and the environment to use its servers."""
        found: dict[str, Any] = json.loads((self.clone.path / ".data" / "state.json").read_text())
        return found

    def supervisor(self) -> int:
        """Return the process that everything hangs on."""
        return int(self.state()["pid"])

    def child(self, mark: str) -> int:
        """Return the supervisor's child whose command line contains `mark`."""
        return next(pid for pid in children()[self.supervisor()] if mark in command_line(pid))

    def interrupt(self, seconds: float = 40) -> int:
        """What Ctrl-C does, and the exit code that it leads to."""
        os.kill(self.supervisor(), signal.SIGINT)
        return self.process.wait(seconds)

    def tree(self) -> set[int]:
        """Return every process of the product, the supervisor included."""
        known, found = children(), {self.supervisor()}
        fresh = set(found)
        while fresh:
            fresh = {child for pid in fresh for child in known.get(pid, ())} - found
            found |= fresh
        return found

    def end(self) -> None:
        """Leave nothing behind, whatever the test did."""
        if self.process.poll() is None:
            with suppress(ProcessLookupError, OSError, ValueError):
                os.kill(self.supervisor(), signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def children() -> dict[int, list[int]]:
    """Return the children of each process of this machine."""
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = entry.read_text().rpartition(")")[2].split()[1]
            found.setdefault(int(parent), []).append(int(entry.parent.name))
    return found


def command_line(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def left_over(pids: set[int], seconds: float = 20) -> dict[int, str]:
    """Return which of `pids` still run after a while. A zombie has no command line and does not count."""
    deadline = time.monotonic() + seconds
    while any(command_line(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    return {pid: command_line(pid) for pid in pids if command_line(pid)}
