"""What people write on a task's page: who may, what it does, and that nothing typed is lost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tasks.models import Blocker, ChecklistItem, Comment, Handoff, Task, TaskDependency, WorkLogEntry
from tasks.services import add_dependency, close_task, record_commit
from tasks.tests.test_views import statements
from tasks.tests.view_cases import body
from tests.collab import READ, TOLD, attach, blocked, comment, draft, line, offer
from tests.staff import signed_in
from tests.work import acting, make_task
from tests.world import World

MOST_QUERIES = 17  # of a blocked task that waits for another and for a handoff
Make = Callable[[World, Task], Any]


def nothing(world: World, task: Task) -> None:
    return None


def own_comment(world: World, task: Task) -> Comment:
    return comment(world, task, "reviewer")


def another(world: World, task: Task) -> Task:
    return make_task(world)


def waits(world: World, task: Task) -> TaskDependency:
    with acting(world, "engineer"):
        return add_dependency(task=task, depends_on=make_task(world))


def upload(content: bytes = b"notes", name: str = "notes.txt") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="text/plain")


# part -> what is there before, and what is sent
WRITES: dict[str, tuple[Make, dict[str, Any]]] = {
    "comments/": (nothing, {"content": "I looked."}),
    "comments/{}/delete/": (comment, {}),
    "comments/{}/edit/": (own_comment, {"content": "I looked twice."}),
    "dependencies/": (another, {"depends_on": "2", "kind": "blocks"}),
    "dependencies/{}/remove/": (waits, {}),
    "checklist/": (nothing, {"text": "Look"}),
    "checklist/{}/tick/": (line, {"done": "1"}),
    "blockers/": (nothing, {"reason": "Docker is down", "commands": "docker info\n\ndocker ps"}),
    "blockers/{}/resolve/": (blocked, {"resolution": "Restarted it."}),
    "files/": (nothing, {"file": None}),
    "files/{}/delete/": (attach, {}),
    "handoffs/": (nothing, TOLD),
    "handoffs/{}/accept/": (offer, READ),
    "handoffs/{}/reject/": (offer, {"reason": "Not mine."}),
    "work/": (nothing, {"kind": "done", "text": "Began."}),
}


def prepared(world: World, part: str) -> tuple[str, dict[str, Any]]:
    """Return the address of a part of a new task, and what is sent there."""
    make, values = WRITES[part]
    task = make_task(world)
    row = make(world, task)
    given: dict[str, Any] = {"files/": {"file": upload()}, "handoffs/": {"to": f"to_user:{world.engineer.id}"}}
    return f"/tasks/{task.id}/{part.format(row.id if row else '')}", values | given.get(part, {})


@pytest.mark.parametrize("part", WRITES)
def test_who_works_on_the_project_writes_and_others_do_not(world: World, other_world: World, part: str) -> None:
    target, values = prepared(world, part)
    assert signed_in(world.viewer).post(target, values).status_code == 403
    assert signed_in(world.stranger).post(target, values).status_code == 404
    assert signed_in(other_world.admin).post(target, values).status_code == 404
    assert Client().post(target, values).headers["Location"].startswith("/sign-in/")
    assert signed_in(world.reviewer).put(target).status_code == 405
    assert signed_in(world.reviewer).get(target).status_code == (200 if part == "handoffs/" else 405)
    assert signed_in(world.viewer).get(target).status_code == (403 if part == "handoffs/" else 405)
    if part == "files/":
        values = {"file": upload()}
    answer = signed_in(world.reviewer).post(target, values)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/tasks/")


@pytest.mark.parametrize("part", [part for part in WRITES if "{}" in part])
def test_a_row_of_another_task_is_not_found(world: World, part: str) -> None:
    target, values = prepared(world, part)
    row = target.removeprefix("/tasks/").partition("/")[2]
    assert signed_in(world.reviewer).post(f"/tasks/{make_task(world).id}/{row}", values).status_code == 404


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "comments/": ({"content": " "}, "Write something first.", ""),
    "comments/{}/edit/": ({"content": " "}, "Write something first.", ""),
    "dependencies/": (
        {"depends_on": "CM-99", "kind": "blocks", "reason": "it calls it"},
        "There is no task CM-99",
        "it calls it",
    ),
    "handoffs/": ({**TOLD, "to": ""}, "Choose who takes over.", "Mind the gap."),
    "checklist/": ({"text": "x" * 501}, "at most 500 characters", "x" * 501),
    "blockers/": ({"reason": "", "unblock_steps": "Restart it"}, "Say what it is.", "Restart it"),
    "blockers/{}/resolve/": ({"resolution": ""}, "Say what was done.", ""),
    "files/": ({}, "Choose a file first.", ""),
    "handoffs/{}/accept/": (
        {"log_read": "on", "comment": "I read it."},
        "Do this first, then say so.",
        "I read it.",
    ),
    "handoffs/{}/reject/": ({"reason": ""}, "Say why", ""),
    "work/": ({"kind": "gossip", "text": "Half a day."}, "gossip is not one of the available choices", "Half a day."),
}


@pytest.mark.parametrize("part", REFUSED)
@pytest.mark.parametrize("partial", [True, False], ids=["with htmx", "without JavaScript"])
def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(
    world: World, part: str, partial: bool
) -> None:
    target, _ = prepared(world, part)
    sent, words, typed = REFUSED[part]
    headers = {"HX-Request": "true"} if partial else {}
    answer = signed_in(world.reviewer).post(target, sent, headers=headers)
    assert answer.status_code == 422
    page = body(answer)
    assert words in page
    assert typed in page
    assert ("<html" in page) is not partial
    assert 'aria-invalid="true"' in page


def test_an_accepted_form_is_answered_with_the_region_that_it_changed(world: World) -> None:
    task = make_task(world)
    client = signed_in(world.reviewer)
    sent = {"reason": "Docker is down"}
    answer = client.post(f"/tasks/{task.id}/blockers/", sent, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (200, "#task")
    assert "Blocked" in body(answer)
    assert body(answer).strip() == body(client.get(f"/f/tasks/{task.id}/")).strip()


def rows(world: World, model: Any) -> list[Any]:
    with world.as_("system"):
        return list(model.objects.order_by("id"))


def test_what_is_written_is_kept_as_it_was_typed(world: World) -> None:
    task, client = make_task(world), signed_in(world.engineer)
    client.post(f"/tasks/{task.id}/comments/", {"content": "first\r\nsecond"})
    client.post(f"/tasks/{task.id}/blockers/", {"reason": "Down", "commands": " docker info\r\n\r\ndocker ps\r\n"})
    client.post(reverse("tasks:task-work", args=[task.id]), {"kind": "done", "text": "Began."})
    [said], [stands], [logged] = rows(world, Comment), rows(world, Blocker), rows(world, WorkLogEntry)
    assert (said.content, said.author_id) == ("first\nsecond", world.engineer.id)
    assert stands.commands == ["docker info", "docker ps"]
    assert (logged.kind, logged.text, logged.user_id) == ("done", "Began.", world.engineer.id)
    client.post(f"/tasks/{task.id}/blockers/{stands.id}/resolve/", {"resolution": "Up again."})
    page = body(client.get(f"/tasks/{task.id}/"))
    for words in ("first\nsecond", "Up again.", "1 resolved", "Began.", "Nothing stands in the way any more"):
        assert words in page, words


def test_a_line_is_ticked_and_unticked_by_its_button(world: World) -> None:
    task, client = make_task(world), signed_in(world.engineer)
    item = line(world, task)
    for value, done in (("1", True), ("1", True), ("0", False)):
        client.post(f"/tasks/{task.id}/checklist/{item.id}/tick/", {"done": value})
        assert rows(world, ChecklistItem)[0].done is done
    page = body(client.get(f"/tasks/{task.id}/"))
    assert 'aria-checked="false"' in page
    assert "0 of 1 done" in page
    assert 'role="checkbox"' not in body(signed_in(world.viewer).get(f"/tasks/{task.id}/"))


def test_ones_own_comment_is_deleted_and_anothers_only_by_a_maintainer(world: World) -> None:
    task = make_task(world)
    theirs, mine = comment(world, task, "engineer"), comment(world, task, "reviewer")
    page = body(signed_in(world.reviewer).get(f"/tasks/{task.id}/"))
    assert page.count("More about this comment") == 2
    assert "More about this comment" not in body(signed_in(world.viewer).get(f"/tasks/{task.id}/"))
    for row in (theirs, mine):
        signed_in(world.reviewer).post(f"/tasks/{task.id}/comments/{row.id}/delete/")
    assert rows(world, Comment) == []


def test_ones_own_comment_is_edited_and_says_so_and_anothers_is_not(world: World) -> None:
    task = make_task(world)
    theirs, mine = comment(world, task, "engineer"), own_comment(world, task)
    client, edit = signed_in(world.reviewer), f"/tasks/{task.id}/comments/{{}}/edit/"
    page = body(client.get(f"/tasks/{task.id}/"))
    assert edit.format(mine.id) in page
    assert edit.format(theirs.id) not in page
    assert client.post(edit.format(theirs.id), {"content": "Not mine."}).status_code == 403
    client.post(edit.format(mine.id), {"content": "I looked twice."})
    page = body(client.get(f"/tasks/{task.id}/"))
    assert "I looked twice." in page
    assert "edited " in page
    client.post(f"/tasks/{task.id}/comments/{mine.id}/delete/")
    assert client.post(edit.format(mine.id), {"content": "Too late."}).status_code == 404


def test_what_was_said_and_what_happened_are_one_story(world: World) -> None:
    task = make_task(world)
    comment(world, task, content="Which months first?")
    blocked(world, task, "Docker is down")
    comment(world, task, "reviewer", content="The oldest.")
    rows = signed_in(world.viewer).get(f"/tasks/{task.id}/").context["stream"]
    told = [row.sentence or row.written.text for row in rows]
    assert told[0] == "task created"
    assert told[1] == "Which months first?"
    assert any("block" in sentence for sentence in told[2:-1]), told
    assert told[-1] == "The oldest."
    assert "comment added" not in told


def test_a_dependency_is_added_by_its_key_and_removed_again(world: World) -> None:
    task, first = make_task(world), make_task(world, title="comes first")
    client, page = signed_in(world.engineer), f"/tasks/{task.id}/"
    sent = {"depends_on": f" {task_key(world, first).lower()} ", "kind": "blocks", "reason": "it calls it"}
    client.post(f"{page}dependencies/", sent)
    assert "comes first" in body(client.get(page))
    [dependency] = rows(world, TaskDependency)
    assert (dependency.task_id, dependency.depends_on_id, dependency.reason) == (task.id, first.id, "it calls it")
    remove = f"dependencies/{dependency.id}/remove/"
    assert remove in body(client.get(page))
    assert remove not in body(client.get(f"/tasks/{first.id}/"))
    assert "dependencies/" not in body(signed_in(world.viewer).get(page))
    client.post(f"{page}{remove}")
    assert rows(world, TaskDependency) == []


def task_key(world: World, task: Task) -> str:
    return f"{world.project.key}-{task.number}"


@pytest.mark.parametrize("other", ["2", "1", "", "one", "99999999999", "OTHER-1"])
def test_a_dependency_that_cannot_be_is_refused_beside_its_field(world: World, other: str) -> None:
    task, before = make_task(world), make_task(world)
    with acting(world, "engineer"):
        add_dependency(task=before, depends_on=task)
    sent = {"depends_on": other, "kind": "blocks", "reason": "kept as typed"}
    answer = signed_in(world.engineer).post(f"/tasks/{task.id}/dependencies/", sent, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "dependency-depends_on_error" in body(answer)
    assert "kept as typed" in body(answer)
    assert len(rows(world, TaskDependency)) == 1


def test_a_handoff_is_given_to_whoever_works_on_the_project(world: World) -> None:
    task = make_task(world)
    client, page = signed_in(world.engineer), f"/tasks/{task.id}/handoffs/"
    assert f'href="{page}"' in body(client.get(f"/tasks/{task.id}/"))
    assert f'href="{page}"' not in body(signed_in(world.viewer).get(f"/tasks/{task.id}/"))
    offered = body(client.get(page))
    assert f"to_user:{world.reviewer.id}" in offered
    assert f"to_agent:{world.agent.id}" in offered
    for nobody in (world.engineer, world.viewer, world.stranger):
        assert f"to_user:{nobody.id}" not in offered
        assert client.post(page, {**TOLD, "to": f"to_user:{nobody.id}"}).status_code == 422
    answer = client.post(page, {**TOLD, "to": f"to_user:{world.reviewer.id}"})
    assert answer.headers["Location"] == f"/tasks/{task.id}/#handoffs"
    [handoff] = rows(world, Handoff)
    assert (handoff.status, handoff.to_user_id, handoff.gotchas) == ("pending", world.reviewer.id, TOLD["gotchas"])
    assert "Take it over" in body(signed_in(world.reviewer).get(f"/tasks/{task.id}/"))


def test_a_closed_task_is_not_handed_over_and_nothing_of_it_stays(world: World) -> None:
    task = make_task(world)
    with acting(world, "engineer"):
        close_task(task=task, resolution="completed", reason="done")
    client, page = signed_in(world.engineer), f"/tasks/{task.id}/handoffs/"
    assert page not in body(client.get(f"/tasks/{task.id}/"))
    answer = client.post(page, {**TOLD, "to": f"to_user:{world.reviewer.id}"})
    assert answer.status_code == 422
    assert "nothing is left to hand over" in body(answer)
    assert TOLD["gotchas"] in body(answer)
    assert rows(world, Handoff) == []


def test_a_handoff_is_violet_only_for_its_taker_and_gone_once_answered(world: World) -> None:
    task = make_task(world)
    draft(world, task, summary="not yet offered")
    handoff = offer(world, task)
    target = f"/tasks/{task.id}/"
    taker, giver = signed_in(world.reviewer), signed_in(world.engineer)
    assert "Take it over" in body(taker.get(target))
    assert "Take it over" not in body(giver.get(target))
    assert giver.post(f"{target}handoffs/{handoff.id}/accept/", READ).status_code == 403
    assert "not yet offered" not in body(giver.get(target))
    taker.post(f"{target}handoffs/{handoff.id}/accept/", READ)
    page = body(taker.get(target))
    assert "Taken over" in page
    assert "Take it over" not in page
    assert rows(world, Handoff)[-1].status == "accepted"
    late = taker.post(f"{target}handoffs/{handoff.id}/reject/", {"reason": "Too much."})
    assert late.status_code == 422
    assert "The handoff is accepted." in body(late)


def test_neighbours_are_named_with_how_far_they_are(world: World) -> None:
    task, first, after = (make_task(world, title=title) for title in ("middle", "first of all", "after all"))
    with acting(world, "engineer"):
        add_dependency(task=task, depends_on=first, reason="it calls it")
        add_dependency(task=after, depends_on=task)
    page = body(signed_in(world.viewer).get(f"/tasks/{task.id}/"))
    for words in ("Waits for", "first of all", "it calls it", "Is waited for by", "after all"):
        assert words in page, words


def test_what_others_write_is_text_never_markup(world: World) -> None:
    evil = "<script>alert(1)</script>"
    task, client = make_task(world), signed_in(world.engineer)
    comment(world, task, content=evil)
    line(world, task, evil)
    offer(world, task, summary=evil, gotchas=evil, files_tagged=[evil])
    blocked(world, task, evil)
    client.post(reverse("tasks:task-work", args=[task.id]), {"kind": "done", "text": evil})
    with acting(world, "engineer"):
        record_commit(principal=world.engineer.principal(), task=task, message=evil, branch=evil)
    assert evil not in signed_in(world.reviewer).get(f"/tasks/{task.id}/").content.decode()
    refused = client.post(f"/tasks/{task.id}/checklist/", {"text": evil * 30})
    assert evil not in refused.content.decode()


def test_the_page_asks_no_more_for_more_of_everything(world: World) -> None:
    task, other = make_task(world), make_task(world)
    client = signed_in(world.reviewer)

    def write(mark: str) -> None:
        said = comment(world, task)
        comment(world, task, "reviewer", reply_to=said)
        attach(world, task, content=mark.encode())
        line(world, task)
        offer(world, task)
        blocked(world, task, mark)
        client.post(reverse("tasks:task-work", args=[task.id]), {"kind": "done", "text": mark})
        with acting(world, "engineer"):
            record_commit(principal=world.engineer.principal(), task=task, message=mark)

    with acting(world, "engineer"):
        add_dependency(task=task, depends_on=other)
    write("once")
    few = statements(client, f"/tasks/{task.id}/")
    assert len(few) <= MOST_QUERIES, "\n".join(few)
    for number in range(3):
        write(f"again {number}")
    assert len(statements(client, f"/tasks/{task.id}/")) <= len(few)
