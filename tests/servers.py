"""The product's own processes, for tests that talk to it through sockets."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60


@dataclass(slots=True)
class Server:
    """A running web process. `restart` ends it (by default without notice) and starts it on the same port."""

    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        self.kill()
        self.process = start_web(self.port)
        wait_until_up(self)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_web(
    port: int, application: str = "config.asgi:application", extra: Mapping[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "uvicorn", application, "--host", "127.0.0.1", "--port", str(port)]
    command += ["--ws", "websockets-sansio", "--lifespan", "off", "--log-level", "warning"]
    environment = os.environ | {
        "DB_POOL": "1",
        "DB_POOL_SIZE": "10",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "DJANGO_SETTINGS_MODULE": "config.settings_test",
        "LOG_LEVEL": "WARNING",
        **(extra or {}),
    }
    # As the supervisor does: the processes that serve never hold the owner's login.
    environment.pop("DATABASE_OWNER_URL", None)
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def wait_until_up(server: Server) -> None:
    """Wait for /health; raises where the process ended or did not answer in a minute."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise RuntimeError(f"the web process ended with {server.process.returncode}")
        try:
            with urllib.request.urlopen(f"{server.url}/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"/health answered {error.code}") from error
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the web process did not answer in time")


@contextmanager
def running_server(
    application: str = "config.asgi:application", extra: Mapping[str, str] | None = None
) -> Iterator[Server]:
    port = free_port()
    server = Server(port, start_web(port, application, extra))
    try:
        wait_until_up(server)
        yield server
    finally:
        server.kill()


@contextmanager
def running_relay() -> Iterator["subprocess.Popen[bytes]"]:
    environment = os.environ | {"LOG_LEVEL": "WARNING"}
    process = subprocess.Popen([sys.executable, "manage.py", "relay"], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=10)
