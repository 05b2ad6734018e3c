"""What is said and done about work, in the admin."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import Event
from tasks.models import Attachment, Blocker, ChecklistItem, Comment, Handoff, StandingRule, Task
from tasks.services import log_work, record_commit, record_file_change, use_as_evidence
from tests.collab import about_budget, attach, blocked, comment, line, offer, standing_rule
from tests.staff import AdminPages, signed_in, told
from tests.work import acting, answer, make_task, newest_event
from tests.world import World


def pages(world: World, model: str) -> AdminPages:
    return AdminPages(signed_in(world.admin), f"tasks_{model}")


def test_a_standing_rule_is_withdrawn_with_its_reason_in_the_log(world: World) -> None:
    rule, rules = standing_rule(world), pages(world, "standingrule")
    assert "done for 1" in told(rules.run("revoke", rule.id, reason="too wide"))
    assert "revoked already" in told(rules.run("revoke", rule.id))
    assert newest_event(world, "standing_rule.revoked").reason == "too wide"
    with world.as_("system"):
        assert StandingRule.objects.get().revoked_by_id == world.admin.id


def test_a_blocker_is_opened_with_the_forms_reason_and_resolved_with_the_actions(world: World) -> None:
    task, blockers = make_task(world), pages(world, "blocker")
    assert blockers.add(task=task.id, commands="", reason="Docker is down").status_code == 302
    assert b"at most 500 characters" in blockers.add(task=task.id, commands="", reason="x" * 501).content
    with world.as_("system"):
        blocker = Blocker.objects.get(reason="Docker is down")
        assert Task.objects.get(id=task.id).status == "blocked"
    assert "done for 1" in told(blockers.run("resolve", blocker.id, reason="Restarted it"))
    assert "resolved already" in told(blockers.run("resolve", blocker.id))
    with world.as_("system"):
        found = Blocker.objects.get(id=blocker.id)
        assert (found.resolution, found.resolved_by_id) == ("Restarted it", world.admin.id)
        assert Task.objects.get(id=task.id).status == "open"


def test_comments_and_files_are_deleted_but_evidence_stays(world: World) -> None:
    task = make_task(world)
    said, file, proof = comment(world, task), attach(world, task), attach(world, task, content=b"proof")
    with acting(world, "engineer"):
        use_as_evidence(attachment=proof, principal=world.engineer.principal())
    assert "done for 1" in told(pages(world, "comment").run("remove", said.id, reason="rude"))
    files = told(pages(world, "attachment").run("remove", file.id, proof.id, reason="not ours"))
    assert "done for 1" in files
    assert "that is evidence stays" in files
    with world.as_("system"):
        assert not Comment.objects.exists()
        assert [row.id for row in Attachment.objects.all()] == [proof.id]
        reasons = Event.objects.filter(event_type__in=["comment.deleted", "attachment.deleted"]).order_by("id")
        assert [event.reason for event in reasons] == ["rude", "not ours"]


def test_nobody_puts_words_into_anothers_mouth(world: World) -> None:
    said, comments = comment(world, make_task(world)), pages(world, "comment")
    assert comments.show(said.id).status_code == 200
    assert comments.change(said.id, content="I was wrong.").status_code == 403
    assert comments.add(content="Me again.").status_code == 403


def test_lines_of_a_checklist_are_added_reworded_ticked_and_removed(world: World) -> None:
    task, lines = make_task(world), pages(world, "checklistitem")
    assert lines.add(task=task.id, gate="", text="Look").status_code == 302
    assert b"Name a task or a gate" in lines.add(task="", gate="", text="Nowhere").content
    with world.as_("system"):
        item = ChecklistItem.objects.get()
    assert lines.change(item.id, text="Look closely").status_code == 302
    lines.run("tick", item.id)
    assert "untick it first" in told(lines.run("remove", item.id))
    with world.as_("system"):
        item.refresh_from_db()
        assert (item.text, item.done_by_user_id) == ("Look closely", world.admin.id)
    lines.run("untick", item.id)
    lines.run("remove", item.id)
    with world.as_("system"):
        assert not ChecklistItem.objects.exists()


def test_a_handoff_that_nobody_answers_is_refused_so_that_work_goes_on(world: World) -> None:
    handoff = offer(world, make_task(world))
    assert "done for 1" in told(pages(world, "handoff").run("reject", handoff.id, reason="She is on leave"))
    with world.as_("system"):
        found = Handoff.objects.get()
        assert (found.status, found.rejected_reason) == ("rejected", "She is on leave")
        assert Task.objects.get().waiting_on == 0


def journal(world: World, task: Task) -> None:
    by: dict[str, Any] = {"principal": world.engineer.principal(), "task": task}
    with acting(world, "engineer"):
        log_work(**by, text="Began.")
        commit = record_commit(**by, message="Soon")
        record_file_change(**by, commit=commit, path="a.py", change="created")


@pytest.mark.parametrize("model", ["worklogentry", "commitrecord", "filechange", "approvalresponse"])
def test_what_was_done_and_answered_is_only_read(world: World, model: str) -> None:
    journal(world, make_task(world))
    answer(world, about_budget(world), who="engineer")
    rows = pages(world, model)
    [row] = rows.list().context["cl"].result_list
    assert b'name="_save"' not in rows.show(row.pk).content
    assert rows.change(row.pk, text="Otherwise.").status_code == 403
    assert rows.add(text="Later.").status_code == 403


def everything(world: World, task: Task, mark: str) -> None:
    journal(world, task)
    comment(world, task, content=f"I looked {mark}.")
    attach(world, task, content=mark.encode())
    line(world, task, f"Look {mark}")
    offer(world, task)
    blocked(world, task, f"Docker is down {mark}")


def test_the_page_of_a_task_shows_the_newest_of_everything_at_one_price(world: World) -> None:
    task, tasks = make_task(world), pages(world, "task")
    everything(world, task, "once")
    page = tasks.show(task.id).content.decode()
    for words in (
        "I looked once.",
        "notes.txt",
        "Look once",
        "Docker is down once",
        "Began.",
        "Soon",
        "a.py",
        "Coding",
    ):
        assert words in page, words
    with CaptureQueriesContext(connection) as few:
        tasks.show(task.id)
    for number in range(3):
        everything(world, task, f"again {number}")
    with CaptureQueriesContext(connection) as more:
        tasks.show(task.id)
    assert len(more) == len(few)
