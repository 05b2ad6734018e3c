"""Markdown in sections: where a heading of CommonMark begins, a section begins. The sections together are the text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt

LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
"""a line with its end, as CommonMark counts lines"""

BEFORE = "0"
"""the number of what stands before the first numbered heading"""


@dataclass(frozen=True, slots=True)
class Heading:
    line: int
    level: int
    title: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what follows it, up to the next heading of any level."""

    number: str
    title: str
    text: str


def sections_of(text: str) -> list[Section]:
    """Cut a text at its headings, numbered like a table of contents: 1, 1.1, 1.2, 2.

    A lone level-1 heading that comes first is the title of the whole: it is number 0, together with what stands before
    it, and the headings below it count from 1. No word is lost and none moves.
    """
    lines = LINE.findall(text)
    found = headings(text)
    numbers = list(numbered(found))
    titles = [heading.title for heading in found]
    starts = [heading.line for heading in found]
    has_preface = bool("".join(lines[: starts[0]] if starts else lines).strip())
    if has_preface and numbers[:1] != [BEFORE]:
        numbers, titles, starts = [BEFORE, *numbers], ["", *titles], [0, *starts]
    if not starts:
        return []
    bounds = pairwise([0, *starts[1:], len(lines)])
    texts = ("".join(lines[start:end]) for start, end in bounds)
    return [Section(*each) for each in zip(numbers, titles, texts, strict=True)]


def headings(text: str) -> list[Heading]:
    """Return the headings that stand in no list and no quotation. Inline markup is not looked at."""
    parser = MarkdownIt("commonmark")
    parser.core.ruler.enableOnly(["normalize", "block"])
    tokens = parser.parse(text)
    return [
        Heading(token.map[0], int(token.tag[1:]), " ".join(inline.content.split()))
        for token, inline in pairwise(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]


def numbered(found: list[Heading]) -> Iterator[str]:
    """Yield the number of each heading, no two alike. A skipped level counts as one step."""
    levels = [heading.level for heading in found]
    if levels[:1] == [1] and levels.count(1) == 1:
        yield BEFORE
        levels = levels[1:]
    open_levels: list[int] = []
    counts: list[int] = []
    for level in levels:
        before = 0
        while open_levels and open_levels[-1] > level:
            open_levels.pop()
            before = counts.pop()
        if open_levels[-1:] == [level]:
            counts[-1] += 1
        else:
            open_levels.append(level)
            counts.append(before + 1)
        yield ".".join(str(count) for count in counts)
