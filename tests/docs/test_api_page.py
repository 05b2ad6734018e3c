"""docs/API.md: every command and every program on the page does what the page says."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from tasks.models import Task
from tasks.services import CriterionInput
from tests.servers import ROOT, Server
from tests.work import make_task
from tests.world import World

PAGE = (ROOT / "docs" / "API.md").read_text()
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.strip().split("\n")]
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE, re.S)


def run(words: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(words, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, f"{words[-1]}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture
def environment(committed_world: World, server: Server) -> dict[str, str]:
    return {
        "URL": server.url,
        "TOKEN": committed_world.tokens["engineer"],
        "AGENT_TOKEN": committed_world.token,
        "PROJECT": str(committed_world.project.id),
    }


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_every_command_works(environment: dict[str, str]) -> None:
    said = [json.loads(run(["bash", "-c", command], environment)) for command in COMMANDS]
    me, listed, first, again, together, refused, ticket = said
    assert me["user"]["display_name"] == "Engineer"
    assert listed == {"next": None, "previous": None, "results": []}
    assert first["id"] == again["id"]
    assert len(together["items"]) == 2
    assert (refused["code"], set(refused["errors"])) == ("invalid", {"title", "project"})
    assert ticket["ticket"]


def test_the_program_reads_every_page(committed_world: World, environment: dict[str, str]) -> None:
    for _ in range(5):
        make_task(committed_world)
    assert run([sys.executable, "-c", PROGRAMS[0]], environment) == "5 tasks\n"


@pytest.mark.parametrize(("command", "status"), [("true", "closed"), ("false", "blocked")])
def test_the_agent_of_thirty_lines_does_its_work(
    committed_world: World, environment: dict[str, str], command: str, status: str
) -> None:
    ends_well = CriterionInput("command_exit", "it works", {"command": command, "exit_code": 0})
    task = make_task(committed_world, ends_well, input={"command": command})
    run([sys.executable, "-c", PROGRAMS[1]], environment)
    with committed_world.as_("system"):
        assert Task.objects.get(id=task.id).status == status


def test_it_is_about_thirty_lines() -> None:
    assert len([line for line in PROGRAMS[1].splitlines() if line.strip()]) <= 33
