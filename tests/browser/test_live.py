"""Pages follow the log without being loaded again: news, decisions, lost lines and lost rights."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Session
from projects.models import ProjectMember
from projects.services import remove_member
from tasks.models import ApprovalRequest
from tasks.services import append_log
from tests.browser.conftest import Visitor
from tests.work import PYTEST, acting, answer, ask, claim_one, complete, hand_in, lease, make_task, started
from tests.world import World

pytestmark = pytest.mark.usefixtures("relay")
BOARD = "/projects/countermark/board/"
WAIT_MS = 20_000
expect.set_options(timeout=WAIT_MS)


def live(visitor: Visitor, path: str) -> Page:
    """Open a page and wait until it listens. A mark shows later that it was not loaded again."""
    page = visitor.go(path)
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    page.evaluate("window.stillTheSame = true")
    return page


def assert_not_reloaded(page: Page) -> None:
    assert page.evaluate("window.stillTheSame") is True


def test_the_board_follows_what_happens_elsewhere(visit: Callable[..., Visitor], committed_world: World) -> None:
    world = committed_world
    visitor = visit(world.viewer)
    page = live(visitor, BOARD)
    task = make_task(world, PYTEST, title="Run the tests")
    card = page.locator(f"#card-{task.id}")
    expect(page.locator("#column-queued").locator(card)).to_be_visible()
    claim = lease(world, claim_one(world).execution)
    expect(page.locator("#column-running").locator(card)).to_contain_text("tester")
    hand_in(world, claim)
    expect(card).to_contain_text("1 of 1 met")
    complete(world, claim)
    expect(page.locator("#column-done").locator(card)).to_contain_text("Done")
    assert_not_reloaded(page)
    assert visitor.said == []


def test_many_events_are_one_fetch(visit: Callable[..., Visitor], committed_world: World) -> None:
    page = live(visit(committed_world.viewer), BOARD)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if "/f/projects/" in request.url else None)
    for number in range(40):
        make_task(committed_world, title=f"task {number}")
    expect(page.locator("#column-queued .count")).to_contain_text("40")
    assert 1 <= len(fetched) <= 15


def test_a_question_reaches_the_people_who_may_answer(visit: Callable[..., Visitor], committed_world: World) -> None:
    world = committed_world
    reviewer, engineer = live(visit(world.reviewer), "/inbox/"), live(visit(world.engineer), BOARD)
    _, claim = started(world, title="Apply the formatter")
    ask(world, claim, question="May I format twelve files?")
    expect(reviewer.get_by_role("link", name="May I format twelve files?")).to_be_visible()
    expect(reviewer.locator(".rail .count")).to_contain_text("1")
    expect(reviewer).to_have_title("(1) Inbox · Countermark")
    expect(engineer.locator("#column-needs")).to_contain_text("Waits for a person")
    expect(engineer.locator(".rail .count")).to_have_count(0)
    assert_not_reloaded(reviewer)


def test_approving_on_the_task_page(visit: Callable[..., Visitor], committed_world: World) -> None:
    world = committed_world
    task, claim = started(world, title="Apply the formatter")
    approval = ask(world, claim, question="May I format twelve files?")
    visitor = visit(world.reviewer)
    page = live(visitor, f"/tasks/{task.id}/")
    page.get_by_role("textbox", name="Why").fill("Only the scratch clone.")
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_text("Recorded: approved.")).to_be_visible()
    expect(page.locator("#approvals")).to_contain_text("Only the scratch clone.")
    assert claim_one(world).task.id == task.id
    expect(page.locator("#runs")).to_contain_text("Attempt 2")
    with world.as_("system"):
        assert ApprovalRequest.objects.get(id=approval.id).decided_by_id == world.reviewer.id
    assert visitor.said == []


def test_a_mistake_in_the_form_keeps_the_page_and_the_text(
    visit: Callable[..., Visitor], committed_world: World
) -> None:
    world = committed_world
    _, claim = started(world)
    approval = ask(world, claim)
    page = live(visit(world.reviewer), f"/inbox/{approval.id}/")
    page.get_by_role("textbox", name="Why").fill("But with other arguments.")
    page.get_by_text("Edit, then approve").click()
    page.get_by_role("textbox", name="The action, as JSON").fill("{broken")
    page.get_by_role("button", name="Approve as edited").click()
    expect(page.get_by_text("This is not JSON.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Why")).to_have_value("But with other arguments.")
    assert_not_reloaded(page)
    page.get_by_role("textbox", name="The action, as JSON").fill('{"command": ["ruff", "check"]}')
    page.get_by_role("button", name="Approve as edited").click()
    expect(page.get_by_text("As amended")).to_be_visible()


def test_somebody_else_decides_first(visit: Callable[..., Visitor], committed_world: World) -> None:
    world = committed_world
    _, claim = started(world)
    approval = ask(world, claim)
    page = live(visit(world.reviewer), f"/inbox/{approval.id}/")
    answer(world, approval, "reject", who="admin", comment="Not during the release.")
    expect(page.locator("#open-item")).to_contain_text("Not during the release.")
    expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    assert_not_reloaded(page)


def test_a_list_never_moves_under_the_pointer(visit: Callable[..., Visitor], committed_world: World) -> None:
    world = committed_world
    _, claim = started(world)
    ask(world, claim, question="May I do the first?")
    page = live(visit(world.reviewer), "/inbox/")
    page.locator("#inbox-list").hover()
    _, claim = started(world)
    ask(world, claim, question="May I do the second?")
    expect(page.get_by_role("button", name="Something changed. Show it")).to_be_visible()
    expect(page.locator("#inbox-list li")).to_have_count(1)
    page.get_by_role("heading", name="Inbox").hover()
    expect(page.locator("#inbox-list li")).to_have_count(2)
    expect(page.get_by_role("button", name="Something changed. Show it")).to_be_hidden()


def test_the_output_of_a_run_grows(visit: Callable[..., Visitor], committed_world: World) -> None:
    world = committed_world
    task, claim = started(world)
    with acting(world, "agent"):
        append_log(claim=claim, offset=0, content=b"first\n")
    page = live(visit(world.viewer), f"/tasks/{task.id}/")
    with acting(world, "agent"):
        append_log(claim=claim, offset=6, content=b"second\nthird\n")
    lines = page.locator(".log .line")
    expect(lines).to_have_count(3)
    complete(world, claim)
    expect(page.locator("#runs")).to_contain_text("Succeeded")
    expect(lines).to_have_count(3)
    assert_not_reloaded(page)


def test_a_lost_line_comes_back_and_keeps_what_was_typed(visit: Callable[..., Visitor], committed_world: World) -> None:
    world = committed_world
    task, claim = started(world, title="Apply the formatter")
    ask(world, claim, question="May I format twelve files?")
    visitor = visit(world.reviewer)
    page = live(visitor, f"/tasks/{task.id}/")
    comment = page.get_by_role("textbox", name="Why")
    comment.fill("I am still thi")
    visitor.server.kill()
    expect(page.get_by_text(re.compile("Live updates lost. Showing data as of"))).to_be_visible()
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("Not sent: the server cannot be reached.")).to_be_visible()
    comment.click()
    make_task(world, title="made while the line was down")
    hand_in(world, lease(world, claim_one(world).execution))
    visitor.server.restart()
    expect(page.get_by_text(re.compile("Back online. Caught up on"))).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    expect(comment).to_have_value("I am still thi")
    expect(comment).to_be_focused()
    page.keyboard.type("nking.")
    page.get_by_role("button", name="Reject").click()
    expect(page.locator("#status-reason")).to_contain_text("I am still thinking.")
    only_the_network = re.compile("ERR_CONNECTION|ERR_EMPTY_RESPONSE|WebSocket|Failed to fetch")
    assert not [words for words in visitor.said if not only_the_network.search(words)]


def test_somebody_signed_out_is_told_and_keeps_the_text(visit: Callable[..., Visitor], committed_world: World) -> None:
    world = committed_world
    _, claim = started(world)
    approval = ask(world, claim)
    page = live(visit(world.reviewer), f"/inbox/{approval.id}/")
    page.get_by_role("textbox", name="Why").fill("half a sentence")
    with world.as_("system"):
        Session.objects.filter(user=world.reviewer).delete()
    make_task(world)
    expect(page.get_by_text("You were signed out.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Why")).to_have_value("half a sentence")
    assert_not_reloaded(page)


def test_a_right_that_is_taken_away_empties_the_page(visit: Callable[..., Visitor], committed_world: World) -> None:
    world = committed_world
    make_task(world, title="not for strangers")
    page = live(visit(world.viewer), BOARD)
    expect(page.get_by_text("not for strangers")).to_be_visible()
    with world.as_("engineer"):
        remove_member(member=ProjectMember.objects.select_related("project").get(user=world.viewer))
    make_task(world)
    expect(page.get_by_text("This is no longer visible to you.")).to_be_visible()
    expect(page.get_by_text("not for strangers")).to_have_count(0)
