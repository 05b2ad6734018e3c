"""Commands that run with servers of the data folder. The whole product is in tests/system/test_run.py."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.embedded import processes
from common.embedded.product import ROOT
from common.embedded.servers import DATABASE, KEYS, REDIS

Process = subprocess.Popen[str]
SHOW = "import os; print(os.environ['DATABASE_URL'], flush=True)"
ASK = f"{SHOW}; import psycopg; psycopg.connect(os.environ['DATABASE_OWNER_URL']).execute('select 1'); print('works')"


class Supervisors:
    """Starts supervisors on one data folder, without the suite's own servers in their environment."""

    def __init__(self, data: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in (*DATABASE, *REDIS, *KEYS)}
        self.environment = {**kept, "DATA_DIR": str(data)}
        self.started: list[Process] = []

    def __call__(self, *words: str) -> Process:
        process = subprocess.Popen(
            [sys.executable, "-m", "common.embedded.supervisor", *words],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisors]:
    made = Supervisors(tmp_path)
    yield made
    for process in made.started:
        process.kill()
        process.communicate()


def read_line(process: Process) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def running(command: int, server: int) -> bool:
    return processes.is_running(command, "python") or processes.is_running(server, "postgres")


@pytest.mark.parametrize("name", ["env", "test"])
def test_a_command_gets_servers_and_its_exit_code_is_kept(supervisor: Supervisors, name: str) -> None:
    process = supervisor(name, "python", "-c", f"{ASK}; raise SystemExit(7)")
    output, errors = process.communicate(timeout=60)
    assert (output.splitlines()[1:], errors, process.returncode) == (["works"], "", 7)


def test_the_product_s_programs_come_first(supervisor: Supervisors) -> None:
    output, _ = supervisor("env", "python", "-c", "import sys; print(sys.executable)").communicate(timeout=60)
    assert Path(output.strip()).parent == Path(sys.executable).parent


def test_a_second_command_borrows_and_the_first_one_waits_for_it(supervisor: Supervisors) -> None:
    holder = supervisor("env", "python", "-c", f"{SHOW}; input()")
    url = read_line(holder)
    borrower = supervisor("env", "python", "-c", f"{SHOW}; input(); {ASK}")
    assert read_line(borrower) == url
    holder.stdin.write("\n")  # type: ignore[union-attr]  # a pipe, see above
    holder.stdin.flush()  # type: ignore[union-attr]
    time.sleep(0.5)
    assert holder.poll() is None
    output, _ = borrower.communicate("\n", timeout=60)
    assert output.split()[-1] == "works"
    assert holder.wait(60) == 0


def test_test_runs_at_the_same_time_do_not_share(supervisor: Supervisors) -> None:
    first = supervisor("test", "python", "-c", f"{SHOW}; input()")
    second = supervisor("test", "python", "-c", SHOW)
    assert read_line(first) != read_line(second)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_a_supervisor_that_is_ended(supervisor: Supervisors, tmp_path: Path, number: int) -> None:
    process = supervisor("env", "python", "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)")
    command = int(read_line(process))
    server = int((tmp_path / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    process.send_signal(number)
    process.wait(30)
    deadline = time.monotonic() + 15
    while running(command, server) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not running(command, server)


def test_an_unknown_word_shows_the_known_ones(supervisor: Supervisors) -> None:
    process = supervisor("dance")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "supervisor run" in errors
