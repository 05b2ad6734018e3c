"""The agents as operating-system processes: started, listened to, and harmed on purpose."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.worker.runner import GUARD
from tasks.management.demo.script import AGENTS, LEASE_SECONDS, OFFERED, TOOLS

ROOT = Path(__file__).resolve().parents[3]
# Less than the supervisor's patience with the demo itself.
GOODBYE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a worker's log."""

    worker: str
    agent: str
    event: str
    task: str
    message: str
    facts: Mapping[str, Any]


class WorkerProcess:
    """One `python -m agents.worker`. A guard stands in front of it, so that it does not outlive the demo."""

    def __init__(self, name: str, agent: str, command: list[str], token: str, hear: Callable[[Line], None]) -> None:
        self.name = name
        self.agent = agent
        self.pid = 0
        self._hear = hear
        # What the worker needs, and the token; nothing of the product's own settings.
        environment = {"PATH": os.environ.get("PATH", os.defpath), "COUNTERMARK_TOKEN": token}
        self._guard = subprocess.Popen(  # noqa: S603  # our own words
            [sys.executable, "-I", "-S", str(GUARD), *command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._guard.stdout is not None  # noqa: S101 - opened as a pipe above
        for text in self._guard.stdout:
            line = self._parse(text)
            self.pid = line.facts.get("pid") or self.pid
            self._hear(line)

    def _parse(self, text: str) -> Line:
        """Every line of a worker is JSON, except what Python itself says when something is badly wrong."""
        try:
            facts = json.loads(text)
        except ValueError:
            facts = {"event": "trouble", "message": text}
        return Line(self.name, self.agent, facts["event"], facts.get("task") or "", facts["message"].strip(), facts)

    @property
    def is_running(self) -> bool:
        return self._guard.poll() is None

    def send(self, number: signal.Signals) -> None:
        if self.pid and self.is_running:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def ask_to_end(self) -> None:
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)

    def end(self, until: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._guard.wait(max(until - time.monotonic(), 0.1))
        if self.is_running:
            os.killpg(self._guard.pid, signal.SIGKILL)
        self._guard.wait()
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._reader.join(1)


class Crew:
    """All the workers of a run; `lines` is what they say."""

    def __init__(self, folder: Path, url: str, project_id: str, tokens: Mapping[str, str]) -> None:
        self._folder = folder
        self._url = url
        self._project_id = project_id
        self._tokens = tokens
        self._processes: list[WorkerProcess] = []
        self._lines: queue.Queue[Line] = queue.Queue()
        self.eavesdrop: Callable[[Line], None] = lambda line: None

    def start(self, agent: str) -> WorkerProcess:
        """Start a process for this agent; a second one of the same agent gets a number."""
        number = sum(process.agent == agent for process in self._processes) + 1
        name = agent if number == 1 else f"{agent} ({number})"
        process = WorkerProcess(name, agent, self._command(agent), self._tokens[agent], self._hear)
        self._processes.append(process)
        return process

    def _hear(self, line: Line) -> None:
        """Called in the reading thread: `eavesdrop` is for what cannot wait until somebody listens."""
        self.eavesdrop(line)
        self._lines.put(line)

    def _command(self, agent: str) -> list[str]:
        config = self._folder / f"{agent}.toml"
        config.write_text(worker_config(agent, self._folder / "scratch"), encoding="utf-8")
        command = [sys.executable, "-m", "agents.worker", "--url", self._url, "--config", str(config)]
        return [*command, "--projects", self._project_id, "--json"]

    def process(self, name: str) -> WorkerProcess:
        return next(process for process in self._processes if process.name == name)

    def listen(self, seconds: float) -> Iterator[Line]:
        """What was said within this time; waits for the first line only."""
        with suppress(queue.Empty):
            yield self._lines.get(timeout=seconds)
            while True:
                yield self._lines.get_nowait()

    @property
    def living(self) -> list[WorkerProcess]:
        return [process for process in self._processes if process.is_running]

    def end(self) -> None:
        """Ask everybody to finish politely, then make sure."""
        for process in self._processes:
            process.ask_to_end()
        until = time.monotonic() + GOODBYE_SECONDS
        for process in self._processes:
            process.end(until)


def worker_config(agent: str, scratch: Path) -> str:
    """Return the TOML file of an agent's worker: its own commands and no others."""
    tools = {name: TOOLS[name] for name in OFFERED[AGENTS[agent][1]]}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    worker = {
        "name": agent,
        "lease_seconds": LEASE_SECONDS,
        "scratch": str(scratch),
        "author_name": f"Countermark {agent}",
        "environment": {"PATH": path},
    }
    return to_toml({"worker": worker, "commands": tools})


def to_toml(table: Mapping[str, Any], path: str = "") -> str:
    """Write a nested dictionary of strings, integers, booleans and lists of strings as TOML."""
    # JSON's strings, integers, booleans and lists are TOML's too.
    lines = [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in table.items() if not isinstance(value, dict)]
    head = [f"[{path}]"] if path else []
    inner = [
        to_toml(value, f"{path}.{json.dumps(key)}" if path else json.dumps(key))
        for key, value in table.items()
        if isinstance(value, dict)
    ]
    return "\n".join([*head, *lines, *inner])
