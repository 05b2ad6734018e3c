"""Work in the admin."""

from typing import Any

import pytest

from audit.models import Event
from tasks.models import ApprovalRequest, Assignment, Execution, QuarantinedWrite, Task, TaskDependency
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


MODELS = ("task", "taskdependency", "assignment", "execution", "executionlog", "approvalrequest", "quarantinedwrite")


@pytest.mark.parametrize("model", MODELS)
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


# What a form of a task holds before anybody fills it in.
BLANK = {
    **{"kind": "task", "max_attempts": 3, "input": "{}", "metadata": "{}", "ai_analysis": "{}", "ai_suggestions": "[]"},
    **dict.fromkeys(("files_changed", "lines_added", "lines_deleted"), 0),
    **{"soft_timeout_seconds": 1500, "hard_timeout_seconds": 1800, "inactivity_seconds": 300},
}


def values_of(task: Task, **changes: Any) -> dict[str, Any]:
    return BLANK | {"title": task.title, "type": task.type, "priority": task.priority, "labels": ""} | changes


def test_a_task_is_created_and_changed_by_services(world: World) -> None:
    tasks = pages(world, "task")
    values = BLANK | {"project": str(world.project.id), "title": "From staff", "type": "bug", "max_attempts": 2}
    created = tasks.add(**values, priority="high", required_capabilities="pytest")
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


def test_runs_are_stopped_and_their_leases_taken_by_actions(world: World) -> None:
    _, first = started(world)
    _, second = started(world, title="second")
    runs = pages(world, "execution")
    runs.run("cancel", first.execution_id)
    runs.run("release_lease", second.execution_id)
    with world.as_("system"):
        stopped, taken = (Execution.objects.select_related("task").get(id=c.execution_id) for c in (first, second))
        assert (stopped.status, stopped.directive) == ("running", "stop")
        assert (taken.status, taken.task.status) == ("cancelled", "open")


def test_tasks_are_found_by_key_and_title_deleted_and_restored(world: World) -> None:
    task = make_task(world, title="Fix the relay")
    make_task(world, title="A fix")
    rows = pages(world, "task")
    for query in ("?q=Fix", "?q=CM-1", f"?q={task.id}"):
        assert [row.pk for row in shown_rows(rows.list(query))] == [task.pk], query
    rows.run("delete_softly", task.pk)
    with world.as_("system"):
        assert not Task.objects.filter(id=task.id).exists()
    assert rows.show(task.pk).status_code == 200
    rows.run("restore", task.pk)
    with world.as_("system"):
        assert Task.objects.filter(id=task.id).exists()


def test_dependencies_and_assignments_are_made_and_ended(world: World) -> None:
    task, first = make_task(world), make_task(world)
    edges, roles = pages(world, "taskdependency"), pages(world, "assignment")
    assert edges.add(task=task.id, depends_on=first.id, kind="blocks").status_code == 302
    assert b"waits for" in edges.add(task=first.id, depends_on=task.id, kind="blocks").content
    assert roles.add(task=task.id, agent=world.agent.id, role="primary", scope="").status_code == 302
    with world.as_("system"):
        edge, role = TaskDependency.objects.get(), Assignment.objects.get()
    edges.run("remove", edge.pk)
    roles.run("end", role.pk)
    with world.as_("system"):
        assert not TaskDependency.objects.exists()
        assert Assignment.objects.get().ended_at
        assert Task.objects.get(id=task.id).waiting_on == 0
