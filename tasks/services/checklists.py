"""Checklists of tasks and gates: lines that are ticked off, by whom and on what evidence."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, QuerySet
from django.db.models.functions import Now

from audit.services import Subject, record
from common.context import Principal
from common.errors import Conflict, Invalid
from evidence.models import Evidence
from projects.models import Gate
from tasks import events
from tasks.models import ChecklistItem, Task
from tasks.services.actors import acted_by
from tasks.services.base import lock_task

Target = Task | Gate
MOST_ITEMS = 500


def item_subject(item: ChecklistItem) -> Subject:
    return Subject(type="checklist_item", id=item.id, label=item.text, project_id=item.project_id, task_id=item.task_id)


def lock_list(target: Target) -> QuerySet[ChecklistItem]:
    """Lock what the list belongs to, so that places are given out one after the other, and return the list."""
    if isinstance(target, Task):
        lock_task(target.id)
        return ChecklistItem.objects.filter(task_id=target.id)
    Gate.objects.select_for_update(of=("self",)).get(id=target.id)
    return ChecklistItem.objects.filter(gate_id=target.id)


def project_id_of(target: Target) -> UUID:
    return target.project_id if isinstance(target, Task) else target.phase.plan.project_id


@transaction.atomic
def add_checklist_item(*, target: Target, text: str) -> ChecklistItem:
    """Add a line at the end. Raises `Conflict` for a list that is full."""
    lines = lock_list(target)
    last = lines.aggregate(last=Max("ordinal"))["last"] or 0
    if last >= MOST_ITEMS:
        raise Conflict(f"A checklist has at most {MOST_ITEMS} lines.", code="checklist_full")
    place: dict[str, Any] = {"task": target} if isinstance(target, Task) else {"gate": target}
    item = ChecklistItem.objects.create(project_id=project_id_of(target), ordinal=last + 1, text=text, **place)
    record(events.CHECKLIST_ITEM_ADDED, item_subject(item))
    return item


@transaction.atomic
def change_checklist_item(*, item: ChecklistItem, text: str) -> ChecklistItem:
    """Reword a line. Raises `Conflict` for one that is ticked off: somebody answered for its words."""
    if text != item.text:
        if not ChecklistItem.objects.filter(id=item.id, done=False).update(text=text):
            raise Conflict("A line that is ticked off keeps its words; untick it first.", code="item_done")
        item.refresh_from_db()
        record(events.CHECKLIST_ITEM_CHANGED, item_subject(item))
    return item


@transaction.atomic
def tick_checklist_item(
    *, item: ChecklistItem, principal: Principal, done: bool, evidence: Evidence | None = None
) -> ChecklistItem:
    """Tick a line off, or untick it. Saying the same again changes nothing. Raises `Invalid` for foreign evidence."""
    if evidence and evidence.project_id != item.project_id:
        raise Invalid("The evidence is of another project.", errors={"evidence": ["Not of this project."]})
    nobody: dict[str, Any] = {"done_by_user_id": None, "done_by_agent_id": None}
    who = acted_by(principal, user="done_by_user", agent="done_by_agent") if done else {}
    changed = ChecklistItem.objects.filter(id=item.id, done=not done).update(
        done=done, done_at=Now() if done else None, evidence=evidence if done else None, **nobody | who
    )
    item.refresh_from_db()
    if changed:
        shown = str(evidence.id) if evidence and done else None
        record(events.CHECKLIST_ITEM_TICKED, item_subject(item), done=done, evidence_id=shown)
    return item


@transaction.atomic
def order_checklist(*, target: Target, item_ids: Sequence[UUID]) -> list[ChecklistItem]:
    """Put the lines into this order. Raises `Invalid` unless each is named once."""
    lines = {item.id: item for item in lock_list(target)}
    if len(item_ids) != len(lines) or set(item_ids) != set(lines):
        raise Invalid("Name each line of the list once.", errors={"items": ["Not the lines of this list."]})
    ordered = [lines[item_id] for item_id in item_ids]
    for ordinal, item in enumerate(ordered, start=1):
        item.ordinal = ordinal
    ChecklistItem.objects.bulk_update(ordered, ["ordinal"])
    if ordered:
        record(events.CHECKLIST_ORDERED, item_subject(ordered[0]), lines=len(ordered))
    return ordered


@transaction.atomic
def remove_checklist_item(*, item: ChecklistItem, reason: str = "") -> None:
    """Take a line away. Raises `Conflict` for one that is ticked off."""
    if ChecklistItem.objects.filter(id=item.id, done=False).delete()[0]:
        record(events.CHECKLIST_ITEM_REMOVED, item_subject(item), reason=reason)
    elif ChecklistItem.objects.filter(id=item.id).exists():
        raise Conflict("A line that is ticked off stays; untick it first.", code="item_done")
