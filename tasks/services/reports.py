"""What the holder of a lease tells about its task besides evidence and results."""

from collections.abc import Callable
from typing import Any

import orjson

from common.errors import Invalid
from tasks.models import ChecklistItem, Handoff, QuarantineKind
from tasks.services.blockers import open_blocker
from tasks.services.checklists import tick_checklist_item
from tasks.services.comments import add_comment
from tasks.services.handoffs import create_handoff, submit_handoff
from tasks.services.journal import log_work, record_commit, record_file_change
from tasks.services.leases import Held, LeaseClaim, under_lease


def offer_handoff(task: Any, **values: Any) -> Handoff:
    return submit_handoff(handoff=create_handoff(task=task, **values))


def stop_for(principal: Any, **values: Any) -> Any:
    return open_blocker(**values)


def tick(task: Any, item: Any, **values: Any) -> ChecklistItem:
    found = ChecklistItem.objects.filter(id=item, task_id=task.id).first()
    if found is None:
        raise Invalid("The task has no such line.", errors={"item": ["Not a line of this task's checklist."]})
    return tick_checklist_item(item=found, **values)


REPORTS: dict[str, Callable[..., Any]] = {
    "comment": add_comment,
    "work_log": log_work,
    "commit": record_commit,
    "file_change": record_file_change,
    "checklist": tick,
    "handoff": offer_handoff,
    "blocker": stop_for,
}


def report(*, claim: LeaseClaim, what: str, **values: Any) -> Any:
    """Write into the task's journal while the lease holds; a late one is quarantined, logged and refused (`LeaseLost`).

    `what` is one of `REPORTS`. A blocker ends the attempt; a handoff keeps the task from being claimed until it is
    answered, so give the task back after it.
    """

    def write(held: Held) -> Any:
        return REPORTS[what](task=held.task, principal=claim.principal, **values)

    payload = orjson.loads(orjson.dumps({"what": what, **values}, default=str))
    return under_lease(claim, QuarantineKind.REPORT, payload, write)
