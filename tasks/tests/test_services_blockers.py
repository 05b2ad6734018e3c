"""Blockers: a task stops with a reason, and goes on with the last of them."""

import pytest

from common.errors import Conflict, LeaseLost
from tasks.models import ApprovalRequest, Blocker, Execution, Task
from tasks.services import heartbeat, open_blocker, reopen_task, report, resolve_blocker
from tests.collab import blocked, offer
from tests.work import acting, ask, claim_one, complete, events_of, make_task, started
from tests.world import World


def fresh(world: World, task: Task) -> Task:
    with world.as_("system"):
        return Task.objects.get(id=task.id)


def resolve(world: World, blocker: Blocker, resolution: str = "Started it.") -> Blocker:
    with acting(world, "engineer"):
        return resolve_blocker(blocker=blocker, principal=world.engineer.principal(), resolution=resolution)


def test_a_blocked_task_says_why_and_goes_on_once_it_is_resolved(world: World) -> None:
    task = make_task(world)
    blocker = blocked(world, task)
    assert (fresh(world, task).status, fresh(world, task).status_reason) == ("blocked", "Docker is down")
    resolved = resolve(world, blocker)
    assert (resolved.resolved_by_id, resolved.resolution) == (world.engineer.id, "Started it.")
    assert claim_one(world).task.id == task.id
    with pytest.raises(Conflict, match="resolved already"):
        resolve(world, blocker)


def test_the_last_blocker_lets_it_go_on(world: World) -> None:
    task = make_task(world)
    first, second = blocked(world, task), blocked(world, task, "No disk")
    resolve(world, first)
    assert (fresh(world, task).status, fresh(world, task).status_reason) == ("blocked", "No disk")
    resolve(world, second)
    assert fresh(world, task).status == "open"


def test_a_reason_is_open_once(world: World) -> None:
    task = make_task(world)
    blocker = blocked(world, task)
    with pytest.raises(Conflict) as refusal:
        blocked(world, task, "docker is DOWN")
    assert refusal.value.code == "blocker_open"
    resolve(world, blocker)
    blocked(world, task)
    assert events_of(world).count("blocker.opened") == 2


def test_a_running_attempt_ends_and_costs_none(world: World) -> None:
    task, claim = started(world)
    blocked(world, task)
    with world.as_("system"):
        assert Execution.objects.get().status == "cancelled"
    assert fresh(world, task).attempts_left == 3
    with pytest.raises(LeaseLost), acting(world, "agent"):
        heartbeat(claim=claim)


def test_a_parked_attempt_takes_its_question_with_it_and_nothing_is_given_back_twice(world: World) -> None:
    task, claim = started(world)
    ask(world, claim)
    blocked(world, task)
    assert fresh(world, task).attempts_left == 3
    with world.as_("system"):
        assert ApprovalRequest.objects.get().status == "cancelled"


def test_an_agent_says_what_stands_in_its_way(world: World) -> None:
    task, claim = started(world)
    with acting(world, "agent"):
        report(claim=claim, what="blocker", reason="No network", unblock_steps="Plug it in.")
    assert (fresh(world, task).status, fresh(world, task).status_reason) == ("blocked", "No network")


def test_a_blocked_task_is_not_reopened_past_its_blocker(world: World) -> None:
    task = make_task(world)
    blocker = blocked(world, task)
    with pytest.raises(Conflict) as refusal, acting(world, "engineer"):
        reopen_task(task=task, reason="I want it")
    assert refusal.value.code == "blocked"
    resolve(world, blocker)


def test_what_waits_for_a_handoff_too_still_waits(world: World) -> None:
    task = make_task(world)
    offer(world, task)
    resolve(world, blocked(world, task))
    assert (fresh(world, task).status, fresh(world, task).claimable_from) == ("open", None)


def test_what_is_done_or_in_review_is_not_blocked(world: World) -> None:
    task, claim = started(world)
    complete(world, claim)
    with pytest.raises(Conflict) as refusal, acting(world, "engineer"):
        open_blocker(task=task, reason="late")
    assert refusal.value.code == "not_blockable"
