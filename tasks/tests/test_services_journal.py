"""Comments, checklists and the journal."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from common.errors import Conflict, Forbidden, Invalid, LeaseLost
from tasks.models import ChecklistItem, Comment, QuarantinedWrite, Task, WorkLogEntry
from tasks.services import (
    add_comment,
    change_checklist_item,
    delete_comment,
    edit_comment,
    log_work,
    move_file,
    order_checklist,
    record_commit,
    record_file_change,
    remove_checklist_item,
    report,
    settle_commit,
    tick_checklist_item,
)
from tests.collab import comment, commit, line, planned
from tests.work import acting, hand_in, make_task, newest_event, run_out, sql, started
from tests.world import World


def test_a_comment_keeps_its_row_when_it_is_deleted(world: World) -> None:
    task = make_task(world)
    first = comment(world, task)
    reply = comment(world, task, reply_to=first)
    with acting(world, "engineer"):
        delete_comment(comment=first)
        assert list(Comment.objects.all()) == [reply]
        assert Comment.objects.select_related("reply_to").get().reply_to == first
        with pytest.raises(Conflict):
            edit_comment(comment=first, content="again")
    with pytest.raises(Invalid):
        comment(world, task, reply_to=Comment(id=first.id, task_id=task.id, deleted_at="2026-01-01"))


def test_an_edit_shows_and_the_log_does_not_hold_the_words(world: World) -> None:
    said = comment(world, make_task(world), content="my e-mail is a@example.org")
    with acting(world, "engineer"):
        assert edit_comment(comment=said, content="never mind").edited_at
    assert "example.org" not in newest_event(world, "comment.added").body
    assert "never" not in newest_event(world, "comment.edited").body


def test_a_reply_stays_in_its_conversation(world: World) -> None:
    elsewhere = comment(world, make_task(world))
    with pytest.raises(Invalid):
        comment(world, make_task(world), reply_to=elsewhere)


def test_a_comment_is_of_a_person_or_an_agent(world: World) -> None:
    said = comment(world, make_task(world))
    with pytest.raises(IntegrityError, match="author"), transaction.atomic():
        sql(world, "UPDATE tasks_comment SET author_id = NULL WHERE id = %s", said.id)


REPORTS: list[tuple[str, dict[str, Any]]] = [
    ("comment", {"content": "Half way."}),
    ("work_log", {"text": "Began."}),
    ("commit", {"message": "Fix", "hash": "c" * 40}),
    ("file_change", {"path": "a.py", "change": "modified"}),
]


@pytest.mark.parametrize(("what", "values"), REPORTS, ids=[what for what, _ in REPORTS])
def test_an_agent_reports_under_its_lease_and_a_late_report_is_kept(
    world: World, what: str, values: dict[str, Any]
) -> None:
    task, claim = started(world)
    with acting(world, "agent"):
        row = report(claim=claim, what=what, **values)
    assert (row.task_id, row.agent_id) == (task.id, world.agent.id)
    run_out(world, claim.execution_id)
    with pytest.raises(LeaseLost), acting(world, "agent"):
        report(claim=claim, what=what, **values)
    with world.as_("system"):
        assert QuarantinedWrite.objects.get().payload == {"what": what, **values}


def test_a_wrong_token_reports_nothing(world: World) -> None:
    _, claim = started(world)
    with pytest.raises(Forbidden), acting(world, "agent"):
        report(claim=type(claim)(claim.principal, claim.execution_id, "x"), what="work_log", text="t")


def test_lines_are_ticked_with_evidence_and_say_who(world: World) -> None:
    task, claim = started(world)
    item, evidence = line(world, task), hand_in(world, claim)
    with acting(world, "engineer"):
        done = tick_checklist_item(item=item, principal=world.engineer.principal(), done=True, evidence=evidence)
        assert (done.done_by_user_id, bool(done.done_at), done.evidence_id) == (world.engineer.id, True, evidence.id)
        with pytest.raises(Conflict):
            change_checklist_item(item=item, text="Something else")
        with pytest.raises(Conflict):
            remove_checklist_item(item=item)
        undone = tick_checklist_item(item=item, principal=world.engineer.principal(), done=False)
        assert (undone.done_at, undone.evidence_id) == (None, None)
    with acting(world, "agent"):
        assert report(claim=claim, what="checklist", item=item.id, done=True).done_by_agent_id == world.agent.id


def test_lines_change_places(world: World) -> None:
    task = make_task(world)
    first, second = line(world, task, "one"), line(world, task, "two")
    with acting(world, "engineer"):
        order_checklist(target=task, item_ids=[second.id, first.id])
        assert list(ChecklistItem.objects.values_list("text", flat=True)) == ["two", "one"]
        with pytest.raises(Invalid):
            order_checklist(target=task, item_ids=[second.id, second.id])


def test_a_line_of_another_task_is_unknown_to_a_lease(world: World) -> None:
    elsewhere = line(world, make_task(world, status="draft"))
    _, claim = started(world)
    with pytest.raises(Invalid), acting(world, "agent"):
        report(claim=claim, what="checklist", item=elsewhere.id, done=True)


@pytest.mark.parametrize("change", ["UPDATE tasks_worklogentry SET text = 'x'", "DELETE FROM tasks_worklogentry"])
def test_the_work_log_is_append_only(world: World, change: str) -> None:
    task = make_task(world)
    with acting(world, "engineer"):
        log_work(principal=world.engineer.principal(), task=task, text="Began.")
    with pytest.raises(Exception, match=r"append-only|permission denied"), transaction.atomic():
        sql(world, change)
    with world.as_("system"):
        assert WorkLogEntry.objects.get().text == "Began."


def test_a_commit_waits_for_its_hash_and_has_one_for_ever(world: World) -> None:
    pending = commit(world, make_task(world))
    with acting(world, "engineer"):
        assert settle_commit(commit=pending, hash="d" * 40).committed_at
        with pytest.raises(Conflict, match="has its hash"):
            settle_commit(commit=pending, hash="e" * 40)
        with pytest.raises(Conflict, match="known already"):
            record_commit(principal=world.engineer.principal(), project=world.project, message="m", hash="d" * 40)


def test_a_tasks_counts_follow_its_files(world: World) -> None:
    task = make_task(world)
    file = planned(world, task)
    with acting(world, "engineer"):
        who = world.engineer.principal()
        record_file_change(principal=who, task=task, path="b.py", change="modified", lines_added=5, lines_deleted=2)
        counted = Task.objects.get(id=task.id)
        assert (counted.files_changed, counted.lines_added, counted.lines_deleted) == (1, 5, 2)
        move_file(file=file, status="done")
        move_file(file=file, status="reviewed")
        assert Task.objects.get(id=task.id).files_changed == 2
        with pytest.raises(Conflict):
            move_file(file=file, status="done")


def test_an_agents_comment_says_so(world: World) -> None:
    task, claim = started(world)
    with acting(world, "agent"):
        said = add_comment(task=task, principal=claim.principal, content="I am a machine.")
    assert (said.agent_id, said.author_id, said.is_ai_generated) == (world.agent.id, None, True)
