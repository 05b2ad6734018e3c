"""A run's log as a page shows it: a window of bytes cut at line ends, so that a log of any size costs the same."""

from collections.abc import Iterator
from dataclasses import dataclass

from tasks.models import Execution
from tasks.services.run_log import MAX_CHUNK, content_of
from tasks.views.ansi import Piece, pieces

WINDOW = 64 * 1024
TAIL = 8 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """A line by its byte offset, which never changes; `label` is its number where lines were counted from the first."""

    offset: int
    label: str
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class LogWindow:
    run: Execution
    lines: list[Line]
    start: int
    end: int
    next_line: int
    is_last: bool

    @property
    def size(self) -> int:
        return self.run.log_size

    @property
    def follows(self) -> bool:
        """Whether more may come."""
        return self.is_last and self.run.ended_at is None

    @property
    def earlier(self) -> int | None:
        return max(0, self.start - WINDOW) if self.start else None

    @property
    def later(self) -> int | None:
        return None if self.is_last else self.end


def read(run: Execution, start: int, end: int) -> bytes:
    """Return the bytes of a log between two offsets."""
    return b"".join(parts(run, start, end))


def parts(run: Execution, start: int, end: int) -> Iterator[bytes]:
    chunks = run.log_chunks.filter(offset__lt=end, offset__gt=start - MAX_CHUNK).order_by("offset")
    for chunk in chunks:
        if chunk.offset + chunk.size <= start:
            continue
        yield content_of(chunk)[max(0, start - chunk.offset) : end - chunk.offset]


def window(run: Execution, start: int, *, first_line: int = 0, size: int = WINDOW) -> LogWindow:
    """Return the lines from `start` on. A last line that has no end yet waits for it, unless the run is over."""
    upto = min(start + size, run.log_size)
    return window_of(run, read(run, start, upto), start, upto, first_line)


def window_of(run: Execution, content: bytes, start: int, upto: int, first_line: int = 0) -> LogWindow:
    is_last = upto == run.log_size
    if not is_last or run.ended_at is None:
        whole = content.rfind(b"\n") + 1
        content = content[:whole] if whole or is_last else content
    number = first_line or (1 if start == 0 else 0)
    lines = list(lines_of(content, start, number))
    return LogWindow(run, lines, start, start + len(content), number + len(lines) if number else 0, is_last)


def lines_of(content: bytes, start: int, number: int) -> Iterator[Line]:
    offset = start
    for position, raw in enumerate(content.splitlines(keepends=True)):
        label = str(number + position) if number else ""
        yield Line(offset, label, list(pieces(raw.decode("utf-8", "replace").rstrip("\r\n"))))
        offset += len(raw)


def tail(run: Execution | None) -> LogWindow | None:
    """Return the end of a run's log, whole lines only."""
    if run is None:
        return None
    begin = max(0, run.log_size - TAIL)
    content = read(run, max(0, begin - 1), run.log_size)
    cut = content.find(b"\n") + 1 or 1 if begin else 0  # without any line end: from there on
    return window_of(run, content[cut:], run.log_size - len(content) + cut, run.log_size)


def line_start(run: Execution, offset: int) -> int:
    """Return the first start of a line at or after `offset`."""
    if offset == 0:
        return 0
    probe = read(run, offset - 1, min(offset + WINDOW, run.log_size))
    cut = probe.find(b"\n")
    return offset + cut if cut >= 0 else offset
