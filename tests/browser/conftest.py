"""A real browser before the real web process. What the console says is part of every test."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import User
from tests.browser.scene import Scene
from tests.servers import Server
from tests.world import PASSWORD, make_world

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
QUIET += ["--disable-background-networking", "--disable-component-update"]
WAIT_MS = 20_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session", autouse=True)
def _database_beside_a_browser() -> Iterator[None]:
    """Playwright's loop runs in this thread, and Django would refuse the database there."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    """A tenant with tasks in every state; pages of a module share it, so its tests only look."""
    with django_db_blocker.unblock():
        yield Scene(make_world())


@dataclass
class Visitor:
    """Somebody with a browser of their own. `said` is what its console and its network complained about."""

    server: Server
    context: BrowserContext
    page: Page
    said: list[str] = field(default_factory=list)

    def listen(self) -> "Visitor":
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", self._request)
        return self

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.said.append(message.text)

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.server.url, "data:")):
            self.said.append(f"asked another host: {request.url}")

    def go(self, path: str) -> Page:
        """Open a page and wait until its scripts have run."""
        self.page.goto(f"{self.server.url}{path}")
        return self.page

    def sign_in(self, user: User) -> "Visitor":
        self.go("/sign-in/")
        self.page.get_by_label("E-mail").fill(user.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda url: "/sign-in/" not in url)
        return self


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Callable[..., Visitor]]:
    """Open browsers: `visit(user)` is signed in, `visit()` is anybody."""
    contexts: list[BrowserContext] = []

    def open_browser(user: User | None = None, **options: Any) -> Visitor:
        context = browser.new_context(**{"reduced_motion": "reduce", **options})
        contexts.append(context)
        visitor = Visitor(server, context, context.new_page()).listen()
        return visitor.sign_in(user) if user else visitor

    yield open_browser
    for context in contexts:
        context.close()
