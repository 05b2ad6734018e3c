"""The worker as a process of its own: its token, its signals, its end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.tests.test_worker_attempt import child_of, is_alive
from agents.tests.worker_cases import TOKEN, make_document, make_repository, python
from agents.tests.worker_server import FakeServer, make_claim

ROOT = Path(__file__).resolve().parents[2]
SPY = """
import os, pathlib, sys, time
def read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b''
parents = [os.getpid(), os.getppid()]
seen = b''.join(read(pathlib.Path(f'/proc/{p}/{name}')) for p in parents for name in ('environ', 'cmdline'))
pathlib.Path(sys.argv[1]).write_bytes(seen)
print(sorted(os.environ))
"""
SLOW = "import os,time,pathlib; pathlib.Path({path!r}).write_text(str(os.getpid())); time.sleep(60)"


def to_toml(document: dict[str, Any]) -> str:
    """JSON's strings and lists are TOML's too."""
    lines = ["[worker]", *(f"{key} = {json.dumps(value)}" for key, value in document["worker"].items())]
    for name, command in document["commands"].items():
        lines += [f"[commands.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in command.items())]
    return "\n".join(lines)


class Process:
    """`python -m agents.worker` with a scrubbed environment, which shows that it needs no settings of ours."""

    def __init__(self, tmp_path: Path, server: FakeServer, document: dict[str, Any], *arguments: str) -> None:
        config = tmp_path / "worker.toml"
        config.write_text(to_toml(document))
        self._output = (tmp_path / "out.log").open("w+b")
        command = [sys.executable, "-m", "agents.worker", "--url", server.url, "--config", str(config), *arguments]
        environment = {"PATH": os.environ["PATH"], "COUNTERMARK_TOKEN": TOKEN}
        self.popen = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=self._output, stderr=subprocess.STDOUT)

    def wait(self) -> str:
        self.popen.wait(30)
        return self.output

    @property
    def output(self) -> str:
        self._output.seek(0)
        return self._output.read().decode()

    def close(self) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()
        self._output.close()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "origin")


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as running:
        yield running


def start(tmp_path: Path, server: FakeServer, document: dict[str, Any], *arguments: str) -> Process:
    process = Process(tmp_path, server, document, *arguments)
    return process


def slow_task(tmp_path: Path, repository: Path, server: FakeServer) -> tuple[Path, dict[str, Any]]:
    mark = tmp_path / "pid"
    server.claims.append(make_claim(str(repository), {"command": "slow"}))
    return mark, make_document(tmp_path / "s", slow={"argv": python(SLOW.format(path=str(mark)))})


def test_token_never_reaches_a_command_or_a_log(tmp_path: Path, repository: Path, server: FakeServer) -> None:
    seen = tmp_path / "seen"
    document = make_document(tmp_path / "s", spy={"argv": [*python(SPY), str(seen)]})
    server.claims.append(make_claim(str(repository), {"command": "spy"}))
    process = start(tmp_path, server, document, "--once", "--json")
    output = process.wait()
    process.close()
    assert process.popen.returncode == 0, output
    secret = TOKEN.encode()
    assert seen.read_bytes()
    assert secret not in seen.read_bytes()
    assert TOKEN not in output
    assert all(secret not in log for log in server.logs.values())
    assert all(TOKEN not in json.dumps(one.body) and TOKEN not in one.path for one in server.seen)
    assert all(one.headers["authorization"] == f"Bearer {TOKEN}" for one in server.seen)
    assert "COUNTERMARK" not in server.called("evidence")[0]["content"]
    assert all(json.loads(line)["worker"] == "tester" for line in output.splitlines())


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() == 0, reason="root may read every process's memory")
def test_worker_hides_its_start_environment_from_its_account(
    tmp_path: Path, repository: Path, server: FakeServer
) -> None:
    process = start(tmp_path, server, make_document(tmp_path / "s"))
    server.wait_for(lambda: server.seen)
    with pytest.raises(PermissionError):
        Path(f"/proc/{process.popen.pid}/environ").read_bytes()
    process.close()


def test_worker_gives_the_task_back_on_sigterm(tmp_path: Path, repository: Path, server: FakeServer) -> None:
    mark, document = slow_task(tmp_path, repository, server)
    process = start(tmp_path, server, document)
    pid = child_of(mark)
    process.popen.send_signal(signal.SIGTERM)
    output = process.wait()
    process.close()
    assert process.popen.returncode == 0, output
    assert len(server.called("release")) == 1
    assert not is_alive(pid)
    assert "task given back" in output
    assert not list((tmp_path / "s").iterdir())


def test_idle_worker_ends_at_once_on_sigterm(tmp_path: Path, server: FakeServer) -> None:
    process = start(tmp_path, server, make_document(tmp_path / "s"))
    server.wait_for(lambda: server.seen)
    process.popen.send_signal(signal.SIGTERM)
    began = time.monotonic()
    process.wait()
    process.close()
    assert process.popen.returncode == 0
    assert time.monotonic() - began < 5


def test_command_dies_with_a_worker_that_is_killed(tmp_path: Path, repository: Path, server: FakeServer) -> None:
    mark, document = slow_task(tmp_path, repository, server)
    process = start(tmp_path, server, document)
    pid = child_of(mark)
    process.popen.kill()
    process.wait()
    process.close()
    server.wait_for(lambda: not is_alive(pid))
    assert list((tmp_path / "s").iterdir()), "a killed worker cannot tidy up"
    follower = start(tmp_path, server, document, "--once")
    follower.wait()
    follower.close()
    assert not list((tmp_path / "s").iterdir()), "the next worker tidies up"


def test_suspended_worker_offers_its_result_too_late(tmp_path: Path, repository: Path, server: FakeServer) -> None:
    mark = tmp_path / "pid"
    leave = tmp_path / "leave"
    code = (
        f"import os,time,pathlib; pathlib.Path({str(mark)!r}).write_text(str(os.getpid()))\n"
        f"while not pathlib.Path({str(leave)!r}).exists(): time.sleep(0.05)"
    )
    claim = make_claim(str(repository), {"command": "check"})
    server.claims.append(claim)
    process = start(tmp_path, server, make_document(tmp_path / "s", check={"argv": python(code)}), "--once")
    pid = child_of(mark)
    process.popen.send_signal(signal.SIGSTOP)
    leave.touch()  # only now, so that the worker cannot have seen its command end
    server.wait_for(lambda: not is_alive(pid))
    server.lost.add(claim["execution"]["id"])
    process.popen.send_signal(signal.SIGCONT)
    output = process.wait()
    process.close()
    assert "offered late and answered with 409" in output
    assert len(server.called("complete")) == 1
    assert not server.called("evidence")


def test_worker_survives_a_server_that_is_away(tmp_path: Path, repository: Path, server: FakeServer) -> None:
    server.refused_starts = 3
    server.claims.append(make_claim(str(repository), {"command": "check"}))
    process = start(tmp_path, server, make_document(tmp_path / "s", check={"argv": python("print(1)")}), "--once")
    output = process.wait()
    process.close()
    assert "the server is away" in output
    assert len(server.called("complete")) == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--url", "ftp://x"], 2), (["--token-file", "/no/such/file"], 2), (["--config", "/no/such/file"], 2)],
)
def test_worker_does_not_start_with_bad_arguments(
    tmp_path: Path, server: FakeServer, arguments: list[str], code: int
) -> None:
    process = start(tmp_path, server, make_document(tmp_path / "s"), *arguments)
    output = process.wait()
    process.close()
    assert process.popen.returncode == code
    assert output.startswith("countermark worker: ")
