"""Work in the admin."""

from typing import Any

import pytest

from audit.models import Event
from tasks.models import ApprovalRequest, QuarantinedWrite, Task
from tests.staff import AdminPages, assert_cheap, shown_rows, signed_in, statements_of, told
from tests.work import ask, complete, events_of, hand_in, make_task, run_out, started
from tests.world import World


def pages(world: World, model: str) -> AdminPages:
    return AdminPages(signed_in(world.admin), f"tasks_{model}")


def busy(world: World) -> Task:
    """A task with an approval, and another with a quarantined write."""
    _, lost = started(world)
    run_out(world, lost.execution_id)
    with pytest.raises(Exception, match="lease"):
        complete(world, lost)
    task, claim = started(world, priority="critical")
    ask(world, claim)
    return task


@pytest.mark.parametrize("model", ["task", "execution", "approvalrequest", "quarantinedwrite"])
def test_a_change_list_is_cheap_and_asks_no_more_for_more_rows(world: World, model: str) -> None:
    busy(world)
    assert_cheap(pages(world, model))
    few = len(statements_of(pages(world, model)))
    for _ in range(3):
        make_task(world)
    busy(world)
    assert len(statements_of(pages(world, model))) == few


@pytest.mark.parametrize("model", ["execution", "approvalrequest", "quarantinedwrite"])
def test_runs_approvals_and_late_writes_are_read_only(world: World, model: str) -> None:
    busy(world)
    rows = pages(world, model)
    row = shown_rows(rows.list())[0]
    assert rows.show(row.pk).status_code == 200
    assert rows.add(status="approved").status_code == 403
    assert rows.change(row.pk, status="approved").status_code == 403
    assert rows.client.post(rows.address("delete", row.pk), {"post": "yes"}).status_code == 403
    with world.as_("system"):
        assert ApprovalRequest.objects.get().status == "pending"
        assert QuarantinedWrite.objects.count() == 1


def test_an_approval_links_to_the_page_where_it_is_decided(world: World) -> None:
    busy(world)
    rows = pages(world, "approvalrequest")
    approval = shown_rows(rows.list())[0]
    assert f"/inbox/{approval.pk}/" in rows.show(approval.pk).content.decode()


def values_of(task: Task, **changes: Any) -> dict[str, Any]:
    return {"title": task.title, "type": task.type, "priority": task.priority, "input": "{}", "labels": ""} | changes


def test_a_task_is_created_and_changed_by_services(world: World) -> None:
    tasks = pages(world, "task")
    values = {"project": str(world.project.id), "title": "From staff", "type": "bug", "kind": "task"}
    created = tasks.add(**values, priority="high", max_attempts="2", input="{}", required_capabilities="pytest")
    assert created.status_code == 302
    with world.as_("system"):
        task = Task.objects.get(title="From staff")
        assert (task.created_by_id, task.max_attempts) == (world.admin.id, 2)
        assert task.required_capabilities == ["pytest"]
    changed = tasks.change(task.id, **values_of(task, title="Renamed", status="closed", resolution="completed"))
    assert changed.status_code == 302
    with world.as_("system"):
        task = Task.objects.get(id=task.id)
        assert (task.title, task.status) == ("Renamed", "open")
        assert "title" in Event.objects.get(event_type="task.updated").body


def test_a_closed_task_is_not_changed_and_the_form_says_so(world: World) -> None:
    task, claim = started(world)
    complete(world, claim)
    answer = pages(world, "task").change(task.id, **values_of(task, title="Later"))
    assert answer.status_code == 200
    assert b"reopen it to change it" in answer.content


def test_a_running_task_is_cancelled_with_its_attempt(world: World) -> None:
    task, claim = started(world)
    hand_in(world, claim)
    pages(world, "task").run("cancel", task.id, reason="not needed")
    assert events_of(world, task_id=task.id)[-1] == "task.cancelled"
    with pytest.raises(Exception, match="ended"):
        complete(world, claim)


def test_a_refused_action_says_which_task_and_why(world: World) -> None:
    open_task = make_task(world)
    answer = pages(world, "task").run("reopen", open_task.id)
    assert open_task.title in told(answer)
    assert "cannot be reopened" in told(answer)


def test_tasks_are_found_by_key_id_and_project(world: World) -> None:
    first, second = make_task(world), make_task(world)
    tasks = pages(world, "task")
    assert [row.pk for row in shown_rows(tasks.list(f"?q=cm-{second.number}"))] == [second.id]
    assert [row.pk for row in shown_rows(tasks.list(f"?q={first.id}"))] == [first.id]
    assert len(shown_rows(tasks.list("?q=CM"))) == 2
    assert shown_rows(tasks.list("?q=nothing")) == []
