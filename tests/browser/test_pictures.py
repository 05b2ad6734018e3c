"""The pictures of README and guides, drawn from the pages themselves: `make pictures` puts them into docs/pictures."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.scene import Scene
from tests.servers import ROOT

FOLDER = ROOT / "docs" / "pictures"
PAGES = {
    "board": "board",
    "task": "task talked about",
    "approval": "approval",
    "plan": "plan",
    "admin": "admin list",
}
"""a picture's name, and the page of the scene that it shows"""
SIZE = {"width": 1440, "height": 900}
FEWEST_BYTES = 20_000
"""a page without its content is smaller"""


@pytest.mark.usefixtures("relay")
def test_every_picture_is_drawn(visit: Callable[..., Visitor], scene: Scene, tmp_path: Path) -> None:
    folder = FOLDER if os.environ.get("UPDATE_PICTURES") else tmp_path
    reviewer, admin = (visit(who, viewport=SIZE) for who in (scene.world.reviewer, scene.world.admin))
    for name, shown in PAGES.items():
        visitor = admin if shown.startswith("admin") else reviewer
        page = visitor.go(scene.pages[shown])
        page.wait_for_load_state("load")
        if visitor is reviewer:
            expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
        page.screenshot(path=folder / f"{name}.png")
        assert (folder / f"{name}.png").stat().st_size > FEWEST_BYTES, name
    assert reviewer.said + admin.said == []


def test_every_picture_is_shown_somewhere_and_the_other_way_round() -> None:
    shown = {
        name
        for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
        for name in re.findall(r"!\[[^\]]+\]\([\w/]*pictures/(\w+)\.png\)", page.read_text())
    }
    assert shown == set(PAGES) == {path.stem for path in FOLDER.iterdir()}
