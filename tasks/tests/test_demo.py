"""The demo's pure parts: what it chooses in a repository, the worker files it writes, the table at the end."""

import subprocess
import tomllib
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from agents.worker.config import parse_config
from tasks.management.demo.checkout import Checkout, look_at, parts
from tasks.management.demo.crew import worker_config
from tasks.management.demo.script import AGENTS, write_script
from tasks.management.demo.summary import Row, table


@pytest.mark.parametrize("agent", AGENTS)
def test_worker_files_are_what_the_worker_reads(agent: str, tmp_path: Path) -> None:
    config = parse_config(tomllib.loads(worker_config(agent, tmp_path / "scratch")))
    assert config.name == agent
    assert config.commands
    assert all(command.parameters["paths"].default == (".",) for command in config.commands.values())


def test_every_task_has_an_agent_that_offers_its_commands(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path, "main", "0" * 40, [], [], ["package"], ["package"])
    offered = {
        capability: parse_config(tomllib.loads(worker_config(agent, tmp_path))).commands
        for agent, (_, capability) in AGENTS.items()
    }
    script = write_script(checkout)
    assert len({part.role for part in script}) == len(script)
    assert all(set(part.commands) <= set(offered[part.capability]) for part in script)
    assert all(len(part.criteria) == len(part.commands) for part in script)


def test_own_repository_gets_tests_that_need_no_database() -> None:
    files = ["agents/worker/loop.py", "agents/tests/test_worker_parts.py", "agents/tests/test_worker_attempt.py"]
    assert parts([*files, "tasks/tests/test_claims.py"]) == (
        ["agents/tests/test_worker_parts.py"],
        ["agents/tests/test_worker_attempt.py"],
        ["agents/worker"],
        ["agents", "projects", "accounts"],
    )


def test_other_repositories_get_their_own_tests_and_their_biggest_folder() -> None:
    files = ["README.md", "setup.py", "big/a.py", "big/b.py", "small/c.py", "tests/test_a.py", "big/b_test.py"]
    assert parts(files) == (["tests/test_a.py"], ["tests/test_a.py", "big/b_test.py"], ["big"], ["big"])
    assert parts(["README.md"]) == ([], [], [], [])


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="not a git checkout"):
        look_at(tmp_path)


def test_a_checkout_without_a_branch_is_refused(tmp_path: Path) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"], ["checkout", "-q", "--detach"]):
        subprocess.run(["git", *identity, *words], cwd=tmp_path, check=True)
    with pytest.raises(CommandError, match="no branch checked out"):
        look_at(tmp_path)


def test_table_keeps_its_columns_and_cuts_long_words() -> None:
    lines = table([Row("DEMO-1 " + "x" * 100, "tester", "2", "pytest 0", "closed", "a\nreason")])
    assert lines[0].split() == ["task", "agent", "attempts", "evidence", "outcome", "why"]
    assert "…" in lines[2]
    assert lines[2].endswith("a reason")
