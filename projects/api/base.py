"""What the endpoints of delivery have in common."""

from typing import Any

from rest_framework.response import Response

from common.api.serializers import NoInput, ReasonInput
from common.api.views import VisibleViewSet, require
from projects.models import Gate
from projects.permissions import can_contribute, can_manage
from projects.queries import project_id_of

PLANS = ["plans"]
GATES = ["gates"]
RECORDS = ["decisions and escalations"]
MANAGERS_ONLY = "Owners and maintainers manage a project."
CONTRIBUTORS_ONLY = "Contributors of the project do this."


class DeliveryViewSet(VisibleViewSet):
    """Parts of plans: everybody who sees the project reads them, those who manage it change them."""

    def for_managers(self, row: Any) -> None:
        require(can_manage(self.principal, project_id_of(row)), MANAGERS_ONLY)

    def for_contributors(self, row: Any) -> None:
        allowed = not self.principal.is_agent and can_contribute(self.principal, project_id_of(row))
        require(allowed, CONTRIBUTORS_ONLY)

    def for_judges(self, gate: Gate) -> None:
        """Contributors of the project look at what a gate checks, and the agent that owns the gate."""
        owns = self.principal.is_agent and gate.owner_agent_id == self.principal.agent_id
        if not owns:
            self.for_contributors(gate)

    def managed(self) -> Any:
        """Return the row of the URL if the caller manages its project."""
        row = self.object_to_change()
        self.for_managers(row)
        return row

    def do(self, service: Any, name: str) -> Response:
        """Call a service of managers that takes nothing but the row."""
        row = self.managed()
        self.valid(NoInput)
        return self.shown(service(**{name: row}))

    def do_because(self, service: Any, name: str, **values: Any) -> Response:
        """Call a service of managers that takes the row and a reason."""
        row = self.managed()
        return self.shown(service(**{name: row}, **values, **self.valid(ReasonInput)))


class JudgingViewSet(DeliveryViewSet):
    """Where agents judge, too: at the gates that they own."""

    @property
    def write_scope(self) -> str:  # type: ignore[override]  # agents judge as part of their work
        return "work" if self.principal.is_agent else "write"
