"""What people write on a task's page: nothing is loaded again, nothing typed is lost, others see it at once."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tasks.models import Attachment, Comment
from tests.browser.conftest import Visitor
from tests.browser.test_live import assert_not_reloaded, live
from tests.collab import comment, line, offer
from tests.work import make_task
from tests.world import World

pytestmark = pytest.mark.usefixtures("relay")


def say(page: Page, words: str) -> None:
    page.get_by_label("Your comment").fill(words)
    page.get_by_role("button", name="Comment", exact=True).click()


def test_people_talk_and_no_draft_is_lost(visit: Callable[..., Visitor], committed_world: World) -> None:
    world = committed_world
    path = f"/tasks/{make_task(world).id}/"
    one, other = visit(world.engineer), visit(world.reviewer)
    here, there = live(one, path), live(other, path)
    there.get_by_label("Your comment").fill("I was just about to s")
    say(here, "Which months first?")
    expect(here.locator("#comments li.comment")).to_contain_text("Which months first?")
    expect(here.get_by_label("Your comment")).to_have_value("")
    expect(there.locator("#comments li.comment")).to_contain_text("Which months first?")
    expect(there.get_by_label("Your comment")).to_have_value("I was just about to s")
    there.get_by_label("Your comment").press_sequentially("ay: the oldest.")
    there.get_by_role("button", name="Comment", exact=True).click()
    expect(here.locator("#comments li.comment")).to_have_count(2)
    expect(there.locator("#comments li.comment")).to_have_count(2)
    expect(there.get_by_label("Your comment")).to_have_value("")
    for page in (here, there):
        assert_not_reloaded(page)
    assert one.said == other.said == []


def test_a_refused_form_keeps_its_text_and_leaves_the_others_alone(
    visit: Callable[..., Visitor], committed_world: World
) -> None:
    world = committed_world
    visitor = visit(world.engineer)
    task = make_task(world)
    page = live(visitor, f"/tasks/{task.id}/")
    page.get_by_label("Your comment").fill("half a sentence")
    page.get_by_text("Say what stands in the way").click()
    page.get_by_label("What stands in the way", exact=True).fill(" ")
    page.get_by_label("How to get it going again").fill("Restart it")
    page.get_by_role("button", name="Stop the task").click()
    expect(page.get_by_text("Say what it is.")).to_be_visible()
    comment(world, task, "reviewer", content="News from elsewhere.")
    expect(page.locator("#comments")).to_contain_text("News from elsewhere.")
    expect(page.get_by_text("Say what it is.")).to_be_visible()
    expect(page.get_by_label("How to get it going again")).to_have_value("Restart it")
    page.get_by_label("What stands in the way", exact=True).fill("Docker is down")
    page.get_by_role("button", name="Stop the task").click()
    expect(page.locator("#blockers")).to_contain_text("Docker is down")
    expect(page.locator("#task .pill").first).to_contain_text("Blocked")
    expect(page.get_by_label("Your comment")).to_have_value("half a sentence")
    page.get_by_text("Resolve it").click()
    page.get_by_label("What was done about it").fill("Restarted it.")
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.locator("#blockers")).to_contain_text("1 resolved")
    page.get_by_text("Say what stands in the way").click()
    expect(page.get_by_label("How to get it going again")).to_have_value("")
    expect(page.get_by_label("Your comment")).to_have_value("half a sentence")
    assert_not_reloaded(page)
    only_the_answer = re.compile("status of 422")
    assert not [words for words in visitor.said if not only_the_answer.search(words)]


def test_lines_are_ticked_with_the_keyboard(visit: Callable[..., Visitor], committed_world: World) -> None:
    world = committed_world
    task = make_task(world)
    line(world, task, "Write the migration")
    visitor = visit(world.engineer)
    page = live(visitor, f"/tasks/{task.id}/")
    box = page.get_by_role("checkbox", name="Write the migration")
    box.focus()
    page.keyboard.press("Space")
    expect(box).to_be_checked()
    expect(page.locator("#checklist")).to_contain_text("1 of 1 done")
    expect(box).to_be_focused()
    page.keyboard.press("Space")
    expect(box).not_to_be_checked()
    page.get_by_text("Add a line").click()
    page.get_by_label("Another line").fill("Try it")
    page.keyboard.press("Enter")
    expect(page.locator("#checklist")).to_contain_text("0 of 2 done")
    assert visitor.said == []


def test_a_file_goes_up_and_comes_back_as_a_download(
    visit: Callable[..., Visitor], committed_world: World, tmp_path: Path
) -> None:
    world = committed_world
    visitor = visit(world.engineer)
    page = live(visitor, f"/tasks/{make_task(world).id}/")
    page.get_by_role("button", name="Attach").click()
    expect(page.get_by_text("Choose a file first.")).to_be_visible()
    evil = b"<script>alert(1)</script>" * 40_000  # more than a request may have in memory
    page.get_by_label("A file").set_input_files({"name": "evil.html", "mimeType": "text/html", "buffer": evil})
    page.get_by_role("button", name="Attach").click()
    link = page.get_by_role("link", name="evil.html")
    expect(link).to_be_visible()
    with page.expect_download() as waiting:
        link.click()
    waiting.value.save_as(tmp_path / "evil.html")
    assert (tmp_path / "evil.html").read_bytes() == evil
    page.get_by_text("More about evil.html").locator("..").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No file is attached.")).to_be_visible()
    assert_not_reloaded(page)
    with world.as_("system"):
        assert not Attachment.objects.exists()


def test_work_is_taken_over_once_it_was_looked_at(visit: Callable[..., Visitor], committed_world: World) -> None:
    world = committed_world
    task = make_task(world)
    offer(world, task)
    page = live(visit(world.reviewer), f"/tasks/{task.id}/")
    page.get_by_label("I read the work log.").check()
    page.get_by_role("button", name="Take it over").click()
    expect(page.get_by_text("Do this first, then say so.")).to_have_count(2)
    expect(page.get_by_label("I read the work log.")).to_be_checked()
    page.get_by_label("I reviewed the commits.").check()
    page.get_by_label("I checked the blockers.").check()
    page.get_by_role("button", name="Take it over").click()
    expect(page.locator("#handoffs")).to_contain_text("Taken over")
    expect(page.get_by_role("button", name="Take it over")).to_have_count(0)
    assert_not_reloaded(page)


def test_what_could_not_be_sent_says_so_and_stays(visit: Callable[..., Visitor], committed_world: World) -> None:
    world = committed_world
    visitor = visit(world.engineer)
    page = live(visitor, f"/tasks/{make_task(world).id}/")
    visitor.server.kill()
    say(page, "Can you hear me?")
    expect(page.locator("#form-comment").get_by_text("Not sent: the server cannot be reached.")).to_be_visible()
    visitor.server.restart()
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    expect(page.get_by_label("Your comment")).to_have_value("Can you hear me?")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#comments li.comment")).to_contain_text("Can you hear me?")


def test_without_scripts_one_writes_too(visit: Callable[..., Visitor], committed_world: World) -> None:
    world = committed_world
    task = make_task(world)
    said = comment(world, task)
    page = visit(world.engineer, java_script_enabled=False).go(f"/tasks/{task.id}/")
    say(page, "Without a script.")
    assert page.url.endswith("#comments")
    expect(page.locator("#comments li.comment")).to_have_count(2)
    page.locator(f"#comment-{said.id} summary.more").click()
    page.get_by_role("button", name="Delete").first.click()
    expect(page.locator("#comments li.comment")).to_have_count(1)
    page.get_by_text("Say what stands in the way").click()
    page.get_by_label("What stands in the way", exact=True).fill(" ")
    page.get_by_label("Commands").fill("docker info")
    page.get_by_role("button", name="Stop the task").click()
    expect(page.get_by_text("Say what it is.")).to_be_visible()
    expect(page.get_by_label("Commands")).to_have_value("docker info")
    with world.as_("system"):
        assert Comment.objects.get().content == "Without a script."
