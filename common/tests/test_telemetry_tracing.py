"""Spans: what is one, where its trace comes from, what is not in it, and what it costs when nobody wants it."""

import http.server
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from common import context
from common.redis import get_redis_client
from common.telemetry import tracing
from common.telemetry.celery import begin, end, send_ids
from common.telemetry.ids import TRACEPARENT
from common.telemetry.tracing import Kind
from common.tests.logged import logged
from tests.test_configuration import load
from tests.world import Client as ApiClient
from tests.world import World

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
HEADER = f"00-{TRACE}-00f067aa0ba902b7-01"
CANARY = "canary-0123456789abcdef"
Spans = Callable[[], list[Any]]


def trace_of(span: Any) -> str:
    return f"{span.context.trace_id:032x}"


def test_it_says_once_that_it_has_begun() -> None:
    with logged() as lines:
        tracing.start("memory")
        tracing.stop()
    [line] = lines.of("tracing started")
    assert line["exporter"] == "memory"


def test_a_trace_without_a_caller_has_the_id_of_its_request(db: None, spans: Spans) -> None:
    with logged() as lines:
        ApiClient().get("/sign-in/")
    [request] = [span for span in spans() if span.kind.name == "SERVER"]
    [line] = lines.of("request")
    assert (trace_of(request), request.parent) == (line["trace_id"], None)


@pytest.mark.parametrize("header", ["", "x", f"00-{'0' * 32}-00f067aa0ba902b7-01", f"ff-{TRACE}-00f067aa0ba902b7-01"])
def test_a_malformed_header_begins_a_trace_of_its_own(db: None, spans: Spans, header: str) -> None:
    ApiClient().get("/sign-in/", headers={"traceparent": header})
    [request] = [span for span in spans() if span.kind.name == "SERVER"]
    assert request.parent is None
    assert trace_of(request) != TRACE


def test_who_says_that_it_is_not_sampled_is_not(db: None, spans: Spans) -> None:
    ApiClient().get("/sign-in/", headers={"traceparent": HEADER[:-2] + "00"})
    assert spans() == []


@pytest.mark.parametrize(("ratio", "kept"), [(0.0, 0), (1.0, 50)])
def test_the_ratio_holds_for_ids_of_ours(ratio: float, kept: int) -> None:
    with override_settings(TRACES_RATIO=ratio):
        tracer = tracing.start("memory")
        try:
            for _ in range(50):
                with tracing.working(context.new_context(), "x", Kind.SERVER):
                    pass
            assert len(tracer.exporter.get_finished_spans()) == kept
        finally:
            tracing.stop()


def test_half_of_the_traces_are_about_half() -> None:
    with override_settings(TRACES_RATIO=0.5):
        tracer = tracing.start("memory")
        try:
            for _ in range(400):
                with tracing.working(context.new_context(), "x", Kind.SERVER):
                    pass
            assert 120 < len(tracer.exporter.get_finished_spans()) < 280
        finally:
            tracing.stop()


def test_a_lone_statement_is_no_trace(spans: Spans) -> None:
    get_redis_client().connection.ping()
    with tracing.span("SQL SELECT", Kind.CLIENT):
        pass
    assert spans() == []


def test_a_job_goes_on_with_the_trace_of_its_message(spans: Spans) -> None:
    headers: dict[str, Any] = {}
    with tracing.working(context.new_context(trace_id=TRACE), "request", Kind.SERVER, HEADER) as above:
        send_ids(headers=headers)
    assert TRACEPARENT.fullmatch(headers["traceparent"])
    request = type("Request", (), {**headers, "retries": 0, "delivery_info": {"routing_key": "agents"}})()
    task = type("Task", (), {"name": "a.job", "request": request})()
    with logged() as lines:
        begin(task_id="1", task=task)
        end(task_id="1", task=task, state="SUCCESS")
    [job] = [span for span in spans() if span.kind.name == "CONSUMER"]
    assert (trace_of(job), f"{job.parent.span_id:016x}", job.name) == (TRACE, above.id, "job a.job")
    [line] = lines.of("job")
    assert (line["trace_id"], line["span_id"], line["queue"]) == (TRACE, f"{job.context.span_id:016x}", "agents")


