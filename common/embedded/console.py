"""What a person sees: one line for each thing worth knowing. Everything else is in the log files."""

import json
import os
import queue
import re
import sys
import threading
from contextlib import suppress
from datetime import datetime
from typing import Any

ERRORS = ("error", "critical", "exception")
MIGRATION = re.compile(rb"^ *Applying (\S+?)\.\.\. OK$")
MESSAGE_LENGTH = 160
DIM, BOLD, RED, PLAIN = "\033[2m", "\033[1m", "\033[31m", "\033[0m"


class Console:
    """Writes lines from a thread of its own: a stopped terminal (Ctrl-S) must not stop the product."""

    def __init__(self) -> None:
        self._colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._lines: queue.Queue[str | None] = queue.Queue(maxsize=1000)
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()

    def say(self, name: str, message: str, *, error: bool = False) -> None:
        """Write one line: the time, who, what."""
        clock = datetime.now().astimezone().strftime("%H:%M:%S")
        text = f"{RED}{message}{PLAIN}" if error and self._colours else message
        if self._colours:
            self._put(f"{DIM}{clock}{PLAIN}  {BOLD}{name:<9}{PLAIN} {text}")
        else:
            self._put(f"{clock}  {name:<9} {text}")

    def block(self, *lines: str) -> None:
        """Write a paragraph that stands out."""
        self._put("\n".join(("", *(f"  {line}".rstrip() for line in lines), "")))

    def close(self) -> None:
        """Write what is still waiting, unless nobody takes it."""
        self._put(None)
        self._writer.join(timeout=1)

    def _put(self, line: str | None) -> None:
        with suppress(queue.Full):
            self._lines.put_nowait(line)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            with suppress(OSError, ValueError):
                print(line, flush=True)


def worth_showing(line: bytes) -> tuple[str, bool] | None:
    """Return the sentence in a log line that belongs on the console, and whether it is an error.

    A process says so itself, with a key `activity`. Of other lines only errors are shown, in short, and migrations.
    """
    migration = MIGRATION.match(line)
    if migration:
        return f"migration applied: {migration[1].decode()}", False
    try:
        entry: Any = json.loads(line)
    except ValueError:
        return None
    if not isinstance(entry, dict):
        return None
    if entry.get("activity"):
        return str(entry["activity"]), False
    if entry.get("level") in ERRORS:
        return shortened(f"error: {entry.get('event', '')}"), True
    return None


def shortened(text: str) -> str:
    """Return the first line of a text, cut to what fits beside a time and a name."""
    first = text.strip().splitlines()[0] if text.strip() else ""
    return first if len(first) <= MESSAGE_LENGTH else f"{first[:MESSAGE_LENGTH]}…"
