"""When people are asked: one table, by trigger and by the project's oversight level. Pure: no database, no clock.

What is unknown is asked about. A risk above low is asked about whatever the table says (`must_ask`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from projects.models import OversightLevel
from tasks.models import ApprovalKind, ApprovalTrigger, ErrorCategory, Risk

HIGH, MEDIUM, LOW = OversightLevel.HIGH, OversightLevel.MEDIUM, OversightLevel.LOW
ERRORS = (ErrorCategory.VALIDATION, ErrorCategory.EXECUTION, ErrorCategory.TIMEOUT)
LONGEST_WAIT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Limits:
    """A project's `hitl_config`, with the defaults for what it leaves out or says badly."""

    threshold: float = 0.8
    phases: tuple[str, ...] = ("design", "build", "validate", "launch")
    max_auto_resolution_attempts: int = 3
    budget_percent: float = 90
    quorum: int = 1


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known about the moment; None is unknown."""

    phase: str | None = None
    confidence: Decimal | None = None
    attempts: int | None = None
    error: str | None = None
    used_percent: float | None = None


def limits_of(config: Mapping[str, Any]) -> Limits:
    """Return the limits that a configuration sets. A value that makes no sense counts as not given."""
    default = Limits()
    phases = config.get("phases")
    named = isinstance(phases, list) and all(isinstance(phase, str) for phase in phases)
    return Limits(
        threshold=number(config, "threshold", default.threshold, 0, 1),
        phases=tuple(phases) if named and phases else default.phases,
        max_auto_resolution_attempts=int(
            number(config, "max_auto_resolution_attempts", default.max_auto_resolution_attempts, 1, 100)
        ),
        budget_percent=number(config, "budget_percent", default.budget_percent, 1, 100),
        quorum=int(number(config, "quorum", default.quorum, 1, 10)),
    )


def number(config: Mapping[str, Any], name: str, default: float, least: float, most: float) -> float:
    value = config.get(name)
    fits = isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
    return value if fits and value is not None else default


Asks = Callable[[Limits, Circumstances], bool]


def never(limits: Limits, now: Circumstances) -> bool:
    return False


def always(limits: Limits, now: Circumstances) -> bool:
    return True


def below(share: str) -> Asks:
    return lambda limits, now: (
        now.confidence is None or now.confidence < Decimal(str(limits.threshold)) * Decimal(share)
    )


def in_phases(*among: str) -> Asks:
    """In the phases that are configured; only those of `among`, where any are given."""
    return lambda limits, now: now.phase is None or (now.phase in limits.phases and (not among or now.phase in among))


def unresolved(limits: Limits, now: Circumstances) -> bool:
    return now.attempts is None or now.attempts >= limits.max_auto_resolution_attempts


def failed_with(*errors: str) -> Asks:
    return lambda limits, now: now.error is None or now.error in errors


def nearly_spent(limits: Limits, now: Circumstances) -> bool:
    return now.used_percent is None or now.used_percent >= limits.budget_percent


TABLE: dict[ApprovalTrigger, dict[OversightLevel, Asks]] = {
    ApprovalTrigger.PHASE_COMPLETION: {HIGH: in_phases(), MEDIUM: in_phases("build", "launch"), LOW: never},
    ApprovalTrigger.QUALITY_THRESHOLD: {HIGH: below("1"), MEDIUM: below("0.8"), LOW: never},
    ApprovalTrigger.CONFLICT_DETECTED: {HIGH: unresolved, MEDIUM: unresolved, LOW: never},
    ApprovalTrigger.AGENT_ERROR: {
        HIGH: failed_with(*ERRORS),
        MEDIUM: failed_with(*ERRORS),
        LOW: failed_with(ErrorCategory.EXECUTION, ErrorCategory.TIMEOUT),
    },
    ApprovalTrigger.BUDGET_EXCEEDED: {HIGH: nearly_spent, MEDIUM: nearly_spent, LOW: never},
    ApprovalTrigger.SAFETY_VIOLATION: {HIGH: always, MEDIUM: always, LOW: always},
    ApprovalTrigger.MANUAL_REQUEST: {HIGH: always, MEDIUM: always, LOW: always},
}


def must_ask(trigger: str, level: str, limits: Limits, now: Circumstances, risk: str = Risk.LOW) -> bool:
    """Return whether a person is asked."""
    return risk != Risk.LOW or TABLE[ApprovalTrigger(trigger)][OversightLevel(level)](limits, now)


EXPIRY = {
    ApprovalKind.PRE_EXECUTION: timedelta(minutes=30),
    ApprovalKind.RESPONSE_APPROVAL: timedelta(minutes=15),
    ApprovalKind.NEXT_STEP: timedelta(minutes=10),
}
DEFAULT_EXPIRY = timedelta(hours=24)


def expiry_of(kind: str, config: Mapping[str, Any]) -> timedelta:
    """Return how long a request of a kind waits: what the project says in `timeout_minutes`, or the default."""
    given = config.get("timeout_minutes")
    default = EXPIRY.get(ApprovalKind(kind), DEFAULT_EXPIRY)
    minutes = default.total_seconds() / 60
    most = LONGEST_WAIT.total_seconds() / 60
    return timedelta(minutes=number(given if isinstance(given, dict) else {}, str(kind), minutes, 1, most))


def quorum_of(risk: str, limits: Limits) -> int:
    """Return how many people must agree: what is critical needs a second person."""
    return max(limits.quorum, 2) if risk == Risk.CRITICAL else limits.quorum
