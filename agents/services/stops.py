"""Emergency stops: nothing in the scope is claimed or goes on until a person releases it. Nobody else is affected."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from agents import events
from agents.models import Agent, EmergencyStop, StopScope, StopTrigger
from audit.services import Subject, record
from common.duplicates import refusing_duplicates
from common.errors import Conflict, Invalid
from projects.models import Project

# What each scope names, and what it may name besides.
NAMES = {
    StopScope.TENANT: (set[str](), set[str]()),
    StopScope.PROJECT: ({"project"}, set[str]()),
    StopScope.AGENT: ({"agent"}, set[str]()),
    StopScope.AGENT_TYPE: ({"agent_type"}, {"project"}),
}


@transaction.atomic
def trigger_stop(
    *,
    scope: str,
    reason: str,
    triggered_by: str = StopTrigger.USER,
    by: User | None = None,
    project: Project | None = None,
    agent: Agent | None = None,
    agent_type: str | None = None,
) -> EmergencyStop:
    """Stop everything in the scope: no claim, and running attempts hear it with their next heartbeat.

    Raises `Invalid` where the scope names too little or too much, `Conflict` where it is stopped already.
    """
    target = {"project": project, "agent": agent, "agent_type": agent_type}
    check_target(scope, target)
    with refusing_duplicates("It is stopped already.", code="already_stopped"):
        stop: EmergencyStop = EmergencyStop.objects.create(
            scope=scope, reason=reason, triggered_by=triggered_by, created_by=by, **target
        )
    record(
        events.EMERGENCY_STOP_TRIGGERED,
        stop_subject(stop),
        reason=reason,
        concerns=owners(stop),
        scope=str(scope),
        triggered_by=str(triggered_by),
    )
    return stop


def check_target(scope: str, target: dict[str, Any]) -> None:
    needed, allowed = NAMES[StopScope(scope)]
    named = {name for name, value in target.items() if value is not None}
    errors = {name: [f"A stop of this scope names its {name.replace('_', ' ')}."] for name in needed - named}
    errors |= {name: ["A stop of this scope does not name it."] for name in named - needed - allowed}
    if errors:
        raise Invalid("The scope says what a stop names.", errors=errors)


def stop_automatically(trigger: StopTrigger, reason: str, **target: Any) -> EmergencyStop | None:
    """Stop what `target` names unless it is stopped already; return the new stop."""
    try:
        return trigger_stop(triggered_by=trigger, reason=reason, **target)
    except Conflict:
        return None


def stop_subject(stop: EmergencyStop) -> Subject:
    return Subject(type="emergency_stop", id=stop.id, label=str(stop), project_id=stop.project_id)


def owners(stop: EmergencyStop) -> list[Any]:
    """Return whom a stop concerns beside the project's members."""
    return [stop.agent.owner_id] if stop.agent else []


@transaction.atomic
def release_stop(*, stop: EmergencyStop, by: User, reason: str) -> EmergencyStop:
    """Let what was stopped go on. Raises `Conflict` where somebody has released it already."""
    active = EmergencyStop.objects.active().filter(id=stop.id)
    if not active.update(released_at=timezone.now(), released_by=by, release_reason=reason):
        raise Conflict("It was released already.", code="already_released")
    stop.refresh_from_db()
    record(
        events.EMERGENCY_STOP_RELEASED,
        stop_subject(stop),
        reason=reason,
        concerns=owners(stop),
        scope=str(stop.scope),
    )
    return stop
