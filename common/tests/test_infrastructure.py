"""The three tests that the specification names (S4-22): each fails when what it is called after is broken."""

import json
import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings

from audit.models import Event
from audit.queries import PlacedEvent
from common import context
from common.context import SYSTEM
from common.telemetry.web import pace_of
from common.tenancy import MissingTenantContextError
from common.tenancy.guard import unguarded
from common.tests.logged import logged
from tasks.models import Task
from tests.world import Client as ApiClient
from tests.world import World

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
IDS = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "X-Correlation-ID": "run-7"}


def test_database_connection(db: None) -> None:
    """The product reaches a PostgreSQL it can work with, as a role that row security binds."""
    with unguarded(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, current_user, pg_is_in_recovery()")
        version, role, is_standby = cursor.fetchone()
        cursor.execute("SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        rights = cursor.fetchone()
        cursor.execute("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = 'tasks_task'")
        row_security = cursor.fetchone()
    assert version >= 150_000
    assert (role, is_standby) == ("cm_app", False)
    assert rights == (False, False, False)
    assert row_security == (True, True)
    with pytest.raises(MissingTenantContextError):
        Task.objects.exists()


def test_tracing_enabled(world: World, spans: Callable[[], list[Any]]) -> None:
    """One trace id from the caller's header through the request, its statements, its line and its event."""
    title = "A task with a title"
    with logged() as lines:
        answer = ApiClient(world.tokens["engineer"]).send(
            "POST", "tasks/", {"project": str(world.project.id), "title": title}, **IDS
        )
    assert answer.status_code == 201
    found = spans()
    [request] = [span for span in found if span.kind.name == "SERVER"]
    assert (request.name, f"{request.context.trace_id:032x}") == ("POST api/v1/tasks/", TRACE)
    assert f"{request.parent.span_id:016x}" == "00f067aa0ba902b7"
    assert request.attributes["http.response.status_code"] == 201
    assert request.attributes["countermark.tenant_id"] == str(world.tenant.id)
    assert {span.context.trace_id for span in found} == {request.context.trace_id}
    parts = [span for span in found if span.kind.name == "CLIENT"]
    assert {"postgresql", "redis"} <= {
        span.attributes.get("db.system.name", span.attributes.get("db.system")) for span in parts
    }
    assert request.context.span_id in {span.parent.span_id for span in parts}
    [line] = lines.of("request")
    assert (line["trace_id"], line["span_id"]) == (TRACE, f"{request.context.span_id:016x}")
    with world.as_("system"):
        event = Event.objects.get(event_type="task.created", resource_id=answer.json()["id"])
    assert (event.trace_id, PlacedEvent(1, event).message()["trace_id"]) == (TRACE, TRACE)
    written = " ".join(span.to_json() for span in found)
    assert [secret for secret in (world.tokens["engineer"], title) if secret in written] == []


def test_logging_structured(world: World) -> None:
    """One request, one JSON object: what was asked, by whom, how long it took, and whose trace it belongs to."""
    with logged() as lines:
        answer = ApiClient(world.tokens["engineer"]).send("GET", f"tasks/?project={world.project.id}&x=secret", **IDS)
    [line] = lines.of("request")
    assert {name: line[name] for name in settings.PROCESS} == settings.PROCESS
    assert (line["request_id"], line["correlation_id"]) == (answer["X-Request-ID"], "run-7")
    assert line["trace_id"] == TRACE
    assert len(line["span_id"]) == 16
    assert (line["tenant_id"], line["user_id"]) == (str(world.tenant.id), str(world.engineer.id))
    assert (line["http_method"], line["http_status_code"], line["http_query"]) == ("GET", 422, "project,x")
    assert line["http_route"].startswith("api/v1/")
    assert line["http_path"] == "/api/v1/tasks/"
    assert line["db_queries"] > 0
    assert line["duration_ms"] >= line["db_ms"] > 0
    assert line["performance_category"] == pace_of(line["duration_ms"] / 1000)
    assert (line["error_category"], line["level"]) == ("validation", "info")
    assert {"timestamp", "logger", "client_ip", "user_agent", "response_size", "recovery_hint"} <= set(line)
    assert world.tokens["engineer"] not in lines.text
    assert "secret" not in lines.text


def test_a_line_inside_a_context_has_its_ids_and_one_outside_has_none() -> None:
    running = context.new_context(UUID(int=7))
    with logged() as lines:
        with context.use(running), context.acting(tenant_id=UUID(int=9), actor=SYSTEM):
            logging.getLogger("countermark.test").info("inside", extra={"activity": "task claimed"})
        logging.getLogger("countermark.test").info("outside")
    [inside], [outside] = lines.of("inside"), lines.of("outside")
    assert (inside["request_id"], inside["trace_id"]) == (str(UUID(int=7)), UUID(int=7).hex)
    assert (inside["tenant_id"], inside["activity"], inside["level"]) == (str(UUID(int=9)), "task claimed", "info")
    assert not {"request_id", "trace_id", "tenant_id"} & set(outside)


@pytest.mark.parametrize("name", ["X-Request-ID", "X-Correlation-ID"])
@pytest.mark.parametrize("text", ["a\nb", '"}{', "x" * 10_000, "<script>", "\u202e"])
def test_a_hostile_id_is_replaced_everywhere(db: None, name: str, text: str) -> None:
    with logged() as lines:
        answer = Client().get("/sign-in/", headers={name: text})
    assert UUID(answer["X-Request-ID"]).version == 7
    assert answer["X-Correlation-ID"] == answer["X-Request-ID"]
    assert text not in lines.text


def test_a_probe_that_is_well_leaves_no_line(db: None) -> None:
    with logged() as lines:
        Client().get("/health")
    assert lines.of("request") == []


def failing(*_: Any, **__: Any) -> None:
    raise RuntimeError("postgres://cm_app:hunter2@db/x says no to ada@example.org")


def test_a_fault_is_one_line_with_a_stable_fingerprint_and_a_traceback_without_secrets(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projects.api.views.ProjectViewSet.list", failing)
    client = ApiClient(world.tokens["engineer"])
    with logged() as lines:
        for _ in range(2):
            assert client.send("GET", "projects/").status_code == 500
    first, second = lines.of("request")
    assert (first["error_category"], first["error_type"]) == ("unknown", "RuntimeError")
    assert first["error_fingerprint"] == second["error_fingerprint"]
    assert len(first["error_fingerprint"]) == 16
    assert "Traceback" in lines.text
    assert "hunter2" not in lines.text
    assert "ada@" not in lines.text
    assert all(json.loads(line) for line in lines.text.splitlines())


def test_a_slow_statement_is_named_without_its_parameters(world: World) -> None:
    with logged() as lines, override_settings(SLOW_QUERY_SECONDS=0):
        ApiClient(world.tokens["engineer"]).send("GET", "projects/")
    texts = [line["sql"] for line in lines.of("slow query")]
    assert any("projects_project" in text for text in texts)
    assert str(world.tenant.id) not in "".join(texts)
