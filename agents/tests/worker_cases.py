"""What the worker's tests share: a repository, a configuration, a worker in a thread."""

import io
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from agents.tests.worker_server import FakeServer
from agents.worker.client import Client
from agents.worker.config import parse_config
from agents.worker.loop import Worker
from agents.worker.report import Report

TOKEN = "cmk_a_very_secret_token"

# Stands for a formatter: says as a diff what it would do, and does it.
FORMATTER = """
import pathlib, sys
for path in sorted(pathlib.Path('.').glob('*.txt')):
    old = path.read_text()
    new = old.upper()
    if old != new and sys.argv[1] == 'preview':
        print(f'--- {path}\\n+++ {path}\\n@@ -1 +1 @@\\n-{old}+{new}', end='')
    if sys.argv[1] == 'act':
        path.write_text(new)
"""


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def make_repository(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "a.txt").write_text("small\n")
    (folder / "B.txt").write_text("LARGE\n")
    (folder / "package").mkdir()
    (folder / "package" / "inside.txt").write_text("inside\n")
    (folder / "out").symlink_to("/")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "start")
    return folder


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def make_document(scratch: Path, **commands: dict[str, Any]) -> dict[str, Any]:
    """A configuration's document; every command gets the same harmless version command."""
    version = {"version": python("print('tool 1.2.3')"), "tool": "tool"}
    return {
        "worker": {"name": "tester", "lease_seconds": 5, "scratch": str(scratch)},
        "commands": {name: {**version, **command} for name, command in commands.items()},
    }


def format_command() -> dict[str, Any]:
    return {
        "argv": [*python(FORMATTER), "act"],
        "preview": [*python(FORMATTER), "preview"],
        "approval": True,
        "commit_message": "Apply format",
    }


class Running:
    """A worker in a thread of this process, against a fake server, and what it logged."""

    def __init__(self, server: FakeServer, document: dict[str, Any]) -> None:
        self._stream = io.StringIO()
        config = parse_config(document)
        client = Client(server.url, TOKEN, timeout=3)
        self.worker = Worker(client, config, Report(config.name, as_json=True, stream=self._stream))
        self._thread = threading.Thread(target=self.worker.run, kwargs={"once": True}, daemon=True)

    def start(self) -> "Running":
        self._thread.start()
        return self

    def join(self, seconds: float = 30.0) -> list[dict[str, Any]]:
        """Its log, after it has ended."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), self.log
        return self.log

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._stream.getvalue().splitlines()]


def run_once(server: FakeServer, document: dict[str, Any]) -> list[dict[str, Any]]:
    """Claim once; the worker's log after that."""
    return Running(server, document).start().join()


def outcome(log: list[dict[str, Any]]) -> str:
    return next(str(line["outcome"]) for line in log if line["event"] == "outcome")
