"""Requests drawn from the OpenAPI description, as each caller: no fault of ours, no answer it does not describe."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.scene import Scene, make_scene
from tests.servers import Server
from tests.world import World

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
OBJECTS = {
    "/activity/": "activity",
    "/agents/": "agent",
    "/approvals/": "approval",
    "/artifacts/": "artifact",
    "/audit/events/": "event",
    "/deliveries/": "delivery",
    "/evidence/": "evidence",
    "/plans/": "plan",
    "/projects/": "project",
    "/tasks/": "task",
    "/users/": "viewer",
    "/webhooks/": "webhook",
}


def configuration(scene: Scene) -> str:
    """Return the tool's configuration: the ids of things that are there, so that requests get past the look-up."""
    lines = []
    for path, name in OBJECTS.items():
        lines += ["[[operations]]", f"include-path-regex = '^/api/v1{path}.+'", "[operations.parameters]"]
        lines += [f"id = '{scene.names[name]}'"]
    lines += ["[[operations]]", "include-path-regex = '^/api/v1/executions/.+'", "[operations.parameters]"]
    lines += [f"id = '{scene.names['execution']}'", f"Lease-Token = '{scene.names['lease']}'"]
    lines += ["[[operations]]", "include-path-regex = '^/api/v1/projects/.+/members/'", "[operations.parameters]"]
    lines += [f"project_id = '{scene.names['project']}'"]
    return "\n".join(lines)


@pytest.mark.contract
@pytest.mark.parametrize(
    ("caller", "phases"),
    [
        ("engineer", "coverage,fuzzing"),
        ("agent", "coverage,fuzzing"),
        ("admin", "fuzzing"),
        ("viewer", "fuzzing"),
        ("stranger", "fuzzing"),
        ("anonymous", "fuzzing"),
    ],
)
def test_the_description_holds(
    server: Server, committed_world: World, tmp_path: Path, caller: str, phases: str
) -> None:
    (tmp_path / "schemathesis.toml").write_text(configuration(make_scene(committed_world)))
    tokens = committed_world.tokens | {"agent": committed_world.token}
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{server.url}/api/schema/?format=json"]
    command += ["--checks", CHECKS, "--phases", phases, "--max-examples", "5", "--seed", "1"]
    command += ["--workers", "1", "--no-color"]
    if caller in tokens:
        command += ["--header", f"Authorization: Bearer {tokens[caller]}"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{result.stdout[-20_000:]}\n{result.stderr[-2_000:]}"
