"""Every process of the product writes the same kind of line, and nothing else."""

import json
import os
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from common.embedded.product import AppProcess, product
from tests.servers import ROOT, free_port

pytestmark = pytest.mark.system
SECONDS = 20
# What shows that a process is at work.
SIGNS = {"web": "request", "worker": "job", "relay": "relay started", "beat": "Scheduler: Sending due task"}


@pytest.mark.parametrize("name", list(SIGNS))
def test_each_line_of_a_process_is_an_object_that_names_it(name: str, django_db_setup: None, tmp_path: Path) -> None:
    port = free_port()
    own = {"LOG_FORMAT": "json", "LOG_LEVEL": "INFO", "LOG_KEY": "11" * 32, "BEAT_SCHEDULE": str(tmp_path / "beat")}
    processes = {process.name: process for process in product(os.environ | own, host="127.0.0.1", port=port)}
    with open(tmp_path / "lines", "w") as output:
        running = [start(processes[part], output.fileno()) for part in {name, "beat" if name == "worker" else name}]
        try:
            text = wait_for(f'"event": "{SIGNS[name]}', tmp_path / "lines", port if name == "web" else 0)
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(timeout=20)
    lines = [json.loads(line) for line in text.splitlines()]
    own_lines = [line for line in lines if line["service"] == name]
    assert any(line["event"].startswith(SIGNS[name]) for line in own_lines)
    assert all({"timestamp", "level", "logger", "event", "environment", "version"} <= set(line) for line in lines)


def start(process: AppProcess, output: int) -> "subprocess.Popen[bytes]":
    environment = {**process.environment, "SERVICE_NAME": process.name}
    return subprocess.Popen(process.command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)


def wait_for(sign: str, path: Path, port: int) -> str:
    """Return what was written, up to the last whole line, once the sign of work is in it."""
    deadline = time.monotonic() + SECONDS
    while sign not in path.read_text() and time.monotonic() < deadline:
        time.sleep(0.2)
        if port:
            ask(port)
    text = path.read_text()
    return text[: text.rfind("\n") + 1]


def ask(port: int) -> None:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in/", timeout=2).close()
    except OSError:
        return
