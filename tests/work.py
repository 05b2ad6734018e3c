"""Work, as an agent does it: short calls that tests of rules are written with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.db import connection
from django.utils import timezone

from audit.models import Event
from common.context import Principal
from common.errors import DomainError
from evidence.models import Evidence
from tasks.models import ApprovalRequest, Execution, Task
from tasks.services import (
    Claimed,
    CriterionInput,
    claim_tasks,
    complete_execution,
    create_task,
    hand_in_evidence,
    lease_token,
    request_approval,
    respond_to_approval,
    set_contract,
)
from tasks.services.leases import LeaseClaim
from tests.world import World

PYTEST = CriterionInput(kind="command_exit", title="tests pass", parameters={"command": "pytest", "exit_code": 0})
SIGNOFF = CriterionInput(kind="human_signoff", title="signed off", minimum_grade="human")


@contextmanager
def acting(world: World, who: str) -> Iterator[None]:
    """Act as the API does: it answers a refusal inside the context, so what the refusal left behind is kept."""
    refusal = None
    with world.as_(who):
        try:
            yield
        except DomainError as error:
            refusal = error
    if refusal:
        raise refusal


def make_task(world: World, *criteria: CriterionInput, **values: Any) -> Task:
    """Create a task in the engineer's name, with these criteria as its contract."""
    with acting(world, "engineer"):
        task = create_task(project=world.project, **{"title": "work", **values})
        if criteria:
            set_contract(task=task, criteria=criteria)
        return task


def claim_one(world: World, **values: Any) -> Claimed:
    """Claim the next task as the world's agent."""
    with acting(world, "agent"):
        [claimed] = claim_tasks(principal=world.agent_principal, agent=world.agent, **values)
        return claimed


def lease(world: World, execution: Execution) -> LeaseClaim:
    """Return what the world's agent shows for an execution."""
    return LeaseClaim(world.agent_principal, execution.id, lease_token(execution.id))


def started(world: World, *criteria: CriterionInput, **values: Any) -> tuple[Task, LeaseClaim]:
    """Create a task and claim it."""
    make_task(world, *criteria, **values)
    claimed = claim_one(world)
    return claimed.task, lease(world, claimed.execution)


def hand_in(world: World, claim: LeaseClaim, **values: Any) -> Evidence:
    """Hand in a run of pytest that went well, unless `values` say otherwise."""
    piece = {"source_type": "test_result", "title": "pytest", "content": "42 passed"}
    with acting(world, "agent"):
        return hand_in_evidence(claim=claim, **piece | {"data": {"command_name": "pytest", "exit_code": 0}} | values)


def complete(world: World, claim: LeaseClaim) -> Task:
    with acting(world, "agent"):
        return complete_execution(claim=claim, result={"ok": True}, summary="done")


def ask(world: World, claim: LeaseClaim, **values: Any) -> ApprovalRequest:
    """Ask for approval of a risky step."""
    question = {"kind": "pre_execution", "question": "May I format?", "action": {"command": ["ruff", "format"]}}
    with acting(world, "agent"):
        return request_approval(claim=claim, **question | values)


def proved(principal: Principal) -> Principal:
    """Return the caller as one who has just shown a password."""
    return replace(principal, proved_at=timezone.now())


def answer(
    world: World, approval: ApprovalRequest, action: str = "approve", who: str = "reviewer", **values: Any
) -> Any:
    """Decide an approval in a person's name."""
    with acting(world, who):
        return respond_to_approval(
            approval=ApprovalRequest.objects.select_related("task", "agent").get(id=approval.id),
            principal=proved(world.people[who].principal()),
            **{"action": action, "comment": "looked at it", "digest": approval.digest, **values},
        )


def run_out(world: World, execution_id: Any) -> None:
    """Let a lease run out: the clock is the database's, so its end is moved back."""
    with world.as_("system"):
        execution = Execution.objects.get(id=execution_id)
        Execution.objects.filter(id=execution_id).update(lease_expires_at="2026-01-01T00:00:00Z")
        Task.objects.filter(id=execution.task_id).update(claimable_from="2026-01-01T00:00:00Z")


DERIVED = ("agent.status_changed", "agent.erred")
"""what an agent is doing follows from the other events; `tasks/tests/test_presence.py` is about it"""


def events_of(world: World, **filters: Any) -> list[str]:
    """Return the types of the recorded events in the order they were recorded in, without the derived ones."""
    with world.as_("system"):
        found = Event.objects.filter(**filters).exclude(event_type__in=DERIVED)
        return list(found.order_by("id").values_list("event_type", flat=True))


def newest_event(world: World, event_type: str) -> Event:
    with world.as_("system"):
        return Event.objects.filter(event_type=event_type).latest("id")


def sql(world: World, statement: str, *params: Any, who: str = "system") -> list[tuple[Any, ...]]:
    """Run raw SQL as the app role in the world's tenant."""
    with world.as_(who), connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else []


def set_raw(world: World, table: str, change: str, row_id: Any = None) -> None:
    """Change rows behind the services' back: all the tenant has, or one. `change` is a literal of the test."""
    statement = f"UPDATE {table} SET {change}"  # noqa: S608  # see above
    sql(world, f"{statement} WHERE id = %s" if row_id else statement, *([row_id] if row_id else []))
