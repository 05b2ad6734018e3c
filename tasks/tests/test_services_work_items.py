"""Tasks: making, changing, cancelling, reopening."""

from collections.abc import Callable
from typing import Any

import pytest

from common.errors import Conflict, Invalid, LeaseLost
from projects.services import create_plan, create_project
from tasks.models import ApprovalRequest, Execution, Task, TaskStatus
from tasks.services import cancel_task, create_task, reopen_task, update_task
from tests.work import answer, ask, claim_one, complete, events_of, hand_in, make_task, newest_event, started
from tests.world import World


def reload(world: World, task: Task) -> Task:
    with world.as_("system"):
        return Task.objects.select_related("project").get(id=task.id)


def test_a_new_task_is_open_claimable_and_has_the_next_number(world: World) -> None:
    first, second = make_task(world), make_task(world)
    assert [first.number, second.number, second.key] == [1, 2, "CM-2"]
    assert (first.status, first.attempts_left) == (TaskStatus.OPEN, 3)
    assert first.claimable_from
    event = newest_event(world, "task.created")
    assert (event.resource_label, event.task_id, event.body) == ("CM-2 work", second.id, '{"key":"CM-2","type":"task"}')


def test_a_draft_waits_for_a_person(world: World) -> None:
    task = make_task(world, status="draft")
    assert task.claimable_from is None
    with world.as_("engineer"):
        reopen_task(task=task, reason="ready")
    assert claim_one(world).task == task


@pytest.mark.parametrize("status", ["closed", "in_progress", "blocked", "nonsense"])
def test_a_task_starts_open_or_as_a_draft(world: World, status: str) -> None:
    with pytest.raises(Invalid) as refusal:
        make_task(world, status=status)
    assert "status" in refusal.value.extra["errors"]


def test_a_plan_of_another_project_is_refused_at_creation_and_later(world: World) -> None:
    task = make_task(world)
    with world.as_("engineer"):
        other = create_project(owner=world.engineer, name="Other", key="OTH", slug="other")
        plan = create_plan(project=other, name="Plan")
        with pytest.raises(Invalid):
            create_task(project=world.project, title="t", plan=plan)
        with pytest.raises(Invalid):
            update_task(task=task, plan=plan)


def test_a_change_records_what_differs_and_leaves_the_state_alone(world: World) -> None:
    task = make_task(world)
    with world.as_("engineer"):
        update_task(task=task, title="work", priority="medium")
    assert "task.updated" not in events_of(world)
    with world.as_("engineer"):
        update_task(task=task, title="better", status="closed", attempts_left=99, reason="clearer")
    changed = reload(world, task)
    assert (changed.title, changed.status, changed.attempts_left) == ("better", TaskStatus.OPEN, 3)
    event = newest_event(world, "task.updated")
    assert (event.body, event.reason) == ('{"changed":["title"]}', "clearer")


def test_a_closed_task_is_not_changed_or_cancelled(world: World) -> None:
    task, claim = started(world)
    complete(world, claim)
    changes: list[Callable[[], Any]] = [
        lambda: update_task(task=task, title="x"),
        lambda: cancel_task(task=task, reason="x"),
    ]
    for change in changes:
        with world.as_("engineer"), pytest.raises(Conflict) as refusal:
            change()
        assert refusal.value.code == "task_closed"


def test_cancelling_takes_the_lease_and_withdraws_the_question(world: World) -> None:
    task, claim = started(world)
    approval = ask(world, claim)
    before = len(events_of(world))
    with world.as_("engineer"):
        cancel_task(task=task, reason="not needed")
        execution = Execution.objects.get(id=claim.execution_id)
        assert (execution.status, bool(execution.ended_at)) == ("cancelled", True)
        assert ApprovalRequest.objects.get(id=approval.id).status == "cancelled"
    assert events_of(world)[before:] == ["execution.cancelled", "approval.cancelled", "task.cancelled"]
    cancelled = reload(world, task)
    assert (cancelled.resolution, cancelled.claimable_from) == ("cancelled", None)
    with pytest.raises(LeaseLost):
        hand_in(world, claim)
    with pytest.raises(Conflict) as refusal:
        answer(world, approval)
    assert refusal.value.code == "already_decided"


def test_a_cancelled_task_is_reopened_with_its_attempts_renewed(world: World) -> None:
    task, _ = started(world, max_attempts=1)
    with world.as_("engineer"):
        cancel_task(task=task, reason="oops")
        reopened = reopen_task(task=task, reason="sorry")
    assert (reopened.status, reopened.resolution, reopened.closed_at) == (TaskStatus.OPEN, None, None)
    assert (reopened.attempts_left, reopened.attempt) == (1, 1)
    assert claim_one(world).execution.attempt == 2


def test_open_running_and_accepted_tasks_are_not_reopened(world: World) -> None:
    def refused(task: Task) -> Any:
        with world.as_("engineer"), pytest.raises(Conflict) as refusal:
            reopen_task(task=task, reason="again")
        return refusal.value.code

    open_task = make_task(world)
    assert refused(open_task) == "not_reopenable"
    claimed = claim_one(world)
    assert refused(claimed.task) == "not_reopenable"
    task, claim = started(world)
    complete(world, claim)
    assert refused(task) == "not_reopenable"
