"""`make demo` on a fresh clone: agents work, a person approves in the browser, the summary says what happened."""

import re
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from common.embedded.processes import free_port
from tests.system.clones import Clone, Running, left_over

pytestmark = pytest.mark.system

CHROMIUM = "/usr/bin/chromium"
COMMENT = "Shown exactly, and it is only a scratch clone."
IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.org")


@pytest.fixture(scope="module")
def clone() -> Iterator[Clone]:
    """With a commit, because agents clone what is committed."""
    made = Clone()
    for words in (["init", "--quiet", "--initial-branch=main"], ["add", "."], ["commit", "--quiet", "-m", "All of it"]):
        subprocess.run(["git", *IDENTITY, *words], cwd=made.path, check=True)
    yield made
    made.remove()


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def sign_in(page: Page, running: Running, name: str) -> None:
    email, password = running.expect(rf"^ +({name}\S*@\S+) +password +(\S+)", 120).groups()
    page.goto(f"{running.url()}/sign-in/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page).not_to_have_url(re.compile("sign-in"))


def row_of(running: Running, words: str) -> str:
    """The summary's line about a task."""
    return running.expect(rf"^(DEMO\S*-\d+ {words}.*)$")[1]


def test_agents_work_a_person_approves_and_the_summary_tells(clone: Clone, page: Page) -> None:
    port = str(free_port(18100))
    with clone.running("make", "demo", "ARGS=--exit --wait 240", environment={"PORT": port}) as running:
        running.url()
        sign_in(page, running, "reviewer")
        page.goto(running.expect(r"(http://\S+/inbox/[0-9a-f-]{36}/)", 120)[1])
        expect(page.get_by_text("agents/worker/attempt.py").first).to_be_visible()
        page.get_by_role("textbox", name="Why").fill(COMMENT)
        page.get_by_role("button", name="Approve", exact=True).click()
        running.expect("the approval was redeemed", 60)

        page.goto(running.expect(r"^Watch it at +(\S+)$")[1])
        page.evaluate("window.stayed = true")
        running.expect(r"^Board +http", 240)
        # Live: the killed agent's task was the last to close, and the board moved its card without being loaded again.
        closed = page.locator("#column-done").get_by_text("Run the longer tests")
        expect(closed).to_be_visible(timeout=10_000)
        assert page.evaluate("window.stayed")

        killed = row_of(running, "Run the longer tests")
        assert re.search(r" closed .*attempt 1: lease ran out", killed), killed
        late = row_of(running, "Scan agents, projects")
        assert re.search(r" closed .*attempt 1: lease ran out", late), late
        running.expect_now(r"^Late result of the security on DEMO\S*-\d+: refused \(409\)")
        page.goto(running.expect(rf"^{late.split()[0]} +(http\S+)$")[1])
        expect(page.get_by_text("late write refused and kept for a person").first).to_be_visible()
        risky = row_of(running, "Reformat")
        assert re.search(r" 2 .* closed .*parked for the approval", risky), risky
        missed = row_of(running, "Meet every rule")
        assert re.search(r"ruff-all exit 1 .*blocked.*contract not met: ruff-all ends with exit code 0", missed), missed
        assert " closed" in row_of(running, "Lint and type-check")

        tree = running.tree()
        assert running.process.wait(60) == 0
        assert left_over(tree) == {}


def test_a_second_run_with_another_repository_needs_nobody(clone: Clone) -> None:
    port = str(free_port(18200))
    other = clone.path / ".data" / "other"
    other.mkdir(parents=True)
    (other / "README.md").write_text("No Python in here.\n")
    for words in (["init", "--quiet", "--initial-branch=trunk"], ["add", "."], ["commit", "--quiet", "-m", "One"]):
        subprocess.run(["git", *IDENTITY, *words], cwd=other, check=True)
    words = ["make", "demo", f"REPO={other}", "ARGS=--exit --approve"]
    with clone.running(*words, environment={"PORT": port}) as running:
        running.expect(r"^Board +http", 300)
        tests = row_of(running, "Run the repository")
        assert re.search(r"pytest exit 5 .*blocked", tests), tests
        assert running.process.wait(60) == 0
