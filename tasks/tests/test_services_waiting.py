"""What a task waits for: dependencies and handoffs, who is woken and who is held back again."""

from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from common.errors import Conflict, Invalid
from projects.services import create_project
from tasks.models import Handoff, Task, TaskDependency, TaskStatus
from tasks.services import (
    add_dependency,
    cancel_task,
    close_task,
    create_task,
    delete_task,
    remove_dependency,
    reopen_task,
    restore_task,
)
from tasks.services.waiting import holds_of, recount_all
from tests.threads import together
from tests.work import acting, claim_one, complete, events_of, lease, make_task, newest_event
from tests.world import World

MOMENT = "2026-11-21T00:00:00Z"


def reload(world: World, task: Task) -> Task:
    with world.as_("system"):
        return Task.all_objects.select_related("project").get(id=task.id)


def claimable(world: World) -> list[Task]:
    with world.as_("agent"):
        return list(Task.objects.claimable_by(world.agent_principal, []))


def wait_for(world: World, task: Task, *firsts: Task, **values: Any) -> None:
    with acting(world, "engineer"):
        for first in firsts:
            add_dependency(task=task, depends_on=first, **values)


def done(world: World, task: Task) -> None:
    with acting(world, "engineer"):
        close_task(task=task, resolution="completed", reason="done")


def words(world: World, task: Task) -> list[str]:
    with world.as_("system"):
        return [hold.words for hold in holds_of([task.id])[task.id]]


def state(world: World, task: Task) -> tuple[int, bool]:
    found = reload(world, task)
    return found.waiting_on, found.claimable_from is not None


def test_a_task_waits_for_each_of_its_dependencies(world: World) -> None:
    task, first, second = make_task(world), make_task(world), make_task(world)
    wait_for(world, task, first, second, reason="needs the schema")
    assert state(world, task) == (2, False)
    assert words(world, task) == ["Waits for CM-2 (needs the schema).", "Waits for CM-3 (needs the schema)."]
    done(world, first)
    assert state(world, task) == (1, False)
    done(world, second)
    assert state(world, task) == (0, True)
    added, waits, woken = "task.dependency_added", "task.waiting", "task.unblocked"
    assert events_of(world, task_id=task.id) == ["task.created", added, waits, added, woken]


def test_an_accepted_result_wakes_what_waited_for_it_in_the_same_transaction(world: World) -> None:
    first = make_task(world)
    task = make_task(world)
    wait_for(world, task, first)
    claimed = claim_one(world)
    assert claimed.task == first
    before = len(events_of(world))
    complete(world, lease(world, claimed.execution))
    assert events_of(world)[before:] == ["execution.succeeded", "task.closed", "task.unblocked"]
    assert claim_one(world).task == task


def test_nothing_is_claimed_that_waits(world: World) -> None:
    task, first = make_task(world), make_task(world, status="draft")
    wait_for(world, task, first)
    assert not claimable(world)


def test_a_dependency_added_to_running_work_holds_the_next_attempt_back(world: World) -> None:
    task = make_task(world)
    claimed = claim_one(world)
    first = make_task(world, status="draft")
    wait_for(world, task, first)
    with world.as_("system"):
        Task.objects.filter(id=task.id).update(claimable_from="2026-01-01T00:00:00Z")
    assert not claimable(world)
    assert complete(world, lease(world, claimed.execution)).status == TaskStatus.CLOSED


@pytest.mark.parametrize("resolution", ["cancelled", "failed", "duplicate", "wont_fix"])
def test_a_prerequisite_that_was_given_up_holds_on_and_says_so(world: World, resolution: str) -> None:
    task, first = make_task(world), make_task(world)
    wait_for(world, task, first)
    with acting(world, "engineer"):
        close_task(task=first, resolution=resolution, reason="no")
    assert state(world, task) == (1, False)
    [why] = words(world, task)
    assert why.startswith("CM-2 was closed as ")
    assert "reopen it, or remove the dependency" in why
    assert newest_event(world, "task.prerequisite_lost").reason == why


def test_a_deleted_prerequisite_holds_on_until_it_is_restored_and_done(world: World) -> None:
    task, first = make_task(world), make_task(world)
    wait_for(world, task, first)
    with acting(world, "engineer"):
        delete_task(task=first, reason="by mistake")
    assert words(world, task) == ["CM-2 was deleted: restore it, or remove the dependency."]
    with acting(world, "engineer"):
        restore_task(task=first, reason="sorry")
    done(world, first)
    assert state(world, task) == (0, True)


def test_removing_the_last_dependency_wakes_the_task(world: World) -> None:
    task, first = make_task(world), make_task(world)
    wait_for(world, task, first)
    with acting(world, "engineer"):
        remove_dependency(dependency=TaskDependency.objects.get(), reason="not needed")
    assert state(world, task) == (0, True)
    assert events_of(world, task_id=task.id)[-2:] == ["task.dependency_removed", "task.unblocked"]


