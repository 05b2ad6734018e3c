"""A pull agent as tests play it: what it would send over HTTP."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tasks.models import Task
from tasks.services import CriterionInput, create_task, set_contract
from tests.world import Client, World

Members = dict[str, Any]


@dataclass(slots=True)
class Attempt:
    """A claimed task and the calls under its lease."""

    client: Client
    claim: Members

    @property
    def id(self) -> str:
        execution_id: str = self.claim["execution"]["id"]
        return execution_id

    @property
    def token(self) -> str:
        token: str = self.claim["lease_token"]
        return token

    def send(self, path: str, body: Any = None, method: str = "POST", **headers: str) -> Any:
        given = {"Lease-Token": self.token} | headers
        return self.client.send(method, f"executions/{self.id}/{path}", body, **given)

    def append_log(self, offset: int, content: bytes) -> Any:
        target = f"/api/v1/executions/{self.id}/log/?offset={offset}"
        headers = {"Lease-Token": self.token}
        return self.client.generic("POST", target, content, content_type="application/octet-stream", headers=headers)

    def ask(self, **changes: Any) -> Any:
        body = {
            "kind": "pre_execution",
            "question": "May I?",
            "action": {"command": "format"},
            "target_commit": "a" * 40,
        }
        return self.send("approvals/", body | changes)

    def hand_in(self, exit_code: int = 0, **changes: Any) -> Any:
        data = {"command": "pytest", "exit_code": exit_code, "tool": "pytest", "tool_version": "9"}
        body = {"source_type": "test_result", "title": "pytest", "content": "1 passed\n", "data": data}
        return self.send("evidence/", body | changes)


def work_for(world: World, **changes: Any) -> Task:
    """Create a task that the world's agent can do."""
    with world.as_("engineer"):
        return create_task(project=world.project, **{"title": "Run the tests", "type": "test"} | changes)


def with_contract(world: World, task: Task, **parameters: Any) -> Task:
    """Give a task one criterion: pytest ends with 0."""
    with world.as_("engineer"):
        criterion = CriterionInput("command_exit", "pytest passes", {"command": "pytest", "exit_code": 0} | parameters)
        set_contract(task=task, criteria=[criterion])
        return task


def claim_one(world: World, token: str = "", **body: Any) -> Attempt:
    """Claim the next task over HTTP."""
    client = Client(token or world.token)
    response = client.send("POST", "tasks/claim/", body)
    assert response.status_code == 200, response.content
    return Attempt(client, response.json()[0])


def row(world: World, model: Any, identifier: UUID | str) -> Any:
    """Return a row as the database has it now."""
    with world.as_("system"):
        return model.objects.get(id=identifier)
