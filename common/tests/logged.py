"""What the product writes to its log, as the log has it."""

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from common.telemetry.logs import logging_config


class Lines:
    """Lines as production writes them."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def of(self, event: str) -> list[dict[str, Any]]:
        return [entry for entry in map(json.loads, self.text.splitlines()) if entry["event"] == event]


@contextmanager
def logged(level: str = "INFO") -> Iterator[Lines]:
    """Write lines into memory inside the block, through the product's own formatter."""
    lines = Lines()
    handler = logging.StreamHandler(lines.stream)
    config = logging_config(log_format="json", level=level, process=settings.PROCESS)
    handler.setFormatter(logging.config.DictConfigurator(config).configure_formatter(config["formatters"]["line"]))
    root = logging.getLogger()
    before, root.level = root.level, logging.getLevelName(level)
    root.addHandler(handler)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
