"""GitHub issues into tasks, from real webhook payloads. Where they come from: github/README.md."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from common.errors import Invalid
from tasks.models import Task, TaskStatus
from tasks.services import ImportResult, cancel_task, import_issues, reopen_task
from tests.work import events_of, newest_event
from tests.world import World

PAYLOADS = Path(__file__).parent / "github" / "issues.json"


def take(world: World, document: Any) -> ImportResult:
    with world.as_("system"):
        return import_issues(project=world.project, document=document)


def tasks_of(world: World) -> list[Task]:
    with world.as_("system"):
        return list(Task.objects.filter(project=world.project).order_by("github_issue_number"))


def issue(number: Any = 7, **values: Any) -> dict[str, Any]:
    return {"number": number, "title": "It breaks", "state": "open", **values}


def test_real_payloads_become_one_task_per_issue(world: World) -> None:
    document = json.loads(PAYLOADS.read_text())
    result = take(world, document)
    assert result.errors == []
    assert result.created == 2
    first, second = tasks_of(world)
    assert (first.github_issue_number, second.github_issue_number) == (1, 2)
    assert (first.title, first.kind, first.status) == ("Spelling error in the README file", "issue", TaskStatus.DRAFT)
    assert first.github_url.startswith("https://github.com/")
    assert first.claimable_from is None


def test_repeating_the_import_makes_no_duplicate_and_ends_where_it_ended(world: World) -> None:
    document = json.loads(PAYLOADS.read_text())
    take(world, document)
    columns = ("id", "title", "description", "status", "labels", "type", "number")
    before = [[getattr(task, name) for name in columns] for task in tasks_of(world)]
    assert take(world, document).created == 0
    assert [[getattr(task, name) for name in columns] for task in tasks_of(world)] == before


def test_a_list_of_issues_repeated_changes_and_records_nothing(world: World) -> None:
    document = [issue(1), issue(2, state="closed"), issue(3, labels=[{"name": "bug"}, {"name": "x"}])]
    assert take(world, document).created == 3
    before = len(events_of(world))
    again = take(world, document)
    assert (again.created, again.updated, again.unchanged, again.errors) == (0, 0, 3, [])
    assert len(events_of(world)) == before


def test_labels_give_the_type_and_pull_requests_their_kind(world: World) -> None:
    take(world, [issue(1, labels=[{"name": "Enhancement"}]), issue(2, labels=["docs"], pull_request={"url": "x"})])
    assert [(task.type, task.kind) for task in tasks_of(world)] == [
        ("feature", "issue"),
        ("documentation", "pull_request"),
    ]


def test_a_changed_issue_changes_its_task(world: World) -> None:
    take(world, issue())
    assert take(world, issue(title="It breaks again")).updated == 1
    event = newest_event(world, "task.updated")
    assert (event.body, event.reason) == ('{"changed":["title"]}', "GitHub import")


@pytest.mark.parametrize(
    ("reason", "resolution"), [("completed", "completed"), ("not_planned", "wont_fix"), ("duplicate", "duplicate")]
)
def test_what_github_closed_is_closed_with_its_reason(world: World, reason: str, resolution: str) -> None:
    take(world, issue(state="closed", state_reason=reason))
    [task] = tasks_of(world)
    assert (task.status, task.resolution) == (TaskStatus.CLOSED, resolution)
    assert events_of(world, task_id=task.id) == ["task.created", "task.closed"]


def test_what_github_reopened_waits_again_for_a_person(world: World) -> None:
    take(world, issue(state="closed"))
    take(world, issue())
    [task] = tasks_of(world)
    assert (task.status, task.resolution, task.claimable_from) == (TaskStatus.DRAFT, None, None)
    assert events_of(world, task_id=task.id)[-1] == "task.reopened"


def test_what_a_person_cancelled_here_is_not_reopened_by_an_import(world: World) -> None:
    take(world, issue())
    with world.as_("reviewer"):
        cancel_task(task=tasks_of(world)[0], reason="not ours")
    assert take(world, issue(title="New title")).unchanged == 1
    assert tasks_of(world)[0].resolution == "cancelled"


def test_a_task_that_agents_work_on_is_not_closed_by_github(world: World) -> None:
    take(world, issue())
    with world.as_("engineer"):
        reopen_task(task=tasks_of(world)[0], reason="go")
    take(world, issue(state="closed"))
    assert tasks_of(world)[0].status == TaskStatus.OPEN


@pytest.mark.parametrize(
    "bad",
    [
        issue("7"),
        issue(0),
        issue(True),
        issue(2**31),
        issue(title=""),
        issue(title="\x00 "),
        issue(title=None),
        issue(labels=[{"color": "red"}]),
        issue(labels=[7]),
        issue(labels={"a": 1}),
        {"title": "no number"},
        {"number": 3},
        {"issue": "a word"},
        "a word",
        None,
        7,
    ],
)
def test_a_malformed_entry_is_named_and_the_others_are_taken(world: World, bad: Any) -> None:
    result = take(world, [issue(1), bad, issue(2)])
    assert result.created == 2
    [line] = result.errors
    assert line.startswith("entry 2")
    assert len(tasks_of(world)) == 2


def test_text_that_the_database_cannot_store_is_cleaned(world: World) -> None:
    take(world, issue(title="a\x00b \ud800c", body="x\x00", html_url="https://x\x00", labels=["l\x00"]))
    [task] = tasks_of(world)
    assert (task.title, task.description, task.github_url, task.labels) == ("ab c", "x", "https://x", ["l"])


def test_long_texts_are_cut_to_what_a_task_holds(world: World) -> None:
    take(world, issue(title="t" * 900, labels=["l" * 300], html_url="u" * 900))
    [task] = tasks_of(world)
    assert [len(task.title), len(task.labels[0]), len(task.github_url)] == [500, 100, 500]


@pytest.mark.parametrize("document", [[], {}, {"zen": "Design for failure."}, {"action": "opened", "number": 1}])
def test_a_document_without_any_issue_is_refused(world: World, document: Any) -> None:
    with pytest.raises(Invalid, match="No GitHub issue"):
        take(world, document)


# --- the command ----------------------------------------------------------------------------------------------------


def run(path: Path, project: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("import_issues", str(path), project=project, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_tells_what_it_did_and_what_it_did_not_take(world: World, tmp_path: Path) -> None:
    path = tmp_path / "issues.json"
    path.write_text(json.dumps([issue(1), {"title": "no number"}]))
    out, err = run(path, str(world.project.id))
    assert out == "created 1, updated 0, unchanged 0\n"
    assert err.startswith("not taken: entry 2")


def test_the_command_names_a_file_or_project_that_is_no_good(world: World, tmp_path: Path) -> None:
    path = tmp_path / "issues.json"
    with pytest.raises(CommandError, match="not readable"):
        run(path, str(world.project.id))
    path.write_text("{not json")
    with pytest.raises(CommandError, match="not readable"):
        run(path, str(world.project.id))
    path.write_text("[]")
    with pytest.raises(CommandError, match="No GitHub issue"):
        run(path, str(world.project.id))
    with pytest.raises(CommandError, match="0 projects are called nothing"):
        run(path, "nothing")


def test_a_slug_of_two_tenants_must_be_given_as_an_id(world: World, other_world: World, tmp_path: Path) -> None:
    path = tmp_path / "issues.json"
    path.write_text(json.dumps(issue(1)))
    with pytest.raises(CommandError, match="give the project's id"):
        run(path, "countermark")
