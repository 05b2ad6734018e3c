"""What docker-compose.yml does, without Docker: its commands, in its order, on Debian's PostgreSQL 15 and Redis 7."""

import asyncio
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from common.embedded.folder import DataFolder
from common.embedded.postgres import Postgres
from tests import compose
from tests.servers import ROOT, free_port

POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
REDIS_SERVER = shutil.which("redis-server")

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not POSTGRES_15.is_dir(), reason="apt-get install postgresql-15"),
    pytest.mark.skipif(not REDIS_SERVER, reason="apt-get install redis-server"),
]

SECONDS = 120


class Installation:
    """The services of the file as processes of this machine. Names of hosts become ports."""

    def __init__(self, folder: Path, postgres: Postgres) -> None:
        self.folder = folder
        self.ports = {"db": postgres.port, "cache": free_port(), "broker": free_port(), "web": free_port()}
        # Debian has no pgvector for its 15: the only difference to the commands of the file.
        self.given = compose.development() | {"SETUP_OPTIONS": "--without extensions"}
        self.document = compose.read(self.given)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def environment(self, name: str) -> dict[str, str]:
        values = {key: self.local(str(value)) for key, value in self.document["services"][name]["environment"].items()}
        folders = ("MEDIA_ROOT", "BEAT_SCHEDULE", "STATIC_ROOT", "PROMETHEUS_MULTIPROC_DIR")
        paths = {key: str(self.folder / key.lower()) for key in folders}
        machine = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(self.folder)}
        return machine | values | paths

    def local(self, value: str) -> str:
        for host in ("db", "cache", "broker"):
            for port in ("5432", "6379"):
                value = value.replace(f"@{host}:{port}", f"@127.0.0.1:{self.ports[host]}")
        return value

    def command(self, name: str) -> list[str]:
        service = self.document["services"][name]
        command = service.get("command") or self.of_image()
        found = shlex.split(command) if isinstance(command, str) else list(command)
        if name in ("cache", "broker"):
            own = self.folder / name
            own.mkdir(exist_ok=True)
            return [str(REDIS_SERVER), *found[1:], "--port", str(self.ports[name]), "--dir", str(own)]
        return [str(self.ports["web"]) if word == "8000" else word for word in found]

    def of_image(self) -> list[str]:
        """Return the CMD of the Dockerfile."""
        text = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
        command: list[str] = json.loads(text.rsplit("CMD ", 1)[1])
        return command

    def start(self, name: str) -> None:
        environment = None if name in ("cache", "broker") else self.environment(name)
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                self.command(name), cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
            )

    def run(self, name: str, *more: str) -> str:
        done = subprocess.run(
            [*self.command(name), *more], cwd=ROOT, env=self.environment(name), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def is_healthy(self, name: str) -> bool:
        """Ask what the service's own health check asks."""
        if name in ("cache", "broker"):
            url = f"redis://:{self.given['REDIS_PASSWORD']}@127.0.0.1:{self.ports[name]}/0"
            try:
                return bool(redis.Redis.from_url(url).ping())
            except redis.RedisError:
                return False
        test = self.document["services"][name]["healthcheck"]["test"][1:]
        local = [word.replace(":8000", f":{self.ports['web']}") for word in test]
        asked = subprocess.run(local, env=self.environment(name), capture_output=True, check=False)
        return asked.returncode == 0

    def wait_until_healthy(self, name: str) -> None:
        deadline = time.monotonic() + SECONDS
        while not self.is_healthy(name):
            assert self.processes[name].poll() is None, (self.folder / f"{name}.log").read_text()[-2000:]
            assert time.monotonic() < deadline, f"{name} is not healthy"
            time.sleep(0.3)

    def health(self) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['web']}/health/z", timeout=10) as answer:
                found = json.loads(answer.read())
        except urllib.error.HTTPError as answer:
            found = json.loads(answer.read())
        return dict(found)

    def stop(self) -> dict[str, int]:
        """Stop as `docker compose down` does; return the exit codes."""
        for process in self.processes.values():
            process.terminate()
        return {name: process.wait(40) for name, process in reversed(self.processes.items())}


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    monkeypatch.setenv("POSTGRES_BIN_DIR", str(POSTGRES_15))
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    loop = asyncio.new_event_loop()
    DataFolder(tmp_path)  # makes its folder of logs
    passwords = {"postgres": compose.development()["POSTGRES_PASSWORD"], "cm_app": "unused"}
    postgres = Postgres(base=tmp_path, port=free_port(), passwords=passwords, durable=False)
    process = loop.run_until_complete(postgres.launch())
    made = Installation(tmp_path, postgres)
    try:
        loop.run_until_complete(postgres.ready(process))
        yield made
    finally:
        made.stop()
        process.send_signal(signal.SIGINT)
        loop.run_until_complete(process.wait())
        loop.close()


def test_the_commands_of_the_file_make_a_working_installation(installation: Installation) -> None:
    services = installation.document["services"]
    with psycopg.connect(installation.environment("migrate")["DATABASE_OWNER_URL"]) as connection:
        assert connection.info.server_version // 10000 == 15
    told = ""
    for name in compose.in_order(services):
        if "profiles" in services[name] or name == "db":
            continue
        if services[name].get("restart") == "no":
            told = installation.run(name)
            continue
        installation.start(name)
        if "healthcheck" in services[name]:
            installation.wait_until_healthy(name)
    assert '"created": true' in told
    assert "wrong" not in told

    deadline = time.monotonic() + SECONDS
    while (found := installation.health())["status"] != "healthy" and time.monotonic() < deadline:
        time.sleep(0.5)
    assert found["status"] == "healthy", found
    assert found["services_healthy"] == "4/4"

    # Web tells what the workers count, too.
    with urllib.request.urlopen(f"http://127.0.0.1:{installation.ports['web']}/metrics", timeout=10) as answer:
        assert b"countermark_job_seconds_count" in answer.read()

    # Everything that must hold does, workers included; a second set-up changes nothing.
    assert '"created": false' in installation.run("migrate", "--with-workers")

    codes = installation.stop()
    # uvicorn ends by the signal it was sent, after it has served what was open.
    assert codes.pop("web") in (0, -signal.SIGTERM)
    assert set(codes.values()) <= {0, -signal.SIGTERM}
