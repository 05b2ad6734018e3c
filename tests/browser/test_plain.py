"""Without JavaScript, and with keys only."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tasks.models import ApprovalRequest
from tests.browser.conftest import Visitor
from tests.browser.scene import Scene
from tests.work import ask, started
from tests.world import World


def test_without_scripts_one_signs_in_reads_and_decides(visit: Callable[..., Visitor], committed_world: World) -> None:
    world = committed_world
    task, claim = started(world, title="Apply the formatter")
    approval = ask(world, claim, question="May I format twelve files?")
    visitor = visit(world.reviewer, java_script_enabled=False)
    page = visitor.page
    page.get_by_role("link", name="Apply the formatter").click()
    expect(page.get_by_role("heading", name="Apply the formatter")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Inbox")).click()
    page.get_by_role("textbox", name="Why").fill("Only the scratch clone.")
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_text("Recorded: approved.")).to_be_visible()
    with world.as_("system"):
        assert ApprovalRequest.objects.get(id=approval.id).status == "approved"
    page.get_by_text("Account of Reviewer").locator("..").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Countermark")).to_be_visible()
    assert task.title


def test_without_scripts_nothing_promises_what_needs_them(visit: Callable[..., Visitor], scene: Scene) -> None:
    page = visit(scene.world.viewer, java_script_enabled=False).go(scene.pages["board"])
    expect(page.locator("#live")).to_be_hidden()
    expect(page.get_by_role("button", name="Theme")).to_be_hidden()


def test_two_keys_go_places_but_not_while_typing(visit: Callable[..., Visitor], scene: Scene) -> None:
    page = visit(scene.world.reviewer).go(scene.pages["board"])
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url("**/inbox/")
    page.get_by_role("textbox", name="Why").press_sequentially("gb")
    expect(page.get_by_role("textbox", name="Why")).to_have_value("gb")
    assert page.url.endswith("/inbox/")


def test_an_approval_needs_no_mouse(visit: Callable[..., Visitor], committed_world: World) -> None:
    _, claim = started(committed_world)
    approval = ask(committed_world, claim)
    page = visit(committed_world.reviewer).go(f"/inbox/{approval.id}/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "comment":
            break
    page.keyboard.type("looked at it")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Approve", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Recorded: approved.")).to_be_visible()


def test_the_theme_is_one_for_the_product_and_the_admin(visit: Callable[..., Visitor], scene: Scene) -> None:
    page = visit(scene.world.admin, color_scheme="light").go(scene.pages["board"])
    toggle = page.get_by_role("button", name="Theme")
    toggle.click()
    toggle.click()
    background = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(background) == "rgb(15, 17, 21)"
    page.goto(f"{page.url.split('/projects')[0]}/admin/")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 17, 21)"


def test_an_open_fold_stays_open_when_news_arrive(visit: Callable[..., Visitor], scene: Scene) -> None:
    page = visit(scene.world.viewer).go(scene.pages["task done"])
    page.get_by_text("Output", exact=False).last.scroll_into_view_if_needed()
    fold = page.locator("#evidence details").first
    fold.locator("summary").click()
    with page.expect_response("**/f/tasks/**"):
        page.evaluate("document.getElementById('task').dispatchEvent(new CustomEvent('live'))")
    expect(fold).to_have_attribute("open", "")


def test_the_api_is_explained_under_the_same_policy(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    page = visitor.go("/api/docs/")
    expect(page.get_by_text("Countermark API").first).to_be_visible(timeout=20_000)
    assert visitor.said == []
