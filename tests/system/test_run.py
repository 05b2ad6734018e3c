"""`make run` on a fresh clone: up, used, hurt, down, and up again."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator

import pytest

from common.embedded.processes import free_port
from tests.system.clones import Clone, Running, left_over

pytestmark = pytest.mark.system

COLD_SECONDS, WARM_SECONDS = 30, 8
# Room for a busy or slow machine: the figures above are the aim on a quiet one, and are printed.
PATIENCE = 4
NOBODY = 65534
PROCESSES = ("postgres", "valkey", "web", "worker", "beat", "relay")


@pytest.fixture(scope="module")
def clone() -> Iterator[Clone]:
    made = Clone()
    yield made
    made.remove()


@pytest.fixture
def port() -> str:
    return str(free_port(18000))


def started(running: Running, aim: float) -> None:
    running.url(aim * PATIENCE)
    print(f"{running.clone.path}: first page after about {running.seconds_to_ready:.1f} s (aim {aim} s)")


def check_pages(running: Running) -> None:
    status, health = running.get("/health")
    assert (status, '"healthy"' in health) == (200, True)
    status, page = running.get("/")
    assert status == 200
    assert 'type="password"' in page


def test_a_fresh_clone_comes_up_heals_and_leaves_nothing_when_killed(clone: Clone, port: str) -> None:
    with clone.running("make", "run", environment={"PORT": port}) as running:
        started(running, COLD_SECONDS)
        assert running.url() == f"http://127.0.0.1:{port}"
        check_pages(running)
        for name in PROCESSES:
            running.expect(rf"{name} +started", 20)
        running.expect(r"database +migration applied: \w+\.\w+")
        running.expect(r"password +\S+ +\(shown only this once\)")

        for name, mark in (("worker", "config worker"), ("web", "config.asgi"), ("valkey", "valkey-server")):
            os.kill(running.child(mark), signal.SIGKILL)
            running.expect(rf"{name} +stopped \(killed by SIGKILL\), restarting")
            running.expect(rf"{name} +restarted")
        running.wait_until_healthy()
        check_pages(running)

        tree = running.tree()
        assert len(tree) > len(PROCESSES)
        os.kill(running.supervisor(), signal.SIGKILL)
        assert left_over(tree) == {}


def test_the_second_start_finds_its_data_and_ctrl_c_ends_it(clone: Clone, port: str) -> None:
    with clone.running("make", "run", environment={"PORT": port}) as running:
        started(running, WARM_SECONDS)
        console = running.console()
        assert "migration applied" not in console
        assert "shown only this once" not in console
        check_pages(running)

        again = subprocess.run(
            clone.command("make", "run"),
            cwd=clone.path,
            env=clone.environment(),
            check=False,
            capture_output=True,
            text=True,
        )
        assert again.returncode != 0
        assert f"already running at {running.url()}" in again.stderr

        tree = running.tree()
        assert running.interrupt() == 0
        for name in PROCESSES:
            running.expect_now(rf"{name} +stopped$")
        assert left_over(tree, seconds=0) == {}


def test_a_taken_port_is_worked_around_and_said(clone: Clone, port: str) -> None:
    with (
        socket.create_server(("127.0.0.1", int(port))),
        clone.running("make", "run", environment={"PORT": port}) as running,
    ):
        running.expect(rf"web +port {port} is taken, using \d+")
        assert not running.url().endswith(f":{port}")
        check_pages(running)
        assert running.interrupt() == 0


def test_it_says_what_is_missing_for_servers_of_your_own(clone: Clone) -> None:
    with clone.running("make", "run", environment={"DATABASE_URL": "postgresql://cm_app@127.0.0.1/x"}) as running:
        assert running.process.wait(60) != 0
        assert "DATABASE_URL is set, but DATABASE_OWNER_URL is not" in running.console()


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root can become somebody else")
def test_a_normal_user_needs_nothing_more(port: str) -> None:
    clone = Clone(uid=NOBODY)
    try:
        with clone.running("make", "run", environment={"PORT": port}) as running:
            started(running, COLD_SECONDS)
            running.expect(r"postgres +started \(.*run as you\)")
            check_pages(running)
            tree = running.tree()
            assert running.interrupt() == 0
            assert left_over(tree, seconds=0) == {}
    finally:
        clone.remove()
