"""docs/requirements.md: every promise of the specification, its state, and a test or command that exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "requirements.md"
ROWS = {"S2": 120, "S3": 46, "S4": 57, "T": 31, "R": 7, "G": 12}
STATES = {"done", "later", "differs"}

LINE = re.compile(r"^\| ((?:S[234]|T|R|G)-\d+) \| (.+?) \| (\w+) \| (.*) \|$")
TEST = re.compile(r"`([\w/.]+\.py)::(\w+)`")
TARGET = re.compile(r"`make ([a-z0-9]+)[^`]*`")
COMMAND = re.compile(r"`manage\.py (\w+)[^`]*`")
LINK = re.compile(r"\]\(([^)#]+)\)")


def rows() -> list[tuple[str, str, str, str]]:
    """Return (number, promise, state, what shows it) of each line."""
    return [match.groups() for line in PAGE.read_text().splitlines() if (match := LINE.match(line))]  # type: ignore[misc]


@cache
def functions_of(path: Path) -> frozenset[str]:
    """Return the functions and classes that a file of tests defines."""
    tree = ast.parse(path.read_text())
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    )


def targets() -> set[str]:
    return set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.M))


def test_every_promise_has_one_line() -> None:
    numbers = [number for number, *_ in rows()]
    assert numbers == [f"{seed}-{row}" for seed, last in ROWS.items() for row in range(1, last + 1)]


def test_every_line_is_of_a_known_state_and_says_something() -> None:
    assert {state for _, _, state, _ in rows()} <= STATES
    assert [number for number, promise, _, shown in rows() if not promise.strip() or not shown.strip()] == []


def test_what_is_done_names_a_test_or_a_command() -> None:
    silent = [
        number
        for number, _, state, shown in rows()
        if state == "done" and not (TEST.search(shown) or TARGET.search(shown) or COMMAND.search(shown))
    ]
    assert silent == []


def test_what_differs_or_comes_later_says_why() -> None:
    assert [number for number, _, state, shown in rows() if state != "done" and len(shown.split()) < 4] == []


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_what_a_line_names_exists(row: tuple[str, str, str, str]) -> None:
    shown = row[3]
    for path, name in TEST.findall(shown):
        assert (ROOT / path).is_file(), f"{path} does not exist"
        assert name.startswith("test_"), f"{name} is no test"
        assert name in functions_of(ROOT / path), f"{path} has no {name}"
    assert set(TARGET.findall(shown)) <= targets()
    assert set(COMMAND.findall(shown)) <= set(get_commands())
    assert [link for link in LINK.findall(shown) if not (PAGE.parent / link).exists()] == []
