"""Who gets what answer from each endpoint: the table that the matrix tests read.

The columns are the callers: an administrator, an engineer (owner of project and agent), a reviewer (maintainer), a
viewer, a stranger of the same tenant, an engineer of another tenant, nobody, and the agent. `{name}` is filled from the
scene.
"""

from dataclasses import dataclass, field
from typing import Any

CALLERS = ("admin", "engineer", "reviewer", "viewer", "stranger", "other", "anonymous", "agent")


@dataclass(frozen=True, slots=True)
class Row:
    """One request and the status each caller gets."""

    method: str
    path: str
    statuses: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def expected(self) -> dict[str, int]:
        statuses = [int(status) for status in self.statuses.split()]
        return dict(zip(CALLERS, statuses, strict=True))

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


LEASE = {"Lease-Token": "{lease}"}
REDEEMING = {"Lease-Token": "{redeeming_lease}"}
WHY = {"reason": "Because."}
CONTRACT = {"criteria": [{"kind": "command_exit", "title": "t", "parameters": {"command": "pytest"}}]}
ANSWER = {"action": "approve", "comment": "Fine.", "digest": "{digest}"}
EVIDENCE = {"source_type": "test_result", "title": "t", "content": "x"}
PROJECT = {"name": "Second", "key": "SE", "slug": "second"}

ROWS = [
    # identity
    #                                        admin eng rev vie str oth ano age
    Row("GET", "me/", "                       200 200 200 200 200 200 401 200"),
    Row("POST", "ws-ticket/", "               201 201 201 201 201 201 401 201", {}),
    Row("GET", "users/", "                    200 200 200 200 200 200 401 200"),
    Row("GET", "users/{viewer}/", "           200 200 200 200 200 404 401 200"),
    Row("GET", "tokens/", "                   200 200 200 200 200 200 401 200"),
    Row("POST", "tokens/", "                  201 201 201 201 201 201 401 403", {"name": "x", "scopes": ["read"]}),
    Row("GET", "tokens/{token}/", "           200 200 404 404 404 404 401 404"),
    Row("DELETE", "tokens/{token}/", "        204 204 404 404 404 404 401 403"),
    # projects
    Row("GET", "projects/", "                 200 200 200 200 200 200 401 200"),
    Row("POST", "projects/", "                201 201 201 201 201 201 401 403", PROJECT),
    Row("GET", "projects/{project}/", "       200 200 200 200 404 404 401 200"),
    Row("PATCH", "projects/{project}/", "     200 200 200 403 404 404 401 403", {"name": "N"}),
    Row("GET", "projects/{project}/members/", "          200 200 200 200 404 404 401 200"),
    Row(
        "POST",
        "projects/{project}/members/",
        "201 201 201 403 404 404 401 403",
        {"user": "{stranger}", "role": "viewer"},
    ),
    Row("DELETE", "projects/{project}/members/{member}/", "204 204 204 403 404 404 401 403"),
    Row("GET", "plans/", "                    200 200 200 200 200 200 401 200"),
    Row("POST", "plans/", "                   201 201 201 403 422 422 401 403", {"project": "{project}", "name": "P"}),
    Row("GET", "plans/{plan}/", "             200 200 200 200 404 404 401 200"),
    # agents
    Row("GET", "agents/", "                   200 200 200 200 200 200 401 200"),
    Row("POST", "agents/", "                  201 201 201 201 201 201 401 403", {"name": "a", "agent_type": "tester"}),
    Row("GET", "agents/{agent}/", "           200 200 200 200 404 404 401 200"),
    Row("PATCH", "agents/{agent}/", "         200 200 403 403 404 404 401 403", {"description": "d"}),
    Row("POST", "agents/{agent}/tokens/", "   201 201 403 403 404 404 401 403", {}),
    # tasks
    Row("GET", "tasks/", "                    200 200 200 200 200 200 401 200"),
    Row("POST", "tasks/", "                   201 201 201 403 422 422 401 403", {"project": "{project}", "title": "T"}),
    Row("GET", "tasks/{task}/", "             200 200 200 200 404 404 401 200"),
    Row("PATCH", "tasks/{task}/", "           200 200 200 403 404 404 401 403", {"title": "T"}),
    Row("POST", "tasks/{task}/cancel/", "     200 200 200 403 404 404 401 403", WHY),
    Row("POST", "tasks/{draft}/reopen/", "    200 200 200 403 404 404 401 403", WHY),
    Row("GET", "tasks/{judged}/contract/", "  200 200 200 200 404 404 401 200"),
    Row("PUT", "tasks/{task}/contract/", "    201 201 201 403 404 404 401 403", CONTRACT),
    Row(
        "POST",
        "tasks/{review}/signoff/",
        "201 403 201 403 404 404 401 403",
        {"approved": True, "comment": "Seen."},
    ),
    # runs and approvals
    Row("GET", "executions/", "               200 200 200 200 200 200 401 200"),
    Row("GET", "executions/{execution}/", "   200 200 200 200 404 404 401 200"),
    Row(
        "POST",
        "executions/{execution}/direct/",
        "200 200 200 403 404 404 401 403",
        {"directive": "wrap_up", "reason": "Enough."},
    ),
    Row("GET", "executions/{execution}/log/", "200 200 200 200 404 404 401 200"),
    Row("GET", "approvals/", "                200 200 200 200 200 200 401 200"),
    Row("GET", "approvals/{approval}/", "     200 200 200 200 404 404 401 200"),
    Row("POST", "approvals/{approval}/respond/", "200 403 200 403 404 404 401 403", ANSWER),
    # evidence
    Row("GET", "evidence/", "                 200 200 200 200 200 200 401 200"),
    Row("GET", "evidence/{evidence}/", "      200 200 200 200 404 404 401 200"),
    Row("POST", "evidence/{evidence}/verify/", "200 403 200 403 404 404 401 403", {}),
    Row("POST", "evidence/{evidence}/reject/", "200 403 200 403 404 404 401 403", {"note": "No."}),
    # the log
    Row("GET", "audit/events/", "             200 200 200 200 200 200 401 200"),
    Row("GET", "audit/events/{event}/", "     200 200 200 200 404 404 401 200"),
    # the worker protocol: people have not the scope, and no lease
    Row("POST", "tasks/claim/", "             403 403 403 403 403 403 401 200", {}),
    Row("POST", "executions/{execution}/heartbeat/", "403 403 403 403 403 403 401 200", {}, LEASE),
    Row("POST", "executions/{execution}/evidence/", "403 403 403 403 403 403 401 201", EVIDENCE, LEASE),
    Row(
        "POST",
        "executions/{execution}/approvals/",
        "403 403 403 403 403 403 401 201",
        {"kind": "question", "question": "?", "action": {}},
        LEASE,
    ),
    Row("GET", "executions/{redeeming}/approvals/{granted}/", "404 404 404 404 404 404 401 200"),
    Row(
        "POST",
        "executions/{redeeming}/approvals/{granted}/redeem/",
        "403 403 403 403 403 403 401 200",
        {"digest": "{granted_digest}"},
        REDEEMING,
    ),
    Row("POST", "executions/{execution}/log/?offset=0", "403 403 403 403 403 403 401 200", b"bytes", LEASE),
    Row("POST", "executions/{execution}/complete/", "403 403 403 403 403 403 401 200", {"result": {}}, LEASE),
    Row(
        "POST",
        "executions/{execution}/fail/",
        "403 403 403 403 403 403 401 200",
        {"error": "e", "retryable": True},
        LEASE,
    ),
    Row("POST", "executions/{execution}/release/", "403 403 403 403 403 403 401 200", {}, LEASE),
]
