"""The pages name only what there is: make's words, commands, tests and other pages."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from tests.servers import ROOT

GENERATED = {"SCHEMA.md", "events.md", "LICENCES.md"}
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
WRITTEN = [page for page in PAGES if page.name not in GENERATED]
WORDS = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.M))


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_every_word_of_make_and_every_command_exists(page: Path) -> None:
    text = page.read_text()
    assert set(re.findall(r"(?:^ {4,}|`)make ([a-z0-9]+)", text, re.M)) <= WORDS
    commands = re.findall(r"""(?:CMD="?|manage\.py )([a-z_]+)""", text)
    assert set(commands) <= set(get_commands())


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    files = re.findall(r"`((?:[a-z]+/)+(?:test_\w+\.py|tests))\b", page.read_text())
    assert [file for file in files if not (ROOT / file).exists()] == []


def test_the_readme_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\((docs/[^)#]+)", (ROOT / "README.md").read_text()))
    assert {named(page) for page in PAGES if page.parent.name == "docs"} <= linked
