"""What is served from static/vendor/ is what the lock file names, byte for byte, with its licence beside it."""

import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES: list[dict[str, Any]] = json.loads((ROOT / "static/vendor/vendor.lock.json").read_text())["packages"]
FILES = [file for package in PACKAGES for file in package["files"]]
ICON_USE = re.compile(r'{% icon "([a-z-]+)" %}')


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file["path"]))
def test_vendored_file_has_the_locked_hash(file: dict[str, Any]) -> None:
    assert hashlib.sha256((ROOT / file["path"]).read_bytes()).hexdigest() == file["sha256"]


def test_every_vendored_file_is_locked() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("static/vendor", "tests/browser/vendor")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }
    assert found - {file["path"] for file in FILES} == {"static/vendor/vendor.lock.json"}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: str(package["name"]))
def test_every_package_comes_with_its_licence(package: dict[str, Any]) -> None:
    assert package["licence"]
    assert any("LICENSE" in file["path"] for file in package["files"])


@pytest.mark.parametrize("template", [*(ROOT / "templates").rglob("*.html")], ids=lambda path: str(path.name))
def test_every_icon_that_a_template_names_is_in_the_sprite(template: Path) -> None:
    sprite = (ROOT / "static/vendor/icons.svg").read_text()
    assert [name for name in ICON_USE.findall(template.read_text()) if f'id="{name}"' not in sprite] == []


@pytest.mark.parametrize(
    ("files", "most_kilobytes"),
    [
        (["vendor/htmx.min.js", "js/theme.js", "js/app.js", "js/live.js"], 30),
        (["css/variables.css", "css/app.css", "css/components.css", "css/live.css", "css/log.css", "css/task.css"], 12),
    ],
    ids=["scripts", "styles"],
)
def test_a_page_stays_light(files: list[str], most_kilobytes: int) -> None:
    sent = sum(len(gzip.compress((ROOT / "static" / name).read_bytes())) for name in files)
    assert sent <= most_kilobytes * 1024
