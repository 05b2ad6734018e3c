"""An agent as a process of its own, standard library only: claims, works, hands in, and does not care about answers.

Arguments: address, token, seed. It tells what it was answered on standard output, one JSON object a line, and runs
until it is killed. Half of its attempts send no heartbeat, and it hands in its result even when the lease is lost: the
service must refuse, not the agent refrain.
"""

import http.client
import json
import random
import sys
import time
from typing import Any

LEASE_SECONDS = 1


class Service:
    """The API over one connection, reopened when it breaks."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address
        self.token = token
        self.connection: http.client.HTTPConnection | None = None

    def post(self, path: str, body: dict[str, Any], lease_token: str = "") -> tuple[int, Any]:
        """Return status and answer; status 0 where there was none."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if lease_token:
            headers["Lease-Token"] = lease_token
        try:
            self.connection = self.connection or http.client.HTTPConnection(self.address, timeout=10)
            self.connection.request("POST", f"/api/v1/{path}", json.dumps(body), headers)
            answer = self.connection.getresponse()
            raw = answer.read()
            return answer.status, json.loads(raw) if raw else None
        except (OSError, http.client.HTTPException, ValueError):
            self.connection = None
            return 0, None


def tell(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def main(address: str, token: str, seed: str) -> None:
    chance = random.Random(seed)  # noqa: S311  # no secret is made of it
    service = Service(address, token)
    while True:
        status, claimed = service.post("tasks/claim/", {"lease_seconds": LEASE_SECONDS})
        if status == 200:
            work(service, claimed[0], chance)
        else:
            time.sleep(0.05 if status == 204 else 0.2)


def work(service: Service, claimed: dict[str, Any], chance: random.Random) -> None:
    execution, lease_token = claimed["execution"]["id"], claimed["lease_token"]
    path = f"executions/{execution}"
    careful = chance.random() < 0.5
    for _ in range(chance.randint(1, 3)):
        time.sleep(chance.uniform(0.01, 0.06))
        if careful:
            service.post(f"{path}/heartbeat/", {"progress": 50}, lease_token)
    if chance.random() < 0.25:
        piece = {"source_type": "test_result", "title": "done", "content": execution, "data": {"exit_code": 0}}
        status, _ = service.post(f"{path}/evidence/", piece, lease_token)
        tell(what="evidence", execution=execution, status=status)
    hand_in(service, path, execution, lease_token)


def hand_in(service: Service, path: str, execution: str, lease_token: str) -> None:
    """Hand in until there is an answer: a lost one may mean that the result was taken."""
    for _ in range(5):
        body = {"result": {"execution": execution}, "summary": "done"}
        status, _ = service.post(f"{path}/complete/", body, lease_token)
        tell(what="complete", execution=execution, status=status)
        if status and status < 500:
            return
        time.sleep(0.1)


if __name__ == "__main__":
    main(*sys.argv[1:4])