class Echo(http.server.BaseHTTPRequestHandler):
    """Remembers what it was asked."""

    heard: list[str] = []  # noqa: RUF012  # one list for all requests of a test

    def do_GET(self) -> None:
        self.heard.append(self.headers.get("traceparent", ""))
        self.send_response(404 if "missing" in self.path else 200)
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def elsewhere() -> Iterator[str]:
    Echo.heard.clear()
    with http.server.HTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def ask(address: str) -> None:
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except urllib.error.URLError:
        return


def test_who_is_asked_over_http_is_told_the_trace(spans: Spans, elsewhere: str) -> None:
    with tracing.working(context.new_context(trace_id=TRACE), "request", Kind.SERVER, HEADER):
        ask(f"{elsewhere}/found?key={CANARY}")
        ask(f"{elsewhere}/missing/{CANARY}")
        ask("http://127.0.0.1:9/nobody")
    found, missing, nobody = [span for span in spans() if span.kind.name == "CLIENT"]
    assert Echo.heard[0] == f"00-{TRACE}-{found.context.span_id:016x}-01"
    assert found.attributes["http.response.status_code"] == 200
    assert (missing.status.status_code.name, nobody.attributes["error.type"]) == ("ERROR", "ConnectionRefusedError")
    assert CANARY not in " ".join(span.to_json() for span in spans())


def test_nothing_secret_is_in_a_span(world: World, spans: Spans) -> None:
    client = ApiClient(world.tokens["engineer"])
    client.cookies["cm_session"] = CANARY
    client.send("POST", "tokens/", {"name": "x", "scopes": ["read"], "password": CANARY}, **{"Lease-Token": CANARY})
    client.get(f"/reset/{CANARY}-{CANARY}/?token={CANARY}", headers={"X-Correlation-ID": "a"})
    ApiClient(f"cmk_u{CANARY}").send("GET", "me/")
    get_redis_client().connection.set(f"cm:test:{CANARY}", CANARY, ex=1)
    with tracing.working(context.new_context(), "x", Kind.SERVER):
        get_redis_client().connection.set("cm:test:x", CANARY, ex=1)
        attributes = {"session_key": CANARY, "note": f"Bearer {CANARY}"}
        with tracing.span("y", attributes=attributes), pytest.raises(ValueError, match=CANARY), tracing.span("z"):
            raise ValueError(CANARY)
    written = " ".join(span.to_json() for span in spans())
    assert len(spans()) > 10
    assert CANARY not in written
    assert world.tokens["engineer"] not in written


# --- settings ---------------------------------------------------------------------------------------------------------
def test_an_exporter_to_a_collector_wants_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match="OTEL_EXPORTER_OTLP_ENDPOINT is not set"):
        load(monkeypatch, OTEL_TRACES_EXPORTER="otlp", OTEL_EXPORTER_OTLP_ENDPOINT=None)
    found = load(
        monkeypatch,
        OTEL_TRACES_EXPORTER="otlp",
        OTEL_EXPORTER_OTLP_ENDPOINT="http://collector:4318",
        OTEL_EXPORTER_OTLP_HEADERS="x-key=a=b,y=c",
    )
    assert found["OTLP_HEADERS"] == {"x-key": "a=b", "y": "c"}


def test_a_span_that_nobody_wants_costs_next_to_nothing() -> None:
    assert not tracing.is_on()
    started = time.perf_counter()
    for _ in range(10_000):
        with tracing.span("x", Kind.CLIENT):
            pass
    assert time.perf_counter() - started < 0.5  # 50 µs each would be a hundred times too much
