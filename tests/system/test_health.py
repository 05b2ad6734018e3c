"""Health, with servers of its own that stop in turn: the pages of a real web process say which one, in time."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.embedded.folder import DataFolder
from common.embedded.product import product
from common.embedded.servers import Servers
from tests.servers import ROOT, free_port

pytestmark = pytest.mark.system

SET_UP = (("setup_database",), ("migrate", "--database", "owner", "--verbosity", "0"))
SLOWEST_ANSWER = 3.5
"""seconds: two for what hangs, and room for a busy machine"""


class Product:
    """Servers, web, worker, beat and relay of a folder of their own."""

    def __init__(self, folder: Path) -> None:
        given = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE", "REDIS"))}
        self.loop = asyncio.new_event_loop()
        self.servers = Servers(DataFolder(folder), given, durable=False)
        self.loop.run_until_complete(self.servers.start())
        pids = {service.name: process.pid for service, process in self.servers.running}
        self.postgres, self.valkey = pids["postgres"], pids["valkey"]
        self.environment = given | self.servers.environment | {"LOG_LEVEL": "ERROR", "LOG_FORMAT": "console"}
        for words in SET_UP:
            subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, env=self.environment, check=True)
        self.port = free_port()
        self.processes = {
            one.name: subprocess.Popen(one.command, cwd=ROOT, env=dict(one.environment), stdout=subprocess.DEVNULL)
            for one in product(self.environment, host="127.0.0.1", port=self.port)
        }

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        """Return status and document; every answer comes in time, whatever is away."""
        began = time.monotonic()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                found = answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as answer:
            found = answer.code, json.loads(answer.read())
        assert time.monotonic() - began < SLOWEST_ANSWER
        return found

    def becomes(self, path: str, status: int, word: str, seconds: float = 60) -> dict[str, Any]:
        """Wait until a page answers so; return the document."""
        deadline, found = time.monotonic() + seconds, (0, dict[str, Any]())
        while time.monotonic() < deadline:
            try:
                found = self.get(path)
            except OSError:
                found = (0, {})
            if (found[0], found[1].get("status")) == (status, word):
                return found[1]
            time.sleep(0.3)
        raise AssertionError(f"{path} answers {found}")

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(30)
        self.loop.run_until_complete(self.servers.stop())
        self.loop.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("health")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    product = Product(folder)
    try:
        yield product
    finally:
        product.stop()


@pytest.fixture
def well(running: Product) -> Product:
    """All of it runs and says so."""
    document = running.becomes("/health/z", 200, "healthy")
    assert document["services_healthy"] == "4/4"
    running.becomes("/health/ready", 200, "ready")
    return running


def test_a_frozen_database_is_told_in_time_and_heals(well: Product) -> None:
    # Stopped in the middle of everything: it takes connections and never answers.
    os.kill(well.postgres, signal.SIGSTOP)
    for child in Path(f"/proc/{well.postgres}/task/{well.postgres}/children").read_text().split():
        os.kill(int(child), signal.SIGSTOP)
    try:
        document = well.becomes("/health/z", 503, "unhealthy", 10)
        assert [document["checks"][name] for name in ("database", "redis", "celery")] == ["fail", "pass", "pass"]
        assert well.get("/health/detailed")[0] == 503
        assert well.get("/health/ready")[0] == 503
        assert well.get("/health")[0] == 200
    finally:
        for child in Path(f"/proc/{well.postgres}/task/{well.postgres}/children").read_text().split():
            os.kill(int(child), signal.SIGCONT)
        os.kill(well.postgres, signal.SIGCONT)
    well.becomes("/health/z", 200, "healthy")


def test_without_redis_the_page_still_answers_and_heals(well: Product) -> None:
    os.kill(well.valkey, signal.SIGSTOP)
    try:
        document = well.becomes("/health/z", 503, "unhealthy", 10)
        assert [document["checks"][name] for name in ("database", "redis", "celery")] == ["pass", "fail", "fail"]
        parts = well.get("/health/detailed")[1]["components"]
        assert {name for name, part in parts.items() if part["status"] == "unhealthy"} == {
            "redis",
            "celery",
            "channels",
        }
        assert well.get("/health/ready")[0] == 200
    finally:
        os.kill(well.valkey, signal.SIGCONT)
    well.becomes("/health/z", 200, "healthy")


def test_a_worker_that_ended_is_missed_and_a_silent_relay_degrades(well: Product) -> None:
    os.kill(well.processes["relay"].pid, signal.SIGSTOP)
    # Something happens, and nobody places it.
    create = [sys.executable, "manage.py", "create_admin", "--if-missing"]
    subprocess.run(create, cwd=ROOT, env=well.environment, check=True, stdout=subprocess.DEVNULL)
    well.processes["worker"].terminate()
    try:
        document = well.becomes("/health/z", 503, "unhealthy", 60)
        assert document["checks"]["celery"] == "fail"
        deadline = time.monotonic() + 60
        while document["checks"]["audit_system"] == "pass" and time.monotonic() < deadline:
            time.sleep(1)
            document = well.get("/health/z")[1]
        assert document["checks"]["audit_system"] == "fail"
    finally:
        os.kill(well.processes["relay"].pid, signal.SIGCONT)


def test_a_dead_database_server_is_told(running: Product) -> None:
    os.kill(running.postgres, signal.SIGKILL)
    running.becomes("/health/ready", 503, "not_ready", 20)
    assert running.becomes("/health/z", 503, "unhealthy", 20)["checks"]["database"] == "fail"
    text = json.dumps(running.get("/health/detailed"))
    assert "127.0.0.1" not in text
    assert "cm_app" not in text
