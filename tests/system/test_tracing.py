"""One trace from the browser's header through web, log line, job, event and live message, over real processes."""

import http.server
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from websockets.sync.client import connect

from audit.models import Event
from common.embedded.product import product
from tests.servers import ROOT, Server, running_relay, running_server
from tests.world import World

pytestmark = pytest.mark.system
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
HEADER = f"00-{TRACE}-00f067aa0ba902b7-01"
SECONDS = 30


class Collector(http.server.BaseHTTPRequestHandler):
    """Takes spans as an OpenTelemetry collector does (OTLP over HTTP)."""

    spans: list[tuple[str, Any]] = []  # noqa: RUF012  # service and span, of all requests

    def do_POST(self) -> None:
        request = ExportTraceServiceRequest()
        request.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
        for resource in request.resource_spans:
            service = next(one.value.string_value for one in resource.resource.attributes if one.key == "service.name")
            self.spans.extend((service, span) for scope in resource.scope_spans for span in scope.spans)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def collector() -> Iterator[dict[str, str]]:
    """Run a collector; the environment of a process that sends to it."""
    Collector.spans.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            "LOG_LEVEL": "INFO",
            "LOG_FORMAT": "json",
        }
        server.shutdown()


@contextmanager
def running_worker(environment: dict[str, str]) -> Iterator[None]:
    """A worker with a forked child, as the product starts it."""
    own = os.environ | environment | {"WORKER_CONCURRENCY": "1", "SERVICE_NAME": "worker"}
    worker = next(one for one in product(own, host="127.0.0.1", port=0) if one.name == "worker")
    process = subprocess.Popen(worker.command, cwd=ROOT, env=dict(worker.environment))
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def ask(server: Server, path: str, token: str, body: Any = None) -> Any:
    headers = {"traceparent": HEADER, "Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(urllib.request.Request(server.url + path, data, headers), timeout=20) as answer:
        return json.loads(answer.read() or b"null")


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.2)


def test_one_trace_leads_from_the_browser_to_the_worker_and_back(
    committed_world: World, collector: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    token = committed_world.tokens["engineer"]
    web = {**collector, "SERVICE_NAME": "web", "DJANGO_SETTINGS_MODULE": "config.settings_test"}
    with running_relay(), running_worker(collector), running_server("tests.system.traced:application", web) as server:
        address = f"{server.socket_url}/ws/live/?traceparent={HEADER}"
        with connect(address, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
            json.loads(socket.recv(timeout=SECONDS))
            task = ask(server, "/api/v1/tasks/", token, {"project": str(committed_world.project.id), "title": "Traced"})
            ask(server, "/ask-for-a-job/", token)
            messages = (json.loads(socket.recv(timeout=SECONDS)) for _ in range(100))
            message = next(message for message in messages if message.get("task_id") == task["id"])
        wait_until(lambda: any(span.name == "job common.telemetry.probe" for _, span in Collector.spans))
        wait_until(lambda: any(span.name == "POST api/v1/tasks/" for _, span in Collector.spans))
    with committed_world.as_("system"):
        event = Event.objects.get(event_type="task.created", resource_id=task["id"])
    assert (event.trace_id, message["trace_id"]) == (TRACE, TRACE)
    named = {(service, span.name): span for service, span in Collector.spans if span.trace_id.hex() == TRACE}
    assert {("web", "open socket"), ("web", "POST api/v1/tasks/"), ("web", "GET ask-for-a-job/")} <= set(named)
    job, asked = named["worker", "job common.telemetry.probe"], named["web", "GET ask-for-a-job/"]
    assert job.parent_span_id == asked.span_id
    lines = [json.loads(text) for text in capfd.readouterr().out.splitlines() if text.startswith("{")]
    traced = {(line["service"], line["event"]) for line in lines if line.get("trace_id") == TRACE}
    assert {("web", "request"), ("worker", "probe"), ("worker", "job")} <= traced
    assert token not in "".join(str(span) for _, span in Collector.spans)


IMPORTED = """
import sys, django
django.setup()
from django.test import Client
Client().get("/sign-in/", headers={"traceparent": "%s"})
ours = ("opentelemetry.sdk.trace", "opentelemetry.exporter", "opentelemetry.instrumentation", "common.telemetry.otel")
print([name for name in sys.modules if name.startswith(ours)])  # redis-py looks at the metrics' part by itself
"""


def test_without_an_exporter_the_library_is_not_even_imported(django_db_setup: None) -> None:
    environment = os.environ | {"OTEL_TRACES_EXPORTER": "none", "LOG_LEVEL": "ERROR", "ALLOWED_HOSTS": "testserver"}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
    command = [sys.executable, "-c", IMPORTED % HEADER]
    said = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    assert said.strip().splitlines()[-1] == "[]"
