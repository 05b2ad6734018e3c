"""`/metrics`: what it says, to whom, and what it costs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import redis
from django.db import connection
from django.test import Client, override_settings
from prometheus_client.parser import text_string_to_metric_families

from common.health import heartbeat
from common.redis import get_redis_client
from common.telemetry import gauges
from common.telemetry.gauges import GAUGES, Gauges
from common.telemetry.metrics import STATEMENTS, kind_of_statement
from common.tenancy import system_call
from tests.servers import ROOT
from tests.work import ask, make_task, started
from tests.world import Client as ApiClient
from tests.world import World

TOKEN = "a-token-of-the-monitoring"


@pytest.fixture(autouse=True)
def _measured_anew() -> Iterator[None]:
    GAUGES.forget()
    yield
    GAUGES.forget()


def scraped(**headers: str) -> dict[str, float]:
    """Scrape, and return each sample as name{label,…} -> value."""
    answer = Client().get("/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        f"{sample.name}{{{','.join(f'{name}={value}' for name, value in sorted(sample.labels.items()))}}}": sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_it_says_how_much_waits_and_for_how_long(world: World) -> None:
    before = scraped()
    _, claim = started(world)
    ask(world, claim)
    started(world)
    make_task(world)
    GAUGES.forget()
    after = scraped()
    assert after["countermark_tasks_claimable{}"] == before["countermark_tasks_claimable{}"] + 1
    assert after["countermark_leases{}"] == before["countermark_leases{}"] + 1
    assert after["countermark_log_pending_events{}"] > before["countermark_log_pending_events{}"]
    assert after["countermark_relay_lag_seconds{}"] > 0
    assert after["countermark_approvals_pending{}"] == before["countermark_approvals_pending{}"] + 1
    assert after["countermark_approval_oldest_seconds{}"] > 0
    assert after["countermark_lease_oldest_seconds{}"] > 0
    assert after["countermark_source_up{source=database}"] == 1


def test_it_says_which_queues_are_served_and_when_their_workers_were_heard_of(db: None) -> None:
    heartbeat.note(["agents"])
    try:
        samples = scraped()
    finally:
        get_redis_client("broker").connection.delete(heartbeat.key("agents"))
    assert samples["countermark_queue_served{queue=agents}"] == 1
    assert 0 <= samples["countermark_heartbeat_age_seconds{of=agents}"] < heartbeat.GONE_AFTER_SECONDS
    assert samples["countermark_queue_messages{queue=webhooks}"] >= 0


def test_requests_and_statements_are_timed_by_route_and_kind(world: World) -> None:
    client = ApiClient(world.tokens["engineer"])
    key = "countermark_http_request_seconds_count{method=GET,route=api/v1/projects/}"
    before = scraped()
    client.send("GET", "projects/")
    after = scraped()
    assert after[key] == before.get(key, 0) + 1
    assert (
        after["countermark_sql_seconds_count{statement=SELECT}"]
        > before["countermark_sql_seconds_count{statement=SELECT}"]
    )
    assert any(name.startswith("countermark_http_requests_total{") and "status=200" in name for name in after)


def test_whatever_strangers_ask_for_the_labels_stay_few(db: None) -> None:
    client = Client()
    client.get("/sign-in/")
    client.generic("BREW", "/sign-in/")
    client.get("/nowhere/")
    before = set(scraped())
    for number in range(50):
        client.get(f"/nowhere-{number}/")
        client.generic(f"BREW{number}", "/sign-in/")
    assert set(scraped()) == before


def test_a_statement_is_one_of_a_few_kinds() -> None:
    assert kind_of_statement("  select 1") == "SELECT"
    assert {kind_of_statement(text) for text in ("", " ", "DROP x", None, "x" * 100)} == {"OTHER"}
    assert len(STATEMENTS) < 12


# --- who may read it --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("203.0.113.9", {}, 404),
        ("", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 404),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.9"}, 404),
        ("203.0.113.9", {"X-Forwarded-For": "127.0.0.1"}, 404),
    ],
)
def test_without_a_token_only_this_machine_reads_it(
    db: None, address: str, headers: dict[str, str], status: int
) -> None:
    assert Client().get("/metrics", headers=headers, REMOTE_ADDR=address).status_code == status


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ü"])
@override_settings(METRICS_TOKEN=TOKEN)
def test_with_a_token_nobody_reads_it_without(db: None, shown: str) -> None:
    answer = Client().get("/metrics", headers={"Authorization": shown})
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@override_settings(METRICS_TOKEN=TOKEN)
def test_who_shows_the_token_reads_it_from_anywhere(db: None) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = Client().get("/metrics", headers=headers, REMOTE_ADDR="203.0.113.9")
    assert answer.status_code == 200
    assert TOKEN not in answer.content.decode()
    assert Client().post("/metrics", headers=headers).status_code == 405


def test_it_tells_of_no_tenant_and_no_person(world: World) -> None:
    ApiClient(world.tokens["engineer"]).send("GET", f"projects/{world.project.id}/")
    text = Client().get("/metrics").content.decode()
    names = (
        str(world.tenant.id),
        world.tenant.slug,
        str(world.project.id),
        world.engineer.email,
        world.tokens["engineer"],
    )
    assert [name for name in names if name in text] == []


# --- what it costs ----------------------------------------------------------------------------------------------------
def test_many_askers_are_told_what_the_first_was() -> None:
    now, asked = [0.0], []
    kept = Gauges(lambda: asked.append(1) or [], lambda: now[0])  # type: ignore[func-returns-value]
    for moment in (0.0, 1.0, 4.9, 5.0, 9.0):
        now[0] = moment
        list(kept.collect())
    assert len(asked) == 2


def test_a_source_that_is_away_takes_only_its_own_numbers_along(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> Any:
        raise redis.ConnectionError("redis://:hunter2@broker says no")

    monkeypatch.setattr(gauges, "SOURCES", {**gauges.SOURCES, "broker": away})
    samples = scraped()
    assert (samples["countermark_source_up{source=broker}"], samples["countermark_source_up{source=database}"]) == (
        0,
        1,
    )
    assert "countermark_leases{}" in samples
    assert not any("hunter2" in name for name in samples)


def test_the_gauges_never_read_a_whole_table(django_db_setup: None) -> None:
    """The body of the function as its owner plans it: each table by an index that holds only what is asked for."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], dbname=connection.settings_dict["NAME"]) as owner:
        [(body,)] = owner.execute("SELECT prosrc FROM pg_proc WHERE proname = 'work_gauges'").fetchall()
        query = body.partition(";")[2]
        owner.execute("SET LOCAL ROLE cm_system")
        owner.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(row[0] for row in owner.execute(f"EXPLAIN {query}").fetchall())
    assert "Seq Scan on tasks_" not in plan
    assert plan.count("Scan using tasks_task_") == 2
    assert plan.count("Index Scan using tasks_execution_expired") == 1
    assert plan.count("Index Scan using tasks_approval") == 1
    assert "Sort" not in plan


def test_the_gauges_want_a_pass(world: World) -> None:
    with world.as_("engineer"):
        [row] = system_call("work_gauges")
    assert set(row) == set(gauges.WORK)


# --- several processes ------------------------------------------------------------------------------------------------
COUNTING = """
import sys, django
django.setup()
from common.telemetry import metrics
from prometheus_client import generate_latest
if sys.argv[1] == "count":
    metrics.JOB_SECONDS.labels("a.job", "success").observe(1)
else:
    sys.stdout.write(generate_latest(metrics.registry()).decode())
"""


def test_the_counts_of_all_processes_are_added_up(tmp_path: Any) -> None:
    environment = os.environ | {
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "counts"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }

    def run(word: str) -> str:
        command = [sys.executable, "-c", COUNTING, word]
        return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout

    run("count")
    run("count")
    assert 'countermark_job_seconds_count{job="a.job",outcome="success"} 2.0' in run("tell")
