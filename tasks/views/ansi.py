"""Terminal colours in a run's output, as classes: inline styles are refused by the policy, scripts would be a risk."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Select Graphic Rendition is kept; every other escape sequence moves a cursor that does not exist here.
SEQUENCE = re.compile(r"\x1b\[([0-9;]*)m|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

COLOURS = ("a-dim", "a-red", "a-green", "a-yellow", "a-blue", "a-magenta", "a-cyan", "")
MARKS = {1: "a-bold", 2: "a-dim", 3: "a-italic", 4: "a-underline"}
ENDS = {22: ("a-bold", "a-dim"), 23: ("a-italic",), 24: ("a-underline",), 39: COLOURS}


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    css: str = ""


def pieces(line: str) -> Iterator[Piece]:
    """Cut a line where its look changes. Control characters are dropped."""
    classes: list[str] = []
    end = 0
    for sequence in SEQUENCE.finditer(line):
        yield from piece(line[end : sequence.start()], classes)
        if sequence.group(1) is not None:
            classes = after(classes, sequence.group(1))
        end = sequence.end()
    yield from piece(line[end:], classes)


def piece(text: str, classes: list[str]) -> Iterator[Piece]:
    visible = CONTROL.sub("", text)
    if visible:
        yield Piece(visible, " ".join(sorted(classes)))


def after(classes: list[str], codes: str) -> list[str]:
    """Return the classes that hold after these codes; 256 and true colours are left as they are."""
    numbers = [int(code or 0) for code in codes.split(";")]
    if numbers[0] in {38, 48}:
        return classes
    for number in numbers:
        classes = apply(classes, number)
    return classes


def apply(classes: list[str], number: int) -> list[str]:
    if number == 0:
        return []
    if number in MARKS:
        return [*(css for css in classes if css != MARKS[number]), MARKS[number]]
    if number in ENDS:
        return [css for css in classes if css not in ENDS[number]]
    if 30 <= number <= 37 or 90 <= number <= 97:
        colour = COLOURS[number % 10]
        return [*(css for css in classes if css not in COLOURS), *([colour] if colour else [])]
    return classes
