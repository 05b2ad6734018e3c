"""Many tasks in one call: all or nothing, and the refusal names each item that does not fit."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction

from accounts.models import User
from agents.models import Agent
from common.errors import DomainError, Invalid
from tasks.models import Task
from tasks.services.editing import create_task, update_task
from tasks.services.lifecycle import close_task

MAX_ITEMS = 100
Item = TypeVar("Item")


@transaction.atomic
def each(items: Sequence[Item], act: Callable[[Item], Task]) -> list[Task]:
    """Act on every item; raises `Invalid` with the problems of all of them where one is refused."""
    if not 1 <= len(items) <= MAX_ITEMS:
        raise Invalid(f"Between 1 and {MAX_ITEMS} at a time.", errors={"items": [f"There are {len(items)}."]})
    done: list[Task] = []
    problems: dict[str, list[str]] = {}
    for position, item in enumerate(items):
        try:
            with transaction.atomic():
                done.append(act(item))
        except DomainError as refusal:
            problems |= named(position, refusal)
    if problems:
        raise Invalid("Nothing was changed: some items were refused.", code="bulk_refused", errors=problems)
    return done


def named(position: int, refusal: DomainError) -> dict[str, list[str]]:
    """Return the problems of one item under the names of its fields."""
    errors = refusal.extra.get("errors")
    if not isinstance(errors, dict):
        return {f"items[{position}]": [refusal.detail]}
    return {f"items[{position}].{name}": words for name, words in errors.items()}


def bulk_create(*, items: Sequence[dict[str, Any]], created_by_id: UUID | None = None) -> list[Task]:
    """Create up to a hundred tasks."""
    return each(items, lambda fields: create_task(created_by_id=created_by_id, **fields))


def bulk_update(*, items: Sequence[dict[str, Any]], reason: str = "") -> list[Task]:
    """Change up to a hundred tasks; each item names its `task` and what is to change."""
    return each(items, lambda changes: update_task(reason=reason, **changes))


def bulk_assign(
    *, tasks: Sequence[Task], user: User | None = None, agent: Agent | None = None, reason: str = ""
) -> list[Task]:
    """Give up to a hundred tasks to one person or agent, or to nobody in particular."""
    to = {"assigned_user": user, "assigned_agent": agent}
    return each(tasks, lambda task: update_task(task=task, reason=reason, **to))


def bulk_close(*, tasks: Sequence[Task], resolution: str, reason: str) -> list[Task]:
    """Close up to a hundred tasks."""
    return each(tasks, lambda task: close_task(task=task, resolution=resolution, reason=reason))