def test_reopening_holds_back_what_has_not_begun_and_leaves_the_rest(world: World) -> None:
    first = make_task(world)
    begun, idle, closed = make_task(world), make_task(world), make_task(world)
    for task in (begun, idle, closed):
        wait_for(world, task, first)
    done(world, first)
    assert claim_one(world).task == begun
    done(world, closed)
    with acting(world, "engineer"):
        reopen_task(task=first, reason="again")
    assert state(world, idle) == (1, False)
    assert (reload(world, begun).waiting_on, reload(world, closed).waiting_on) == (0, 0)


def test_what_depends_on_something_done_does_not_wait(world: World) -> None:
    task, first = make_task(world), make_task(world)
    done(world, first)
    wait_for(world, task, first)
    assert state(world, task) == (0, True)


def test_related_tasks_do_not_wait_for_each_other(world: World) -> None:
    task, other = make_task(world), make_task(world)
    wait_for(world, task, other, kind="relates")
    wait_for(world, other, task, kind="relates")
    assert state(world, task) == (0, True)


def test_a_cycle_is_refused_however_long(world: World) -> None:
    tasks = [make_task(world) for _ in range(4)]
    for first, second in pairwise(tasks):
        wait_for(world, second, first)
    for task in tasks:
        with pytest.raises(Invalid) as refusal:
            wait_for(world, tasks[0], task)
        assert refusal.value.code == "cycle"
        assert "depends_on" in refusal.value.extra["errors"]


def test_an_edge_is_made_once_within_one_project_and_not_for_closed_tasks(world: World) -> None:
    task, first, closed = make_task(world), make_task(world), make_task(world)
    wait_for(world, task, first)
    done(world, closed)
    with acting(world, "engineer"):
        other = create_project(owner=world.engineer, name="Other", key="OTH", slug="other")
        foreign = create_task(project=other, title="foreign")
    for refused, on, error in ((task, first, Conflict), (closed, first, Conflict), (task, foreign, Invalid)):
        with pytest.raises(error):
            wait_for(world, refused, on)


def offer(world: World, task: Task, **values: Any) -> Handoff:
    with world.as_("engineer"):
        handoff: Handoff = Handoff.objects.create(
            project=world.project,
            task=task,
            from_agent=world.agent,
            to_user=world.reviewer,
            phase="coding",
            **{"status": "pending", "offered_at": MOMENT, "summary": "Half of it.", "gotchas": "None."} | values,
        )
        recount_all([task.id])
    return handoff


def test_a_handoff_holds_its_task_until_it_is_accepted(world: World) -> None:
    task = make_task(world)
    offer(world, task, status="draft", offered_at=None, summary="", gotchas="")
    assert state(world, task) == (0, True)
    handoff = offer(world, task)
    assert state(world, task) == (1, False)
    assert words(world, task) == ["The handoff to its next worker is not answered yet."]
    with world.as_("reviewer"):
        seen = ("log_read_at", "commits_reviewed_at", "blockers_checked_at", "answered_at")
        Handoff.objects.filter(id=handoff.id).update(status="accepted", **dict.fromkeys(seen, MOMENT))
        recount_all([task.id])
    assert state(world, task) == (0, True)


def test_holds_of_many_tasks_cost_the_same_queries(world: World, django_assert_max_num_queries: Any) -> None:
    first = make_task(world)
    tasks = [make_task(world) for _ in range(5)]
    for task in tasks:
        wait_for(world, task, first)
    with world.as_("system"), django_assert_max_num_queries(4):
        assert all(len(holds) == 1 for holds in holds_of([task.id for task in tasks]).values())


def test_two_edges_that_would_close_a_cycle_do_not_both_come_in(committed_world: World) -> None:
    one, two = make_task(committed_world), make_task(committed_world)

    def edge(task: Task, first: Task) -> Any:
        try:
            wait_for(committed_world, task, first)
        except Invalid as refusal:
            return refusal.code
        return "added"

    outcomes = together(lambda: edge(one, two), lambda: edge(two, one))
    assert sorted(outcomes) == ["added", "cycle"]


def test_two_that_close_at_once_wake_what_waited_for_both(committed_world: World) -> None:
    for _ in range(5):
        task, first, second = (make_task(committed_world) for _ in range(3))
        wait_for(committed_world, task, first, second)
        together(partial(done, committed_world, first), partial(done, committed_world, second))
        assert state(committed_world, task) == (0, True)
        assert events_of(committed_world, task_id=task.id).count("task.unblocked") == 1
        with committed_world.as_("engineer"):
            cancel_task(task=task, reason="seen")
