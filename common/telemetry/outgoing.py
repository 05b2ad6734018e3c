"""Outgoing HTTP as spans: what urllib, urllib3 and our own senders have in common is `http.client`.

A span has method, host and status; a path or a query may hold a secret. The other side is told the trace.
"""

import http.client
from typing import Any

from opentelemetry.instrumentation.utils import is_instrumentation_enabled
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer

_ORIGINAL = {name: getattr(http.client.HTTPConnection, name) for name in ("putrequest", "endheaders", "getresponse")}
_SPAN = "_countermark_span"
_tracers: list[Tracer] = []


def putrequest(self: Any, method: str, *args: Any, **kwargs: Any) -> None:
    """Begin the span with the request line, and send `traceparent` after it."""
    _ORIGINAL["putrequest"](self, method, *args, **kwargs)
    if not is_instrumentation_enabled():  # the exporter's own requests
        return
    end(self, error="abandoned")
    attributes = {"http.request.method": method, "server.address": self.host, "server.port": self.port or 0}
    span = _tracers[-1].start_span(f"HTTP {method}", kind=SpanKind.CLIENT, attributes=attributes)
    setattr(self, _SPAN, span)
    ids = span.get_span_context()
    self.putheader("traceparent", f"00-{ids.trace_id:032x}-{ids.span_id:016x}-{ids.trace_flags:02x}")


def endheaders(self: Any, *args: Any, **kwargs: Any) -> None:
    """Connect and send; a failure ends the span."""
    try:
        _ORIGINAL["endheaders"](self, *args, **kwargs)
    except Exception as error:
        end(self, error=type(error).__name__)
        raise


def getresponse(self: Any, *args: Any, **kwargs: Any) -> Any:
    """The answer ends the span."""
    try:
        response = _ORIGINAL["getresponse"](self, *args, **kwargs)
    except Exception as error:
        end(self, error=type(error).__name__)
        raise
    end(self, status=response.status)
    return response


def end(connection: Any, *, status: int = 0, error: str = "") -> None:
    span = connection.__dict__.pop(_SPAN, None)
    if span is None:
        return
    if status:
        span.set_attribute("http.response.status_code", status)
    if error or status >= 400:
        span.set_attribute("error.type", error or str(status))
        span.set_status(Status(StatusCode.ERROR))
    span.end()


def watch(tracer: Tracer) -> None:
    _tracers[:] = [tracer]
    for function in (putrequest, endheaders, getresponse):
        setattr(http.client.HTTPConnection, function.__name__, function)


def unwatch() -> None:
    for name, function in _ORIGINAL.items():
        setattr(http.client.HTTPConnection, name, function)
