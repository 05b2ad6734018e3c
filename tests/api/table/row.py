"""What a row of the table is: who gets what answer from an endpoint.

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


WHY = {"reason": "Because."}
MISSING = "01a1f000-0000-7000-8000-000000000000"

Wrong = list[tuple[str, dict[str, Any], str]]
"""a row's name, what to change in its body, and the field that the problem names"""
