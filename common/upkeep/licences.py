"""The licences of what we install, as the packages themselves state them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)", re.M)
CLASSIFIER = "License :: "
# Long texts in the field that should hold a name, and names that are no SPDX expressions.
LONGEST = 60
HEAD = """\
# Licences

Written by `manage.py describe_licences` from what the packages say of themselves; do not edit. The product is under
Apache-2.0 (`LICENSE`). What runs in an installation comes first; the second table is only for building and testing.
"""


@dataclass(frozen=True, slots=True)
class Dependency:
    """A pinned package and its licence."""

    name: str
    version: str
    licence: str


def dependencies(requirements: Path) -> Iterator[Dependency]:
    """Yield what a file of pins names, where it is installed on this platform."""
    for match in PIN.finditer(requirements.read_text()):
        try:
            yield Dependency(match["name"], match["version"], licence_of(match["name"]))
        except PackageNotFoundError:
            continue  # of another platform


def licence_of(name: str) -> str:
    """Return the licence of an installed package; "unknown" where it says none. Raises `PackageNotFoundError`."""
    found = metadata(name)
    stated = found["License-Expression"] or ""
    if not stated:
        names = [text.rsplit(" :: ", 1)[1] for text in found.get_all("Classifier", []) if text.startswith(CLASSIFIER)]
        stated = ", ".join(sorted(name for name in names if name != "OSI Approved"))
    text = (found["License"] or "").strip()
    if not stated and text and "\n" not in text and len(text) <= LONGEST:
        stated = text
    return stated or "unknown"


def page(base: Path) -> str:
    """Return the page in Markdown."""
    running = list(dependencies(base / "requirements.txt"))
    known = {one.name for one in running}
    building = [one for one in dependencies(base / "requirements-dev.txt") if one.name not in known]
    return "\n".join([HEAD, *table("Running", running), "", *table("Building and testing", building), ""])


def table(title: str, found: list[Dependency]) -> list[str]:
    rows = [f"| {one.name} | {one.version} | {one.licence} |" for one in found]
    return [f"## {title}", "", "| package | version | licence |", "|---|---|---|", *rows]
