"""What pages tell of themselves: taken from people of ours, in small and clean pieces."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, override_settings

from common.telemetry.browser import MAX_BODY, MAX_SPANS, REPORTS
from common.tests.logged import logged
from tests.world import PASSWORD, World
from tests.world import Client as ApiClient

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = {
    "trace_id": TRACE,
    "span_id": "00f067aa0ba902b7",
    "kind": "fetch",
    "http_method": "POST",
    "status": 201,
    "started_ms": 1_795_000_000_000.5,
    "duration_ms": 12.5,
}
FAULT = {"message": "no token cmk_uABCDEFGHIJ_canary here", "script": "/static/js/live.js", "line": 7}


def tell(world: World, report: Any) -> Any:
    return ApiClient(world.tokens["engineer"]).send("POST", "telemetry/", report)


def test_a_report_becomes_spans_lines_and_numbers(world: World, spans: Callable[[], list[Any]]) -> None:
    with logged() as lines:
        assert (
            tell(world, {"spans": [SPAN], "vitals": [{"name": "CLS", "value": 0.1}], "faults": [FAULT]}).status_code
            == 204
        )
    [span] = [span for span in spans() if span.resource.attributes["service.name"] == "browser"]
    assert (f"{span.context.trace_id:032x}", span.name, span.end_time - span.start_time) == (
        TRACE,
        "fetch POST",
        12_500_000,
    )
    [line] = lines.of("browser error")
    assert (line["browser_script"], line["browser_line"]) == ("/static/js/live.js", 7)
    assert line["user_id"] == str(world.engineer.id)
    assert "canary" not in lines.text
    assert 'countermark_browser_vital_count{name="CLS"}' in Client().get("/metrics").content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"trace_id": "0" * 32},
        {"trace_id": TRACE.upper()},
        {"span_id": "x"},
        {"kind": "other"},
        {"status": 600},
        {"duration_ms": "nan"},
        {"duration_ms": "inf"},
        {"duration_ms": -1},
        {"duration_ms": 10**9},
        {"started_ms": 10**20},
        {"name": "mine"},
    ],
)
def test_a_span_that_is_not_exactly_one_is_refused(world: World, wrong: dict[str, Any]) -> None:
    answer = tell(world, {"spans": [SPAN | wrong]})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [f"spans[0].{next(iter(wrong))}"])


def test_too_much_is_refused(world: World) -> None:
    assert tell(world, {"spans": [SPAN] * (MAX_SPANS + 1)}).status_code == 422
    assert tell(world, b"[" + b" " * MAX_BODY + b"]").status_code == 413
    answers = [tell(world, {}).status_code for _ in range(REPORTS.requests + 1)]
    assert answers[-1] == 429


def test_another_site_cannot_report_in_somebodys_name(world: World) -> None:
    browser = Client()
    browser.post("/sign-in/", {"email": world.engineer.email, "password": PASSWORD})
    browser.handler.enforce_csrf_checks = True
    answer = browser.post("/api/v1/telemetry/", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_pages_measure_themselves_only_where_that_is_wanted(world: World) -> None:
    browser = Client()
    browser.post("/sign-in/", {"email": world.engineer.email, "password": PASSWORD})
    assert b"telemetry.js" not in browser.get("/inbox/").content
    with override_settings(BROWSER_TELEMETRY=True):
        page = browser.get("/inbox/", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}).content.decode()
    assert 'data-to="/api/v1/telemetry/"' in page
    assert f'data-traceparent="00-{TRACE}-' in page
