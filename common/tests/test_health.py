"""The health pages: their words and codes, what they cost, and what they tell to whom."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client as DjangoClient
from pytest_django import Settings

from common.health import checks, heartbeat, probe, providers
from common.health.checks import PROBES
from common.health.probe import Probe
from common.health.words import Finding, Health
from common.redis import client as redis_client
from common.redis import get_redis_client
from common.tenancy.guard import unguarded
from common.tests.elsewhere import AWAY
from config.celery import app
from tests.world import Client, World

COMPONENTS = ["database", "redis", "celery", "channels", "llm_providers", "storage", "migrations", "audit_system"]
ROUTES = ["/health", "/health/z", "/health/ready", "/health/detailed", "/healthz", "/readyz"]


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    for one in PROBES.values():
        one.forget()


def find(monkeypatch: pytest.MonkeyPatch, **found: Health) -> None:
    """Let every check find that all is well, but for those named."""
    for name, one in PROBES.items():
        finding = Finding(found.get(name, Health.HEALTHY), f"what {name} says")
        monkeypatch.setattr(one, "check", lambda finding=finding: finding)
        one.forget()


def get(path: str, **headers: str) -> tuple[int, dict[str, Any]]:
    answer = DjangoClient(headers=headers, raise_request_exception=False).get(path)
    return answer.status_code, json.loads(answer.content)


# --- words and codes --------------------------------------------------------------------------------------------------
def test_alive_answers_both_spellings_and_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("liveness asks nobody")

    monkeypatch.setattr(probe.Probe, "begin", refuse)
    expected = {"status": "healthy", "service": "countermark", "version": settings.VERSION}
    assert get("/health") == get("/health/") == (200, expected)


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_answers_with_and_without_a_slash_under_any_host_name(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, path: str
) -> None:
    settings.ALLOWED_HOSTS = ["product.example"]
    settings.SECURE_SSL_REDIRECT = True
    find(monkeypatch)
    for spelling in (path, f"{path}/"):
        answer = DjangoClient().get(spelling, headers={"host": "10.1.2.3:8000"})
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "no-store"
    assert DjangoClient().head(path).status_code == 200
    assert DjangoClient().post(path).status_code == 405
    assert DjangoClient().get(f"{path}x", headers={"host": "10.1.2.3"}).status_code != 200


# component, what it is, then the status of /health/z, /health/detailed, /health/ready and the word for the whole
OUTCOMES = [
    ("database", Health.UNHEALTHY, 503, 503, 503, "unhealthy"),
    ("redis", Health.UNHEALTHY, 503, 503, 200, "unhealthy"),
    ("celery", Health.UNHEALTHY, 503, 503, 200, "unhealthy"),
    ("celery", Health.DEGRADED, 200, 200, 200, "degraded"),
    ("audit_system", Health.DEGRADED, 200, 200, 200, "degraded"),
    ("audit_system", Health.UNHEALTHY, 200, 200, 200, "degraded"),
    ("llm_providers", Health.DEGRADED, 200, 200, 200, "degraded"),
    ("llm_providers", Health.NOT_CONFIGURED, 200, 200, 200, "healthy"),
    ("llm_providers", Health.NOT_TESTED, 200, 200, 200, "healthy"),
    ("channels", Health.UNHEALTHY, 200, 200, 200, "degraded"),
    ("storage", Health.UNHEALTHY, 200, 200, 200, "degraded"),
    ("migrations", Health.UNHEALTHY, 200, 503, 503, "unhealthy"),
]


@pytest.mark.parametrize(("name", "found", "z", "detailed", "ready", "whole"), OUTCOMES)
def test_what_is_unwell_decides_the_codes(
    monkeypatch: pytest.MonkeyPatch, name: str, found: Health, z: int, detailed: int, ready: int, whole: str
) -> None:
    find(monkeypatch, **{name: found})
    status, document = get("/health/detailed")
    assert (status, document["status"]) == (detailed, whole)
    assert document["components"][name]["status"] == found
    status, document = get("/health/z")
    assert status == z
    if name in document["checks"]:
        assert document["status"] == whole
    assert get("/health/ready")[0] == ready


def test_kubernetes_form_has_its_seven_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    find(monkeypatch, audit_system=Health.DEGRADED, llm_providers=Health.NOT_CONFIGURED)
    status, document = get("/health/z")
    assert status == 200
    assert document.pop("timestamp").endswith("Z")
    assert document == {
        "status": "degraded",
        "service": "countermark",
        "version": settings.VERSION,
        "checks": {
            "database": "pass",
            "redis": "pass",
            "celery": "pass",
            "audit_system": "fail",
            "llm_providers": "not_configured",
        },
        "health_percentage": 75.0,
        "services_healthy": "3/4",
    }


def test_ready_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    find(monkeypatch)
    assert get("/readyz") == (200, {"status": "ready", "message": "ready to serve"})
    find(monkeypatch, migrations=Health.UNHEALTHY)
    assert get("/health/ready") == (503, {"status": "not_ready", "message": "not well: migrations"})


# --- who reads what ---------------------------------------------------------------------------------------------------
def test_a_stranger_sees_only_how_each_part_is(monkeypatch: pytest.MonkeyPatch) -> None:
    find(monkeypatch)
    monkeypatch.setattr(
        PROBES["celery"], "check", lambda: Finding(Health.HEALTHY, "secret", {"queues": {"default": {"waiting": 3}}})
    )
    _, document = get("/health/detailed")
    assert list(document) == ["status", "service", "version", "components"]
    assert sorted(document["components"]) == sorted(COMPONENTS)
    for component in document["components"].values():
        assert set(component) == {"status", "latency_ms", "message", "checked_at"}
        assert (component["latency_ms"], component["message"]) == (None, None)
    forged = get("/health/detailed", Authorization="Bearer cmk_forged")[1]
    assert {part["message"] for part in forged["components"].values()} == {None}


def test_who_is_signed_in_reads_what_each_part_says(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    find(monkeypatch)
    answer = Client(world.tokens["engineer"]).get("/health/detailed").json()
    component = answer["components"]["storage"]
    assert component["message"] == "what storage says"
    assert component["latency_ms"] >= 0


def test_no_page_tells_a_host_a_login_or_an_error(
    world: World, monkeypatch: pytest.MonkeyPatch, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> Finding:
        raise RuntimeError('connection to server at "10.9.8.7" failed for user "cm_app": hunter2')

    find(monkeypatch)
    for name in ("migrations", "storage"):
        monkeypatch.setattr(PROBES[name], "check", fail)
    monkeypatch.setattr(PROBES["redis"], "check", checks.redis)
    settings.REDIS_BROKER_URL = AWAY
    for path in ROUTES:
        text = Client(world.tokens["admin"]).get(path).content.decode()
        for word in ("10.9.8.7", "hunter2", "cm_app", "127.0.0.1", "a-password", "Traceback"):
            assert word not in text
            assert word not in caplog.text
    assert get("/health/detailed")[1]["components"]["redis"]["status"] == "unhealthy"


# --- what a probe costs -----------------------------------------------------------------------------------------------
def test_a_dependency_that_never_answers_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, asked = threading.Event(), []

    def hang() -> Finding:
        asked.append(1)
        stuck.wait(20)
        return Finding(Health.HEALTHY, "at last")

    find(monkeypatch)
    monkeypatch.setattr(probe, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(PROBES["database"], "check", hang)
    try:
        for _ in range(5):
            status, document = get("/health/z")
            assert (status, document["checks"]["database"], document["checks"]["redis"]) == (503, "fail", "pass")
        assert len(asked) == 1
    finally:
        stuck.set()


def test_those_who_ask_together_share_one_answer() -> None:
    asked = []

    def check() -> Finding:
        asked.append(1)
        return Finding(Health.HEALTHY, "")

    one = Probe("thing", check)
    threads = [threading.Thread(target=lambda: probe.examine([one])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1
    one.forget()
    probe.examine([one])
    assert len(asked) == 2


def test_checks_ask_small_questions_and_no_worker(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("no broadcast per probe")

    monkeypatch.setattr(app.control, "broadcast", refuse)
    asked = []

    def watch(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(watch):
        for one in PROBES.values():
            one.check()
    told = [sql for sql in asked if not sql.startswith(("SELECT 1", "SELECT * FROM sec.log_gauges("))]
    assert told == ["SELECT app, name FROM django_migrations"]


def test_the_gauges_read_a_bounded_part_of_the_outbox(db: None) -> None:
    from_source = "SELECT prosrc FROM pg_proc WHERE proname = 'log_gauges'"
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(from_source)
        source = cursor.fetchone()[0]
    assert "LIMIT 10000" in source
    assert "FROM audit_event" not in source


# --- what each check finds --------------------------------------------------------------------------------------------
def test_fewer_than_two_months_ahead_or_a_relay_behind_degrade(monkeypatch: pytest.MonkeyPatch) -> None:
    gauges = {"pending": 0, "oldest_pending_seconds": 0.0, "months_ahead": 2}
    monkeypatch.setattr(checks, "system_call", lambda _: [gauges])
    assert checks.audit_system().status == Health.HEALTHY
    gauges["months_ahead"] = 1
    assert checks.audit_system().status == Health.DEGRADED
    gauges |= {"months_ahead": 3, "oldest_pending_seconds": 31.0}
    assert checks.audit_system() == Finding(Health.DEGRADED, "the relay is 31 s behind")


def test_queues_without_a_worker_a_silent_beat_and_congestion_show(settings: Settings) -> None:
    settings.QUEUES = ("health-a", "health-b")
    redis = get_redis_client("broker").connection
    try:
        assert checks.celery().status == Health.UNHEALTHY
        heartbeat.note(["health-a"])
        assert "no worker serves the queue health-b" in checks.celery().message
        heartbeat.note(["health-b"])
        heartbeat.note([heartbeat.BEAT])
        assert checks.celery().status == Health.HEALTHY
        redis.rpush("health-a", *range(checks.MOST_WAITING + 1))
        found = checks.celery()
        assert found.status == Health.DEGRADED
        assert found.details["queues"]["health-a"] == {"waiting": 1001, "served": True}
        redis.delete(heartbeat.key(heartbeat.BEAT))
        assert "nothing heard of beat" in checks.celery().message
    finally:
        redis.delete("health-a", *map(heartbeat.key, ("health-a", "health-b", heartbeat.BEAT)))


def test_a_missing_migration_is_named_and_a_newer_one_is_none(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.migrations().status == Health.HEALTHY
    applied = checks.applied_migrations()
    monkeypatch.setattr(checks, "applied_migrations", lambda: applied | {("tasks", "9999_newer")})
    assert checks.migrations().status == Health.HEALTHY
    monkeypatch.setattr(checks, "applied_migrations", lambda: applied - {("audit", "0001_initial")})
    assert checks.migrations().message == "1 not applied, the first is audit.0001_initial"


def test_a_folder_that_cannot_be_written_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.storage().status == Health.HEALTHY
    monkeypatch.setattr("common.files.storage.os.access", lambda *_: False)
    assert checks.storage() == Finding(Health.UNHEALTHY, "the folder cannot be written")


# --- providers --------------------------------------------------------------------------------------------------------
class Models(BaseHTTPRequestHandler):
    """Answers as the path says: /401/models with 401, /slow/models too late."""

    def do_GET(self) -> None:
        first = self.path.split("/")[1]
        if first == "slow":
            threading.Event().wait(0.5)
        self.send_response(int(first) if first.isdigit() else 200)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def models() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Models)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("401", "authentication_error"),
        ("403", "authentication_error"),
        ("429", "rate_limit_error"),
        ("500", "api_error"),
        ("302", "api_error"),
        ("slow", "timeout_error"),
    ],
)
def test_a_provider_that_fails_says_how(models: str, monkeypatch: pytest.MonkeyPatch, path: str, kind: str) -> None:
    monkeypatch.setattr(providers, "TIMEOUT_SECONDS", 0.1 if path == "slow" else 5)
    answer = providers.ask("openai", {"url": f"{models}/{path}", "key": "sk-hidden", "model": "large"})
    assert (answer["status"], answer["error_type"], answer["model"]) == ("unhealthy", kind, "large")
    assert "sk-hidden" not in str(answer)


def test_the_job_asks_and_the_page_reads(models: str, settings: Settings) -> None:
    nothing = {"url": "", "key": "", "model": ""}
    settings.LLM_PROVIDERS = {"openai": nothing, "anthropic": nothing}
    assert providers.findings().status == Health.NOT_CONFIGURED
    settings.LLM_PROVIDERS = {"openai": {"url": models, "key": "k", "model": ""}, "anthropic": nothing}
    assert providers.findings().status == Health.NOT_TESTED
    providers.check_providers()
    found = providers.findings()
    assert found.status == Health.HEALTHY
    assert found.details["openai"]["status"] == "healthy"
    assert found.details["anthropic"] == {"status": "not_configured", "message": "not set up"}
    settings.LLM_PROVIDERS["openai"]["url"] = "http://127.0.0.1:1"
    providers.check_providers()
    found = providers.findings()
    assert (found.status, found.message) == (Health.DEGRADED, "unwell: openai")
    assert found.details["openai"]["error_type"] == "connection_error"


def test_without_the_cache_nothing_is_known_of_providers(
    models: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LLM_PROVIDERS = {"openai": {"url": models, "key": "k", "model": ""}}
    monkeypatch.setattr(redis_client, "get_redis_client", lambda *_: redis_client.client_at(AWAY))
    monkeypatch.setattr("common.redis.cache.get_redis_client", lambda *_: redis_client.client_at(AWAY))
    assert providers.findings().status == Health.NOT_TESTED
