"""Deciding, reopening and signing off on the pages."""

from typing import Any

import pytest
from django.test import Client

from tasks.models import ApprovalRequest, Task, TaskStatus
from tasks.services import fail_execution
from tasks.tests.view_cases import Scene, body
from tests.staff import signed_in
from tests.work import PYTEST, SIGNOFF, acting, answer, ask, complete, hand_in, started
from tests.world import World


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world)


# --- deciding --------------------------------------------------------------------------------------------------------


def decide(client: Client, approval: ApprovalRequest, **values: Any) -> Any:
    form = {"action": "approve", "comment": "looked at it", "digest": approval.digest, **values}
    return client.post(f"/inbox/{approval.id}/", form)


def status(world: World, approval: ApprovalRequest) -> str:
    with world.as_("system"):
        return str(ApprovalRequest.objects.get(id=approval.id).status)


def test_an_entitled_person_decides_on_the_page(scene: Scene) -> None:
    client = signed_in(scene.world.reviewer)
    assert "You allow" in body(client.get(scene.pages["approval"]))
    assert (
        decide(client, scene.approval, next=f"/tasks/{scene.waiting.id}/").headers["Location"] == scene.pages["waiting"]
    )
    assert status(scene.world, scene.approval) == "approved"
    page = body(client.get(scene.pages["approval"]))
    assert "Recorded: approved." in page
    assert "looked at it" in page
    assert "You allow" not in page


def test_htmx_is_told_where_to_go(scene: Scene) -> None:
    client = Client(headers={"HX-Request": "true"})
    client.cookies = signed_in(scene.world.reviewer).cookies
    assert decide(client, scene.approval, next="//evil.example/x").headers["HX-Redirect"] == scene.pages["approval"]


@pytest.mark.parametrize(
    ("person", "values", "code", "words"),
    [
        ("reviewer", {"comment": "  "}, 422, "Say why"),
        ("reviewer", {"action": "amend", "amended_content": "{not json"}, 422, "This is not JSON"),
        ("reviewer", {"action": "amend", "amended_content": "[1]"}, 422, "JSON object"),
        ("reviewer", {"action": "destroy"}, 422, ""),
        ("engineer", {}, 403, ""),
        ("viewer", {}, 403, ""),
    ],
)
def test_an_answer_that_does_not_count_keeps_what_was_typed(
    scene: Scene, person: str, values: dict[str, str], code: int, words: str
) -> None:
    answer = decide(signed_in(scene.world.people[person]), scene.approval, **values)
    assert answer.status_code == code
    assert words in body(answer)
    assert status(scene.world, scene.approval) == "pending"


def test_a_request_that_differs_from_what_was_shown_is_not_approved(scene: Scene) -> None:
    answer = decide(signed_in(scene.world.reviewer), scene.approval, digest="0" * 64)
    assert answer.status_code == 302
    assert status(scene.world, scene.approval) == "pending"


def test_the_second_answer_is_told_that_it_does_not_count(scene: Scene) -> None:
    answer(scene.world, scene.approval, "reject", comment="too risky")
    client = signed_in(scene.world.admin)
    page = client.get(decide(client, scene.approval).headers["Location"])
    assert "Your answer does not count" in body(page)
    assert status(scene.world, scene.approval) == "rejected"


def test_amending_sends_the_task_on_with_other_content(scene: Scene) -> None:
    decide(
        signed_in(scene.world.reviewer),
        scene.approval,
        action="amend",
        amended_content='{"command": ["ruff", "check"]}',
    )
    with scene.world.as_("system"):
        assert ApprovalRequest.objects.get(id=scene.approval.id).amended_content == {"command": ["ruff", "check"]}


def test_an_option_stands_for_the_action_it_names(world: World) -> None:
    _, claim = started(world)
    options = [
        {"key": "utc", "label": "UTC", "action": "approve", "effect": "Reports use UTC."},
        {"key": "stop", "label": "Stop", "action": "reject", "effect": "Nothing is built."},
    ]
    approval = ask(world, claim, kind="question", question="Which time zone?", options=options)
    client = signed_in(world.reviewer)
    assert 'value="utc"' in body(client.get(f"/inbox/{approval.id}/"))
    decide(client, approval, action="", selected_option="utc")
    assert status(world, approval) == "approved"


def test_the_inbox_tells_what_is_mine_from_what_others_decide(scene: Scene) -> None:
    def listed(person: str, tab: str) -> list[str]:
        page = signed_in(scene.world.people[person]).get(f"/inbox/?tab={tab}")
        return [item.approval.question for item in page.context["items"]]

    question = "May I apply the formatter?"
    assert (listed("reviewer", "mine"), listed("reviewer", "others")) == ([question], [])
    assert (listed("engineer", "mine"), listed("engineer", "others")) == ([], [question])
    answer(scene.world, scene.approval)
    assert (listed("reviewer", "mine"), listed("viewer", "done")) == ([], [question])


def test_the_count_is_in_title_and_rail(scene: Scene) -> None:
    page = body(signed_in(scene.world.reviewer).get(scene.pages["board"]))
    assert "<title>(1) " in page
    assert 'data-inbox-count="1"' in page


# --- reopening and signing off ----------------------------------------------------------------------------------------


def blocked(world: World) -> Task:
    task, claim = started(world)
    with acting(world, "agent"):
        fail_execution(claim=claim, error="no", retryable=False)
    return task


@pytest.mark.parametrize(("person", "then"), [("engineer", TaskStatus.OPEN), ("viewer", TaskStatus.BLOCKED)])
def test_contributors_reopen_a_blocked_task(world: World, person: str, then: str) -> None:
    task = blocked(world)
    answer = signed_in(world.people[person]).post(f"/tasks/{task.id}/reopen/", {"reason": "fixed"})
    assert answer.headers["Location"] == f"/tasks/{task.id}/"
    with world.as_("system"):
        assert Task.objects.get(id=task.id).status == then


def test_reopening_needs_a_reason_and_a_task_one_may_see(world: World) -> None:
    task = blocked(world)
    assert "say why" in body(signed_in(world.engineer).post(f"/tasks/{task.id}/reopen/", {"reason": " "}, follow=True))
    assert signed_in(world.stranger).post(f"/tasks/{task.id}/reopen/", {"reason": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("person", "then"), [("reviewer", "closed"), ("engineer", "in_review"), ("viewer", "in_review")]
)
def test_a_maintainer_who_does_not_own_the_agent_signs_off(world: World, person: str, then: str) -> None:
    task, claim = started(world, PYTEST, SIGNOFF)
    hand_in(world, claim)
    complete(world, claim)
    client = signed_in(world.people[person])
    offered = "Your verdict" in body(client.get(f"/tasks/{task.id}/"))
    assert offered == (then == "closed")
    client.post(f"/tasks/{task.id}/sign-off/", {"verdict": "approved", "comment": "read the diff"})
    with world.as_("system"):
        assert Task.objects.get(id=task.id).status == then
