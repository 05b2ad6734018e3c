"""The log by cursor: what sockets, pages and exports read; and what of it is sealed."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db.models import Max

from audit.events import PAGES, event_type
from audit.models import Checkpoint, Epoch, Event, Position
from common.context import Principal

BATCH = 100


@dataclass(frozen=True, slots=True)
class PlacedEvent:
    """An event and its place in the tenant's order."""

    pos: int
    event: Event

    def message(self) -> dict[str, Any]:
        """Return the live message of this event (design/api.md, WebSocket)."""
        event = self.event
        return {
            "v": 1,
            "op": "event",
            "pos": self.pos,
            "id": str(event.id),
            "type": event.event_type,
            "ts": event.recorded_at.isoformat().replace("+00:00", "Z"),
            "project_id": str(event.project_id) if event.project_id else None,
            "task_id": str(event.task_id) if event.task_id else None,
            "actor": {
                "kind": event.source,
                "id": str(event.actor_id) if event.actor_id else None,
                "label": event.actor_label,
            },
            "data": orjson.loads(event.body),
            "trace_id": event.trace_id,
        }


@dataclass(frozen=True, slots=True)
class Batch:
    """What a cursor reader gets: the visible events and the position it has now seen everything up to."""

    upto: int
    events: list[PlacedEvent]


def group_of(tenant_id: UUID) -> str:
    """Return the channel group that hears about a tenant's new events."""
    return f"tenant.{tenant_id}"


def head() -> int:
    """Return the newest position of the running tenant, 0 before its first event."""
    return Position.objects.aggregate(head=Max("pos"))["head"] or 0


def sentence_of(event: Event) -> str:
    """Return the human line of an event: what happened, to what, by whom, why."""
    who = "" if event.actor_label == event.resource_label else f" by {event.actor_label}"
    why = f" ({event.reason})" if event.reason else ""
    return f"{event_type(event.event_type).sentence}: {event.resource_label}{who}{why}"


def page_of(event: Event) -> str:
    """Return the path of the page where an event's subject is looked at, else that of its task; empty without one."""
    if event.resource_type in PAGES and event.resource_id:
        return PAGES[event.resource_type].format(id=event.resource_id)
    return PAGES["task"].format(id=event.task_id) if event.task_id and "task" in PAGES else ""


def placed_after(pos: int, *, limit: int = BATCH) -> Batch:
    """Return the events that follow `pos`, in order, whoever may see them: for what is made from the log.

    Events of a month that was archived away are left out; `upto` moves past them.
    """
    places = list(Position.objects.filter(pos__gt=pos).order_by("pos").values_list("pos", "event_id")[:limit])
    events = Event.objects.in_bulk([event_id for _, event_id in places])
    return Batch(
        upto=places[-1][0] if places else pos,
        events=[PlacedEvent(place, events[event_id]) for place, event_id in places if event_id in events],
    )


def events_after(
    pos: int,
    *,
    principal: Principal,
    project_ids: Collection[UUID],
    only_project: UUID | None = None,
    limit: int = BATCH,
) -> Batch:
    """Return the events after `pos` that `principal` may see, in order; `upto` moves past the ones it may not."""
    places = list(Position.objects.filter(pos__gt=pos).order_by("pos").values_list("pos", "event_id")[:limit])
    if not places:
        return Batch(upto=pos, events=[])
    visible = Event.objects.visible_to(principal, project_ids).filter(id__in=[event_id for _, event_id in places])
    if only_project:
        visible = visible.filter(project_id=only_project)
    events = {event.id: event for event in visible}
    return Batch(
        upto=places[-1][0],
        events=[PlacedEvent(place, events[event_id]) for place, event_id in places if event_id in events],
    )


def epoch_at(pos: int) -> Epoch | None:
    """Return the epoch whose tree has, or will have, the event at this position."""
    return Epoch.objects.filter(first_pos__lte=pos).first()


def last_position(checkpoint: Checkpoint) -> int:
    """Return the position of the newest event under a checkpoint."""
    return checkpoint.epoch.first_pos - 1 + checkpoint.tree_size


def sealing_of(event_id: UUID) -> Checkpoint | None:
    """Return the first checkpoint over an event of the running tenant; None where it has none yet."""
    pos = Position.objects.filter(event_id=event_id).values_list("pos", flat=True).first()
    epoch = epoch_at(pos) if pos else None
    if pos is None or epoch is None:
        return None
    covering = epoch.checkpoints.filter(tree_size__gt=pos - epoch.first_pos)
    return covering.order_by("tree_size").select_related("epoch").first()
