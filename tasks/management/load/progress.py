"""A progress bar: one line that moves on a terminal, a line a table elsewhere."""

import time
from typing import TextIO

WIDTH = 30
PAUSE = 0.1  # seconds between two drawings


class Progress:
    """How far one table is. Use it as `with Progress(stream, "tasks", 1000) as tell: tell(200)`."""

    def __init__(self, stream: TextIO, title: str, total: int) -> None:
        self.stream, self.title, self.total = stream, title, total
        self.done = 0
        self.started = time.monotonic()
        self.drawn = 0.0

    def __enter__(self) -> "Progress":
        return self

    def __call__(self, done: int) -> None:
        self.done = done
        if self.stream.isatty() and time.monotonic() - self.drawn > PAUSE:
            self.draw("\r")

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.draw("\r" if self.stream.isatty() else "")
            self.stream.write("\n")

    def draw(self, start: str) -> None:
        self.drawn = time.monotonic()
        share = self.done / self.total if self.total else 1
        bar = "#" * round(WIDTH * share)
        seconds = self.drawn - self.started
        rate = self.done / seconds if seconds else 0
        line = (
            f"{self.title:<12} [{bar:<{WIDTH}}] {self.done:>12,} of {self.total:,}  {seconds:6.1f} s  {rate:>10,.0f}/s"
        )
        self.stream.write(f"{start}{line}")
        self.stream.flush()
