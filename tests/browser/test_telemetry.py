"""Pages that measure themselves: where that is on, and only there."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Request

from tests.browser.conftest import Visitor
from tests.browser.scene import Scene
from tests.servers import Server, running_server

REPORTED = "/api/v1/telemetry/"


@pytest.fixture(scope="module")
def measuring(django_db_setup: None) -> Iterator[Server]:
    with running_server(extra={"BROWSER_TELEMETRY": "true"}) as server:
        yield server


def test_a_page_reports_its_times_and_vitals_and_says_so_once(
    browser: Browser, measuring: Server, scene: Scene
) -> None:
    context = browser.new_context(reduced_motion="reduce")
    visitor = Visitor(measuring, context, context.new_page()).listen().sign_in(scene.world.engineer)
    said: list[str] = []
    reports: list[Request] = []
    visitor.page.on("console", lambda message: said.append(message.text))
    visitor.page.on("request", lambda request: reports.append(request) if REPORTED in request.url else None)
    with visitor.page.expect_websocket() as socket:
        page = visitor.go("/inbox/")
    assert "traceparent=00-" in socket.value.url
    page.wait_for_function("document.readyState === 'complete'")
    sent = page.evaluate("fetch('/inbox/').then((answer) => answer.status)")
    assert sent == 200
    with page.expect_response(lambda answer: REPORTED in answer.url) as told:
        page.evaluate(
            "Object.defineProperty(document, 'visibilityState', {value: 'hidden'});"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
    assert told.value.status == 204
    report: Any = reports[0].post_data_json
    assert {span["kind"] for span in report["spans"]} == {"page", "fetch"}
    assert {"TTFB", "FCP"} <= {vital["name"] for vital in report["vitals"]}
    assert [words for words in said if "telemetry" in words] == said
    assert len(said) == 1
    assert visitor.said == []
    context.close()


def test_elsewhere_a_page_says_and_sends_nothing(visit: Callable[..., Visitor], scene: Scene) -> None:
    visitor = visit(scene.world.engineer)
    said: list[str] = []
    visitor.page.on("console", lambda message: said.append(message.text))
    page = visitor.go("/inbox/")
    assert page.evaluate("window.countermark.traceparent === undefined")
    assert said == visitor.said == []
