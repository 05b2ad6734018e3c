"""What several tests of the base need."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from common.telemetry import tracing


@pytest.fixture
def spans() -> Iterator[Callable[[], list[Any]]]:
    """Trace this process into memory; call it for what was sent."""
    tracer = tracing.start("memory")
    try:
        yield lambda: list(tracer.exporter.get_finished_spans())
    finally:
        tracing.stop()
