"""Spans, if somebody wants them: the small interface that the rest of the product sees.

`OTEL_TRACES_EXPORTER` says where they go. With `none` nothing of OpenTelemetry is imported, and a span costs one
comparison; ids in lines, events and messages are there all the same. Only `otel.py` and `outgoing.py` know the library.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from enum import StrEnum
from importlib import import_module
from typing import Any, Protocol

from django.conf import settings

from common import context
from common.context import RequestContext

Attributes = Mapping[str, str | int | float | bool]


class Kind(StrEnum):
    """Who waits for whom: OpenTelemetry's span kinds."""

    INTERNAL = "INTERNAL"
    SERVER = "SERVER"
    CLIENT = "CLIENT"
    CONSUMER = "CONSUMER"


class Span(Protocol):
    """What runs now. Names and values are ours or identifiers; texts of errors are for the log, which masks them."""

    @property
    def id(self) -> str: ...

    @property
    def is_sampled(self) -> bool: ...

    def set(self, attributes: Attributes, name: str = "") -> None:
        """Add attributes, and call the span by a better name."""

    def fail(self, kind: str) -> None:
        """Say that it went wrong, by the name of the error's class or a status."""


class Tracer(Protocol):
    """What a library of tracing has to do for us."""

    def span(self, name: str, kind: Kind, parent: str, attributes: Attributes) -> AbstractContextManager[Span]:
        """Open a span below the running one, or below `parent` (a checked `traceparent`)."""

    def report(self, spans: Iterable[Mapping[str, Any]]) -> None:
        """Hand on what a browser measured."""

    def stop(self) -> None:
        """Send what is still here."""


class Nothing:
    """The span of a product that is not traced."""

    id = ""
    is_sampled = False

    def set(self, attributes: Attributes, name: str = "") -> None: ...

    def fail(self, kind: str) -> None: ...


NOTHING = Nothing()
_tracer: Tracer | None = None


def start(exporter: str = "") -> Any:
    """Trace this process as the settings say, or to `exporter`; a forked child starts anew. Returns the tracer."""
    global _tracer
    wanted = exporter or settings.TRACES_EXPORTER
    _tracer = None if wanted == "none" else import_module("common.telemetry.otel").start(wanted)
    return _tracer


def stop() -> None:
    """Send what is left and trace no more."""
    global _tracer
    tracer, _tracer = _tracer, None
    if tracer:
        tracer.stop()


def is_on() -> bool:
    return _tracer is not None


def report(spans: Iterable[Mapping[str, Any]]) -> None:
    """Hand on spans that a browser measured (`browser.SpanInput`)."""
    if _tracer:
        _tracer.report(spans)


@contextmanager
def span(name: str, kind: Kind = Kind.INTERNAL, attributes: Attributes | None = None) -> Iterator[Span]:
    """Do the block as a part of what runs."""
    if _tracer is None:
        yield NOTHING
        return
    with _tracer.span(name, kind, "", attributes or {}) as opened:
        yield opened


@contextmanager
def working(running: RequestContext, name: str, kind: Kind, parent: str = "") -> Iterator[Span]:
    """Do the block in a context of its own: a request or a job. Its span has the context's trace id."""
    with context.use(running):
        if _tracer is None:
            yield NOTHING
            return
        with _tracer.span(name, kind, parent, {}) as opened:
            known = replace(context.current(), span_id=opened.id, is_sampled=opened.is_sampled)
            with context.use(known):
                yield opened
