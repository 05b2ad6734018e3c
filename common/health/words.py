"""What a check may find."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Health(StrEnum):
    """How something is. The last two are neither good nor bad: nobody set it up, or nobody has asked yet."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    NOT_CONFIGURED = "not_configured"
    NOT_TESTED = "not_tested"


UNKNOWN = frozenset({Health.NOT_CONFIGURED, Health.NOT_TESTED})
SEVERITY = (Health.HEALTHY, Health.DEGRADED, Health.UNHEALTHY)


def worst(found: list[Health]) -> Health:
    """Return the worst of what is known; healthy where nothing is."""
    return max((health for health in found if health not in UNKNOWN), key=SEVERITY.index, default=Health.HEALTHY)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check says. `message` names no host, no user and no error text of a library: those hold addresses."""

    status: Health
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Component:
    """A finding, how long it took (None: no answer in time) and when it was made."""

    finding: Finding
    latency_ms: float | None
    checked_at: datetime

    @property
    def status(self) -> Health:
        return self.finding.status
