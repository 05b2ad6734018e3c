"""OpenTelemetry behind the interface of `tracing.py`; imported only where somebody wants traces.

Redis is watched by OpenTelemetry's own instrumentation. Requests, jobs, statements and outgoing HTTP are watched where
the product passes anyway: so trace ids are equal everywhere by construction, and no address, parameter or text of an
error gets into a span. What is exported is masked besides, like a line of the log.
"""

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from django.conf import settings
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from common import context
from common.telemetry import outgoing
from common.telemetry.ids import TRACEPARENT
from common.telemetry.masking import clean, clean_text
from common.telemetry.tracing import Attributes, Kind

logger = logging.getLogger("countermark.tracing")

SEND_EVERY_MILLISECONDS = 1000
"""what is younger may be lost when a process is killed"""


class Roots(Sampler):
    """A trace begins with a request, a job or a piece of work of ours; a lone statement or heartbeat is none."""

    def __init__(self, ratio: float) -> None:
        self._bound = ratio * 2**64

    def should_sample(
        self,
        parent_context: Any,
        trace_id: int,
        name: str,
        kind: Any = None,
        attributes: Any = None,
        *_: Any,
        **__: Any,
    ) -> SamplingResult:
        # Of the digest: an id of ours is a UUIDv7, whose bits are not all random.
        lot = int.from_bytes(sha256(trace_id.to_bytes(16)).digest()[:8])
        wanted = kind is not SpanKind.CLIENT and lot < self._bound
        return SamplingResult(Decision.RECORD_AND_SAMPLE if wanted else Decision.DROP, attributes)

    def get_description(self) -> str:
        return "Roots"


class ContextIds(RandomIdGenerator):
    """A trace has the id that lines and events of its request have."""

    def generate_trace_id(self) -> int:
        running = context.running()
        return int(running.trace_id, 16) if running else int(secrets.token_hex(16), 16)


class Masked(SpanExporter):
    """Hands spans on without what looks like a secret, whoever made them."""

    def __init__(self, exporter: SpanExporter) -> None:
        self.exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self.exporter.export([masked(span) for span in spans])

    def shutdown(self) -> None:
        self.exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self.exporter.force_flush(timeout_millis)


def masked(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=clean_text(span.name),
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=without_secrets(span.attributes),
        events=[Event(event.name, without_secrets(event.attributes), event.timestamp) for event in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def without_secrets(attributes: Any) -> dict[str, Any]:
    return {name: clean(name, value) for name, value in (attributes or {}).items()}


class Opened:
    """A running span."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self._context = span.get_span_context()

    @property
    def id(self) -> str:
        return f"{self._context.span_id:016x}"

    @property
    def is_sampled(self) -> bool:
        return bool(self._context.trace_flags.sampled)

    def set(self, attributes: Attributes, name: str = "") -> None:
        self._span.set_attributes(dict(attributes))
        if name:
            self._span.update_name(name)

    def fail(self, kind: str) -> None:
        self._span.set_attribute("error.type", kind)
        self._span.set_status(Status(StatusCode.ERROR))


class Tracer:
    """The spans of this process, on their way to one exporter."""

    def __init__(self, exporter: SpanExporter, *, at_once: bool) -> None:
        process = settings.PROCESS
        resource = Resource.create(
            {
                "service.name": process["service"],
                "service.version": process["version"],
                "deployment.environment.name": process["environment"],
            }
        )
        sampler = ParentBased(Roots(settings.TRACES_RATIO))
        self.exporter = exporter
        self.provider = TracerProvider(sampler=sampler, resource=resource, id_generator=ContextIds())
        hidden = Masked(exporter)
        self._processor: SpanProcessor = (
            SimpleSpanProcessor(hidden)
            if at_once
            else BatchSpanProcessor(hidden, schedule_delay_millis=SEND_EVERY_MILLISECONDS)
        )
        self.provider.add_span_processor(self._processor)
        self.own = self.provider.get_tracer("countermark", process["version"])

    @contextmanager
    def span(self, name: str, kind: Kind, parent: str, attributes: Attributes) -> Iterator[Opened]:
        above = remote(parent) if parent else None
        with self.own.start_as_current_span(
            name, above, SpanKind[kind], dict(attributes), record_exception=False, set_status_on_exception=False
        ) as span:
            opened = Opened(span)
            try:
                yield opened
            except Exception as error:
                opened.fail(type(error).__name__)
                raise

    def report(self, spans: Iterable[Mapping[str, Any]]) -> None:
        for span in spans:
            self._processor.on_end(measured(span))

    def stop(self) -> None:
        unwatch()
        self.provider.shutdown()


def measured(span: Mapping[str, Any]) -> ReadableSpan:
    """Return a span of a browser (`browser.SpanInput`) as one of ours; it is marked as what it is."""
    trace_id, sampled = int(span["trace_id"], 16), TraceFlags(TraceFlags.SAMPLED)

    def ids(span_id: str) -> SpanContext:
        return SpanContext(trace_id=trace_id, span_id=int(span_id, 16), is_remote=True, trace_flags=sampled)

    started = int(span["started_ms"] * 1e6)
    process = settings.PROCESS
    return ReadableSpan(
        name="page" if span["kind"] == "page" else f"fetch {span['http_method']}",
        context=ids(span["span_id"]),
        parent=ids(span["parent_id"]) if "parent_id" in span else None,
        resource=Resource({"service.name": "browser", "service.version": process["version"]}),
        attributes={"http.request.method": span["http_method"], "http.response.status_code": span["status"]},
        kind=SpanKind.INTERNAL if span["kind"] == "page" else SpanKind.CLIENT,
        start_time=started,
        end_time=started + int(span["duration_ms"] * 1e6),
    )


def remote(traceparent: str) -> Any:
    """Return the context of a span in another process, None for what is no such header."""
    match = TRACEPARENT.fullmatch(traceparent)
    if match is None:
        return None
    trace_id, span_id = (int(part, 16) for part in match.groups())
    flags = TraceFlags(int(traceparent[-2:], 16))
    above = SpanContext(trace_id=trace_id, span_id=span_id, is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(NonRecordingSpan(above))


def start(exporter: str) -> Tracer:
    """Start to trace this process to `console`, `otlp` or `memory`."""
    makers: dict[str, Callable[[], SpanExporter]] = {
        "console": ConsoleSpanExporter,
        "memory": InMemorySpanExporter,
        "otlp": over_http,
    }
    tracer = Tracer(makers[exporter](), at_once=exporter != "otlp")
    unwatch()  # a forked child has what its parent watched with
    RedisInstrumentor().instrument(tracer_provider=tracer.provider)
    outgoing.watch(tracer.own)
    logger.info("tracing started", extra={"exporter": exporter, "ratio": settings.TRACES_RATIO})
    return tracer


def unwatch() -> None:
    if RedisInstrumentor().is_instrumented_by_opentelemetry:
        RedisInstrumentor().uninstrument()
    outgoing.unwatch()


def over_http() -> SpanExporter:
    return OTLPSpanExporter(endpoint=f"{settings.OTLP_ENDPOINT.rstrip('/')}/v1/traces", headers=settings.OTLP_HEADERS)
