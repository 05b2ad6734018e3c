"""Jobs: the request's ids reach them through a real broker and worker, and every queue they name is served."""

import json
import os
import subprocess
import sys
import time
from typing import Any
from uuid import uuid4

from django.conf import settings

from common import context
from common.health import heartbeat
from common.redis import get_redis_client
from config.celery import app
from tests.servers import ROOT

WAIT_SECONDS = 60


def test_every_scheduled_job_exists_and_goes_to_a_queue_of_ours() -> None:
    """Who serves the queues: tests/test_compose.py."""
    app.loader.import_default_modules()
    schedule: dict[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE
    assert {entry["task"] for entry in schedule.values()} <= set(app.tasks)
    used = {settings.CELERY_TASK_DEFAULT_QUEUE, *(entry["options"]["queue"] for entry in schedule.values())}
    assert used <= set(settings.QUEUES)


def test_no_job_waits_in_line_longer_than_until_its_next_turn() -> None:
    schedule: dict[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE
    late = [name for name, entry in schedule.items() if "expires" not in entry["options"]]
    assert late == []


def test_a_job_logs_the_ids_of_the_request_that_asked_for_it(django_db_setup: None) -> None:
    queue = f"test-{uuid4().hex[:8]}"
    request = context.new_context()
    with context.use(request):
        app.send_task("common.telemetry.probe", queue=queue)
    lines = lines_of_a_worker(queue, until="probe")
    [line] = [line for line in lines if line.get("event") == "probe"]
    assert line["request_id"] == str(request.request_id)
    assert line["trace_id"] == request.trace_id
    assert line["correlation_id"] == request.correlation_id
    # The worker said by itself that it serves this queue; health needs no broadcast to know.
    broker = get_redis_client("broker").connection
    lifetime = broker.ttl(heartbeat.key(queue))
    assert 0 < lifetime <= heartbeat.GONE_AFTER_SECONDS
    broker.delete(heartbeat.key(queue))


def lines_of_a_worker(queue: str, *, until: str) -> list[dict[str, str]]:
    """Run a worker until it has logged `until`; return its JSON lines."""
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", queue, "-P", "solo", "-l", "INFO"]
    environment = os.environ | {"LOG_FORMAT": "json", "DJANGO_SETTINGS_MODULE": "config.settings"}
    lines: list[dict[str, str]] = []
    deadline = time.monotonic() + WAIT_SECONDS
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            for text in process.stdout or ():
                if text.startswith("{"):
                    lines.append(json.loads(text))
                if time.monotonic() > deadline or (lines and lines[-1].get("event") == until):
                    break
        finally:
            process.terminate()
    return lines
