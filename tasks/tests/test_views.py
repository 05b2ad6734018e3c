"""Pages of work: who may see what, what they say, what they cost, and that their parts equal the whole."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projects.models import CheckState, CriterionState, DecisionStatus, GateStatus, PhaseStatus, PlanStatus
from tasks.models import ApprovalRequest, ApprovalStatus, ExecutionStatus, HandoffStatus, Resolution, TaskStatus
from tasks.services import add_dependency, append_log, complete_execution, fail_execution
from tasks.tests.view_cases import Scene, body
from tasks.views import looks
from tasks.views.looks import EVENT_ICONS
from tests.staff import signed_in
from tests.work import PYTEST, acting, ask, complete, hand_in, make_task, run_out, sql, started
from tests.world import World

MOST_QUERIES = 11
# Beside the evidence, the runs, the approvals and the criteria of a task stand its log, its neighbours and all else.
MOST_OF_A_TASK = 14
DELIVERY = (looks.PLAN, looks.PHASE, looks.GATE, looks.CHECK, looks.GOAL, looks.DECISION)
STATES = (TaskStatus, Resolution, ExecutionStatus, ApprovalStatus, HandoffStatus)
STATES_OF_DELIVERY = (PlanStatus, PhaseStatus, GateStatus, CheckState, CriterionState, DecisionStatus)


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world)


# --- who -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("person", ["admin", "engineer", "reviewer", "viewer"])
def test_members_and_administrators_see_every_page(scene: Scene, person: str) -> None:
    client = signed_in(scene.world.people[person])
    for path in [*scene.pages.values(), *scene.parts.values(), "/inbox/", "/f/inbox/", "/f/inbox/link/"]:
        assert client.get(path).status_code == 200, path


def test_a_stranger_finds_nothing(scene: Scene) -> None:
    client = signed_in(scene.world.stranger)
    for path in [*scene.pages.values(), *scene.parts.values()]:
        assert client.get(path).status_code == 404, path
    assert "applies" not in body(client.get("/inbox/"))


def test_another_tenant_finds_nothing_under_the_same_names(scene: Scene, other_world: World) -> None:
    client = signed_in(other_world.admin)
    for name, path in {**scene.pages, **scene.parts}.items():
        if name != "board":
            assert client.get(path).status_code == 404, path
    assert "went well" not in body(client.get(scene.pages["board"]))
    assert "formatter" not in body(client.get("/inbox/?tab=others"))


def test_somebody_unknown_is_sent_to_sign_in_and_back(scene: Scene) -> None:
    for path in [*scene.pages.values(), *scene.parts.values(), "/", "/inbox/?tab=done"]:
        answer = Client().get(path)
        assert answer.status_code == 302, path
        assert answer.headers["Location"].startswith("/sign-in/?next=/"), path


def test_an_agent_has_no_pages(scene: Scene) -> None:
    client = Client(headers={"Authorization": f"Bearer {scene.world.token}"})
    assert client.get(scene.pages["board"]).headers["Location"].startswith("/sign-in/")


def test_what_does_not_exist_is_not_found(world: World) -> None:
    client = signed_in(world.engineer)
    missing = [f"/tasks/{uuid4()}/", f"/inbox/{uuid4()}/", f"/executions/{uuid4()}/log/", "/projects/nope/board/"]
    assert {client.get(path).status_code for path in missing} == {404}


def test_a_deleted_task_takes_its_pages_with_it(scene: Scene) -> None:
    sql(scene.world, "UPDATE tasks_task SET deleted_at = now()")
    client = signed_in(scene.world.engineer)
    paths = [scene.pages[name] for name in ("task", "waiting", "log", "approval")]
    assert {client.get(path).status_code for path in paths} == {404}


@pytest.mark.parametrize("method", ["put", "patch", "delete", "post"])
def test_pages_that_only_show_refuse_other_methods(scene: Scene, method: str) -> None:
    client = signed_in(scene.world.reviewer)
    for path in [*(scene.pages[name] for name in ("board", "task", "log", "output")), *scene.parts.values(), "/inbox/"]:
        assert getattr(client, method)(path).status_code == 405, path


def test_actions_refuse_to_be_read(scene: Scene) -> None:
    client = signed_in(scene.world.reviewer)
    for action in ("reopen", "sign-off"):
        assert client.get(f"/tasks/{scene.done.id}/{action}/").status_code == 405


def test_a_form_without_its_token_changes_nothing(scene: Scene) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = signed_in(scene.world.reviewer).cookies
    answer = client.post(
        scene.pages["approval"], {"action": "approve", "comment": "x", "digest": scene.approval.digest}
    )
    assert answer.status_code == 403
    assert b"The form was too old" in answer.content


# --- what -----------------------------------------------------------------------------------------------------------


def test_the_first_page_is_the_board_of_a_project_one_may_see(world: World) -> None:
    assert signed_in(world.viewer).get("/").headers["Location"] == "/projects/countermark/board/"
    assert "not a member of any project" in body(signed_in(world.stranger).get("/"))


def test_the_board_sorts_tasks_by_what_they_wait_for(scene: Scene) -> None:
    columns = {
        column.key: [card.task.title for card in column.cards]
        for column in signed_in(scene.world.reviewer).get(scene.pages["board"]).context["board"].columns
    }
    assert columns["queued"] == ["not yet"]
    assert columns["needs"] == ["asks first"]
    assert columns["done"] == ["went well"]


def test_violet_is_only_for_those_who_may_act(scene: Scene) -> None:
    def look(person: str) -> str:
        board = signed_in(scene.world.people[person]).get(scene.pages["board"]).context["board"]
        [column] = [column for column in board.columns if column.key == "needs"]
        [card] = column.cards
        assert column.look.tone == card.look.tone
        return str(card.look.tone)

    assert [look(person) for person in ("reviewer", "admin")] == ["you", "you"]
    assert [look(person) for person in ("engineer", "viewer")] == ["warn", "warn"]


def test_a_blocked_task_says_why_on_board_and_page(world: World) -> None:
    task, claim = started(world, title="cannot")
    with acting(world, "agent"):
        fail_execution(claim=claim, error="bandit found two problems", retryable=False)
    client = signed_in(world.viewer)
    assert "bandit found two problems" in body(client.get("/projects/countermark/board/"))
    assert "bandit found two problems" in body(client.get(f"/tasks/{task.id}/"))


def test_a_task_says_how_much_of_done_is_shown_and_by_what(scene: Scene) -> None:
    page = signed_in(scene.world.viewer).get(scene.pages["task"])
    assert page.context["met"] == 1
    text = body(page)
    assert "1 of 1 met" in text
    assert f'href="#evidence-{scene.evidence.id}"' in text
    assert scene.evidence.content_sha256 in text
    assert '<span class="a-green">42 passed</span>' in text


def test_a_late_write_is_shown_with_the_run_that_made_it(world: World) -> None:
    task, claim = started(world)
    run_out(world, claim.execution_id)
    with pytest.raises(Exception, match="lease"), acting(world, "agent"):
        complete_execution(claim=claim, result={}, summary="")
    assert "1 late write refused" in body(signed_in(world.viewer).get(f"/tasks/{task.id}/"))


def test_what_an_agent_writes_is_text_never_markup(world: World) -> None:
    evil = "<script>alert(1)</script>"
    task, claim = started(world, title=evil, description=evil)
    with acting(world, "agent"):
        append_log(claim=claim, offset=0, content=f"{evil}\n".encode())
    hand_in(world, claim, title=evil, content=evil, data={"tool": evil, "commit": evil})
    approval = ask(world, claim, question=evil, action={evil: evil, "why": evil}, options=[
        {"key": evil, "label": evil, "action": "approve", "effect": evil}
    ])  # fmt: skip
    client = signed_in(world.reviewer)
    for path in (f"/tasks/{task.id}/", f"/inbox/{approval.id}/", f"/executions/{claim.execution_id}/log/", "/"):
        assert evil not in client.get(path, follow=True).content.decode(), path


def test_the_output_of_evidence_is_served_as_text(scene: Scene) -> None:
    answer = signed_in(scene.world.viewer).get(scene.pages["output"])
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content == b"42 passed"


def test_more_cards_are_shown_when_asked_for(world: World) -> None:
    for number in range(53):
        make_task(world, title=f"task {number}")
    client = signed_in(world.viewer)
    page = client.get("/projects/countermark/board/")
    [queued] = [column for column in page.context["board"].columns if column.key == "queued"]
    assert queued.count == "50+"
    more = client.get(queued.more_url.partition("#")[0])
    assert [column.count for column in more.context["board"].columns if column.key == "queued"] == ["53"]
    assert "queued=100" in more.context["region_url"]
    assert client.get("/projects/countermark/board/?queued=99999&done=-1&needs=x").status_code == 200


# --- the log of a run ------------------------------------------------------------------------------------------------


def test_a_log_is_shown_by_windows_of_whole_lines(world: World) -> None:
    _, claim = started(world)
    lines = b"".join(b"line %06d\n" % number for number in range(20_000))
    with acting(world, "agent"):
        append_log(claim=claim, offset=0, content=lines[:150_000])
        append_log(claim=claim, offset=150_000, content=lines[150_000:])
    client = signed_in(world.viewer)
    address = f"/executions/{claim.execution_id}/log/"
    last = client.get(address).context["log"]
    assert last.lines[-1].pieces[0].text == "line 019999"
    first = client.get(f"{address}?from=0").context["log"]
    assert (first.lines[0].label, first.lines[0].pieces[0].text) == ("1", "line 000000")
    seen = [line for line in first.lines]
    while first.later is not None:
        first = client.get(f"{address}?from={first.later}").context["log"]
        seen += first.lines
    assert [line.pieces[0].text for line in seen] == [f"line {number:06d}" for number in range(20_000)]


def test_the_tail_of_a_running_log_waits_for_whole_lines_and_ends_with_the_run(world: World) -> None:
    _, claim = started(world)
    client = signed_in(world.viewer)
    tail = f"/f/executions/{claim.execution_id}/log/?from=0"
    with acting(world, "agent"):
        append_log(claim=claim, offset=0, content=b"half a li")
    assert client.get(tail).status_code == 204
    with acting(world, "agent"):
        append_log(claim=claim, offset=9, content=b"ne\nand")
    answer = client.get(tail)
    assert [line.pieces[0].text for line in answer.context["log"].lines] == ["half a line"]
    assert "data-tail" in body(answer)
    complete(world, claim)
    ended = client.get(f"/f/executions/{claim.execution_id}/log/?from=12&line=2")
    assert [line.pieces[0].text for line in ended.context["log"].lines] == ["and"]
    assert "data-tail" not in body(ended)


# --- the parts, the policy, the price ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["board", "task", "approval"])
def test_a_part_equals_the_same_region_of_its_page(scene: Scene, name: str) -> None:
    client = signed_in(scene.world.reviewer)
    part = body(client.get(scene.parts[name])).strip()
    assert part in body(client.get(scene.pages[name]))


def test_the_lists_of_the_inbox_equal_their_region(scene: Scene) -> None:
    client = signed_in(scene.world.reviewer)
    page = client.get(scene.pages["approval"])
    assert body(client.get(page.context["list_url"])).strip() in body(page)
    assert body(client.get("/f/inbox/link/?section=inbox")).strip() in body(page)


def test_no_page_needs_what_the_policy_refuses(scene: Scene) -> None:
    client = signed_in(scene.world.reviewer)
    for path in [*(scene.pages[name] for name in ("board", "task", "waiting", "log", "approval")), "/inbox/"]:
        answer = client.get(path)
        html = answer.content.decode()
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert not re.search(r"\sstyle=|<style|<script(?![^>]*\ssrc=)|\son\w+=|hx-on|hx-vals|javascript:", html), path


def statements(client: Client, path: str) -> list[str]:
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    # Savepoints and the context's end are there only because the test itself is a transaction.
    only_here = ("SAVEPOINT", "RELEASE SAVEPOINT", "SELECT set_config('app.ctx', ''")
    return [entry["sql"] for entry in captured.captured_queries if not entry["sql"].startswith(only_here)]


def test_every_look_has_its_icon_in_the_sprite() -> None:
    sprite = (settings.BASE_DIR / "static/vendor/icons.svg").read_text()
    shown = [look for look in vars(looks).values() if isinstance(look, looks.Look)]
    tables: list[dict[Any, looks.Look]] = [
        looks.TASK,
        looks.CLOSED,
        looks.RUN,
        looks.APPROVAL,
        looks.HANDOFF,
        *DELIVERY,
    ]
    names = {look.icon for look in [*shown, *(look for table in tables for look in table.values())]}
    assert {name for name in names | {icon for _, icon in EVENT_ICONS} if f'id="{name}"' not in sprite} == set()
    assert all(set(table) == set(states) for table, states in zip(tables, (*STATES, *STATES_OF_DELIVERY), strict=True))


@pytest.mark.parametrize("name", ["board", "task", "waiting", "approval", "log"])
def test_a_page_is_cheap_and_asks_no_more_for_more_rows(scene: Scene, name: str) -> None:
    client = signed_in(scene.world.reviewer)
    few = statements(client, scene.pages[name])
    assert len(few) <= (MOST_OF_A_TASK if name in {"task", "waiting"} else MOST_QUERIES), "\n".join(few)
    for _ in range(3):
        _, claim = started(scene.world, PYTEST)
        hand_in(scene.world, claim)
        ask(scene.world, claim)
    assert len(statements(client, scene.pages[name])) == len(few)


def test_a_card_names_whom_the_task_is_meant_for(scene: Scene) -> None:
    agent, person = scene.world.agent, scene.world.reviewer
    make_task(scene.world, title="for an agent", assigned_agent=agent, required_capabilities=["elsewhere"])
    make_task(scene.world, title="for a person", assigned_user=person)
    cards = body(signed_in(scene.world.engineer).get(scene.pages["board"])).split('<li class="card')
    for title, who, icon in (("for an agent", agent, "bot"), ("for a person", person, "user")):
        card = next(card for card in cards if title in card)
        assert f'#{icon}"/></svg>{who}</span>' in card


def test_a_question_without_an_agent_says_who_asks(world: World) -> None:
    """What is asked after a failure comes from the product."""
    _, claim = started(world, PYTEST, title="goes wrong")
    with acting(world, "agent"):
        fail_execution(claim=claim, error="it broke", retryable=False)
    with world.as_("system"):
        question = ApprovalRequest.objects.get(task__title="goes wrong")
    for path in ("/inbox/", f"/inbox/{question.id}/"):
        page = body(signed_in(world.reviewer).get(path))
        assert question.question in page
        assert "Countermark</span>" in page or "Countermark asks" in page
        assert not re.search(r">None\b(?! was)", page)


def test_board_and_page_say_what_a_task_waits_for_and_ask_no_more_for_more(scene: Scene) -> None:
    client, board = signed_in(scene.world.engineer), scene.pages["board"]

    def wait() -> str:
        task = make_task(scene.world, title="later")
        with acting(scene.world, "engineer"):
            add_dependency(task=task, depends_on=scene.queued)
            add_dependency(task=task, depends_on=scene.waiting)
        return f"/tasks/{task.id}/"

    page = body(client.get(wait()))
    assert 'id="waits-for"' in page
    assert f"Waits for {scene.queued.key}." in page
    assert f"Waits for {scene.queued.key}, and 1 more." in body(client.get(board))
    few = len(statements(client, board))
    for _ in range(3):
        wait()
    assert len(statements(client, board)) == few
