"""docs/verifying.md: every command on the page does what the page says."""

import io
import os
import re
import shlex
import string
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from audit.log import witness
from audit.log.proofs import proof_of
from audit.models import Epoch, Position
from audit.tests.sealing import WITNESS_SEED, happen, log_key, sealed
from tests.servers import ROOT, Server
from tests.world import World

PAGE = ROOT / "docs" / "verifying.md"
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.S) for line in block.strip().split("\n")
]


def run(command: str, environment: dict[str, str]) -> str:
    """Run a command of the page; one of manage.py in this process, which has started already."""
    words = shlex.split(string.Template(command).substitute(environment))
    if words[:2] == ["python", "manage.py"]:
        said = io.StringIO()
        call_command(*words[2:], stdout=said)
        return said.getvalue()
    words = [sys.executable if word == "python" else word for word in words]
    done = subprocess.run(words, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def test_every_command_of_the_page_works(
    committed_world: World, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    key = str(log_key(sealed(committed_world)))
    with committed_world.as_("system"):
        found = proof_of(Position.objects.get(pos=2).event_id)
    Path("event.tlog-proof").write_text(str(found.proof))
    Path("event.json").write_bytes(found.leaf)
    witness.write(Path("witness/key"), WITNESS_SEED.hex())
    environment = {
        "TENANT": str(committed_world.tenant.id),
        "KEY": key,
        "URL": server.url,
        "WITNESS_TOKEN": committed_world.tokens["admin"],
        "PYTHONPATH": str(ROOT),
    }
    said = {}
    for command in COMMANDS:
        said[command] = run(command, environment)
        if command.startswith("cp "):
            happen(committed_world, 5)
            sealed(committed_world)
    assert len(said) == len(COMMANDS) == 10
    assert said["python manage.py log_keys --tenant $TENANT"].strip() == key
    assert "the tree continues the one" in said["python -m audit.log.verifier later --key $KEY --since seen"]
    with committed_world.as_("system"):
        assert Epoch.objects.get(number=1).closed_at
