"""The product as the demo sees it after the set-up: over HTTP, with somebody's token."""

import time
import urllib.parse
from typing import Any

from agents.worker.client import Call, Client, json_call
from agents.worker.errors import UnreachableError

PATIENCE_SECONDS = 60.0


class Remote:
    """Reads and answers in one person's name. A server that is away for a moment is waited for."""

    def __init__(self, url: str, token: str) -> None:
        self._client = Client(url, token)

    def get(self, path: str) -> dict[str, Any]:
        return self._send(Call("GET", path))

    def list(self, path: str, **filters: str) -> list[dict[str, Any]]:
        """Every element, page after page."""
        query: str | None = urllib.parse.urlencode({**filters, "limit": "100"})
        found: list[dict[str, Any]] = []
        while query is not None:
            page = self.get(f"{path}?{query}")
            found += page["results"]
            query = urllib.parse.urlsplit(page["next"]).query if page.get("next") else None
        return found

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._send(json_call(path, body))

    def _send(self, call: Call) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE_SECONDS

        def pause(seconds: float) -> None:
            if time.monotonic() > until:
                raise UnreachableError(f"the product did not answer for {PATIENCE_SECONDS:.0f} s")
            time.sleep(seconds)

        return self._client.insist(call, pause, lambda trouble: None).object()
