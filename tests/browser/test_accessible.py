"""Every page in both themes and three widths: axe finds nothing, the console is silent, nothing scrolls sideways."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Visitor
from tests.browser.scene import Scene

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = {360: 780, 768: 1024, 1440: 900}


def violations(page: Page) -> list[str]:
    """Run axe and return what it found, each with the element that it is about."""
    page.evaluate("document.fonts.ready")
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found["violations"] for node in rule["nodes"]]


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def faults(visitor: Visitor, name: str) -> list[str]:
    """Return what is wrong with the page that is open. What axe itself makes the console say does not count."""
    said, visitor.said[:] = [f"{name}: {words}" for words in visitor.said], []
    sideways = [f"{name}: scrolls sideways"] if scrolls_sideways(visitor.page) else []
    found = [f"{name}: {words}" for words in violations(visitor.page)]
    visitor.said.clear()
    return said + sideways + found


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_has_a_fault(visit: Callable[..., Visitor], scene: Scene, theme: str, width: int) -> None:
    size = {"width": width, "height": WIDTHS[width]}
    visitor = visit(viewport=size, color_scheme=theme)
    visitor.go("/sign-in/")
    found = faults(visitor, "sign-in")
    visitor.sign_in(scene.world.admin)
    for name, path in scene.pages.items():
        visitor.go(path)
        found += faults(visitor, name)
    assert not found, "\n".join(found)


def test_pages_without_anything_have_no_fault(visit: Callable[..., Visitor], scene: Scene) -> None:
    visitor = visit(scene.world.stranger)
    found = []
    for path in ("/", "/inbox/"):
        visitor.go(path)
        found += faults(visitor, path)
    assert not found, "\n".join(found)


def test_what_is_folded_has_no_fault_when_it_is_open(visit: Callable[..., Visitor], scene: Scene) -> None:
    visitor = visit(scene.world.reviewer)
    found = []
    for name in ("task waiting", "task blocked", "task done", "task talked about", "plan", "plan's records"):
        visitor.go(scene.pages[name]).evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        found += faults(visitor, name)
    assert not found, "\n".join(found)


def test_a_page_that_is_not_there_has_no_fault(visit: Callable[..., Visitor], scene: Scene) -> None:
    visitor = visit(scene.world.viewer)
    visitor.go("/tasks/00000000-0000-7000-8000-000000000000/")
    visitor.said.clear()  # the browser itself complains about the status
    assert faults(visitor, "404") == []


def test_statuses_are_told_without_colour(visit: Callable[..., Visitor], scene: Scene) -> None:
    visitor = visit(scene.world.reviewer, forced_colors="active")
    pills = visitor.go(scene.pages["board"]).locator(".pill")
    assert pills.count() > 6
    for pill in pills.all():
        pill.scroll_into_view_if_needed()  # cards out of sight are not drawn
        assert pill.inner_text().strip()
        assert pill.locator("svg").is_visible()
