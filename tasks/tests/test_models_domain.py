"""What the database refuses of the rest of work, whoever writes it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, transaction
from django.utils import timezone

from tasks.models import (
    Assignment,
    Attachment,
    Blocker,
    ChecklistItem,
    Comment,
    CommitRecord,
    FileChange,
    Handoff,
    StandingRule,
    Task,
    TaskDependency,
    WorkLogEntry,
)
from tests.work import make_task, sql
from tests.world import World


def values(world: World, task: Task) -> dict[type[Any], dict[str, Any]]:
    """Return a good row of each model."""
    user, agent, now = world.admin, world.agent, timezone.now()
    return {
        Assignment: {"project": world.project, "task": task, "user": user, "role": "primary"},
        Attachment: {"task": task, "file_name": "a.txt", "size": 1, "sha256": "a" * 64, "uploaded_by": user},
        Blocker: {"task": task, "reason": "Docker is off"},
        ChecklistItem: {"project": world.project, "task": task, "ordinal": 1, "text": "Push"},
        Comment: {"task": task, "author": user, "content": "Hm."},
        CommitRecord: {"project": world.project, "message": "Fix.", "agent": agent},
        FileChange: {"project": world.project, "path": "a.py", "change": "created", "agent": agent},
        Handoff: {
            "project": world.project,
            "task": task,
            "from_agent": agent,
            "to_user": user,
            "phase": "coding",
            "summary": "Done.",
            "gotchas": "None.",
            "status": "pending",
            "offered_at": now,
        },
        StandingRule: {
            "project": world.project,
            "kind": "question",
            "answer": "approve",
            "reason": "Routine",
            "expires_at": now + timedelta(days=1),
            "created_by": user,
        },
        TaskDependency: {"task": task, "depends_on": make_task(world)},
        WorkLogEntry: {"project": world.project, "text": "Began.", "user": user},
    }


@pytest.mark.parametrize(
    ("model", "change", "constraint"),
    [
        (Assignment, {"task": None}, "target"),
        (Assignment, {"user": None}, "assignee"),
        (Attachment, {"sha256": "A" * 64}, "sha256"),
        (Attachment, {"size": 2**40}, "size_limit"),
        (Attachment, {"file_name": "../a"}, "file_name"),
        (Attachment, {"is_evidence": True}, "evidence"),
        (Blocker, {"resolved_at": timezone.now()}, "resolved"),
        (ChecklistItem, {"done": True}, "done"),
        (ChecklistItem, {"task": None}, "target"),
        (Comment, {"author": None}, "author"),
        (Comment, {"content": "x" * 70_000}, "content"),
        (Comment, {"content_type": "html"}, "content_type"),
        (CommitRecord, {"hash": "HEAD", "committed_at": timezone.now()}, "hash_form"),
        (CommitRecord, {"hash": "a" * 40}, "committed"),
        (FileChange, {"change": "renamed"}, "change"),
        (Handoff, {"gotchas": ""}, "offered"),
        (Handoff, {"status": "accepted", "answered_at": timezone.now()}, "acknowledged"),
        (Handoff, {"status": "rejected", "answered_at": timezone.now()}, "rejected_reason"),
        (StandingRule, {"kind": None}, "narrow"),
        (StandingRule, {"highest_risk": "critical"}, "not_critical"),
        (StandingRule, {"uses": 2, "max_uses": 1}, "uses_left"),
        (TaskDependency, {"kind": "relates", "satisfied_at": timezone.now()}, "satisfied"),
        (WorkLogEntry, {"user": None}, "actor"),
    ],
)
def test_half_a_row_is_refused(world: World, model: type[Any], change: dict[str, Any], constraint: str) -> None:
    task = make_task(world)
    with world.as_("admin"):
        good = values(world, task)[model]
        name = f"{model._meta.db_table}_{constraint}"
        with pytest.raises(Error, match=name), transaction.atomic():
            model.objects.create(**good | change)
        model.objects.create(**good)


@pytest.mark.parametrize("model", [Assignment, Blocker, TaskDependency])
def test_the_same_is_not_said_twice(world: World, model: type[Any]) -> None:
    task = make_task(world)
    with world.as_("admin"):
        good = values(world, task)[model]
        model.objects.create(**good)
        with pytest.raises(Error, match=r"_once|_one_open"), transaction.atomic():
            model.objects.create(**good)


@pytest.mark.parametrize(("role", "sees"), [("admin", 1), ("engineer", 1), ("stranger", 0)])
def test_rows_are_seen_with_their_project(world: World, role: str, sees: int) -> None:
    task = make_task(world)
    with world.as_("admin"):
        rows = [model.objects.create(**good) for model, good in values(world, task).items()]
        principal = getattr(world, role).principal()
        counts = {type(row).__name__: type(row).objects.visible_to(principal).count() for row in rows}
        assert set(counts.values()) == {sees}, counts


def test_with_a_deleted_task_what_is_about_it_is_gone(world: World) -> None:
    task = make_task(world)
    with world.as_("admin"):
        good = values(world, task)
        for model in (Comment, Attachment, Blocker, Assignment, Handoff):
            model.objects.create(**good[model])
    sql(world, "UPDATE tasks_task SET deleted_at = now() WHERE id = %s", task.id)
    with world.as_("admin"):
        principal = world.admin.principal()
        assert not Task.objects.filter(id=task.id).exists()
        assert Task.all_objects.filter(id=task.id).exists()
        for model in (Comment, Attachment, Blocker, Assignment, Handoff):
            assert not model.objects.visible_to(principal).exists()


def test_labels_are_searched_by_the_function_that_sees_the_index(world: World, other_world: World) -> None:
    both, one = make_task(world), make_task(world)
    foreign = make_task(other_world)
    sql(world, "UPDATE tasks_task SET labels = '{api,slow}' WHERE id = %s", both.id)
    sql(world, "UPDATE tasks_task SET labels = '{api}' WHERE id = %s", one.id)
    sql(other_world, "UPDATE tasks_task SET labels = '{api}' WHERE id = %s", foreign.id)
    with world.as_("admin"):
        assert set(Task.objects.labelled(["api", "slow"], with_all=False)) == {both, one}
        assert set(Task.objects.labelled(["api", "slow"], with_all=True)) == {both}
