"""Writing to the log: one function, called by every service in the transaction of its change."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings

from audit.events import EventType, Outcome, event_type
from audit.models import Event
from audit.services.changes import Changes
from common import context
from common.origin import kind_of_client, network_of
from common.tenancy import MissingTenantContextError, require_tenant_id, system_call

MONTHS_AHEAD = 3


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about, as the log names it for ever."""

    type: str
    id: UUID | None
    label: str = ""
    project_id: UUID | None = None
    task_id: UUID | None = None


def record(
    event: EventType,
    subject: Subject,
    *,
    outcome: Outcome = Outcome.SUCCESS,
    reason: str = "",
    changes: Changes | None = None,
    error: str = "",
    concerns: Iterable[UUID | None] = (),
    **data: Any,
) -> Event:
    """Append one event in the running transaction; the relay gives it its position after commit.

    `concerns` are the people who may see it although they cannot see its project. `data` is the payload the catalogue
    declares, `changes` what `changes_of` found, `error` what went wrong. `reason` defaults to that of the running
    context. Raises `UnknownEventError`, `EventPayloadError` or `MissingTenantContextError`: programming errors.
    """
    event_type(event.name).check(data)
    running = context.current()
    if running.actor is None:
        raise MissingTenantContextError(f"{event.name} has no actor: open tenant_context(…, actor=…) first.")
    return Event.objects.create(
        tenant_id=require_tenant_id(),
        event_type=event.name,
        schema_version=event.version,
        action=event.action,
        outcome=outcome,
        audience=event.audience.value,
        concerns=sorted({person for person in concerns if person}),
        source=running.actor.kind.value,
        actor_id=running.actor.id,
        actor_label=running.actor.label[:255],
        on_behalf_of=running.actor.on_behalf_of,
        resource_type=subject.type,
        resource_id=subject.id,
        resource_label=subject.label[:500],
        project_id=subject.project_id,
        task_id=subject.task_id,
        request_id=running.request_id,
        trace_id=running.trace_id,
        reason=reason or running.reason,
        service_name=settings.SERVICE_NAME[:255],
        ip_address=network_of(running.address),
        user_agent=kind_of_client(running.user_agent),
        session_id=running.actor.credential,
        error_message=error,
        changes=changes or None,
        body=orjson.dumps(data, option=orjson.OPT_SORT_KEYS).decode(),
    )


def ensure_partitions(months_ahead: int = MONTHS_AHEAD) -> list[str]:
    """Make the log's partitions for this month and the next ones; return the names of the new ones."""
    return [row["partition"] for row in system_call("ensure_partitions", months_ahead)]
