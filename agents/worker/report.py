"""The worker's own log: one line per happening on stdout, readable or JSON."""

import json
import sys
import threading
from datetime import UTC, datetime
from typing import TextIO


class Report:
    """Says what happens; safe to use from several threads."""

    def __init__(self, name: str, *, as_json: bool = False, stream: TextIO | None = None) -> None:
        self._name = name
        self._as_json = as_json
        self._stream = stream or sys.stdout
        self._lock = threading.Lock()

    def say(self, event: str, message: str, **facts: str | int | None) -> None:
        """`event` is for programs, `message` for people; facts appear in JSON only."""
        line = self._json(event, message, facts) if self._as_json else self._readable(message, facts)
        with self._lock:
            print(line, file=self._stream, flush=True)

    def _json(self, event: str, message: str, facts: dict[str, str | int | None]) -> str:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json.dumps({"time": now, "worker": self._name, "event": event, "message": message, **facts})

    def _readable(self, message: str, facts: dict[str, str | int | None]) -> str:
        about = f"{facts['task']} " if facts.get("task") else ""
        # A message may quote the server or a tool; one happening stays one line.
        return f"{datetime.now(UTC):%H:%M:%S} {self._name}: {about}{' '.join(message.split())}"
