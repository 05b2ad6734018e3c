"""Nothing begins before what it waits for is done, and everything does afterwards."""

from typing import Any

from tasks.models import Task
from tasks.services import add_dependency, claim_tasks, close_task, create_task
from tests.world import World


def check_waiting(world: World) -> None:
    """Two prerequisites, one waiting task, and one that gets its prerequisite while it is being worked on."""
    with world.as_("engineer"):
        task, first, second = (create_task(project=world.project, title=title) for title in "abc")
        for each in (first, second):
            add_dependency(task=task, depends_on=each)
        finish(first)
        assert waits(task) == 1, "what is left was not counted"
        finish(second)
        assert waits(task) == 0, "nobody woke the task"
    assert claimed(world) == [task.id], "the task was not to be had"
    with world.as_("engineer"):
        late = create_task(project=world.project, title="d", status="draft")
        add_dependency(task=task, depends_on=late)
    with world.as_("system"):
        Task.objects.filter(id=task.id).update(claimable_from="2026-01-01T00:00:00Z")
    assert claimed(world) == [], "claimed although it waits"


def finish(task: Task) -> None:
    close_task(task=task, resolution="completed", reason="done")


def waits(task: Task) -> int:
    return Task.objects.values_list("waiting_on", flat=True).get(id=task.id)


def claimed(world: World) -> list[Any]:
    with world.as_("agent"):
        return [given.task.id for given in claim_tasks(principal=world.agent_principal, agent=world.agent)]
