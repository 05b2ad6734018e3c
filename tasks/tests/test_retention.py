"""Run logs and quarantined writes end when they are old: the database's own function takes them, and nobody else."""

import os

import psycopg
import pytest
from django.db import connections

from common.retention import KINDS, purge_kind
from tasks.models import ExecutionLog, QuarantinedWrite
from tasks.services import append_log, release_execution
from tests.work import acting, complete, started
from tests.world import Client, World


def make_old(world: World, table: str) -> None:
    """Let rows be a year old. They are append-only for everybody, so their guard is lifted for a moment."""
    name = connections["default"].settings_dict["NAME"]
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], dbname=name, autocommit=True) as owner:
        owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        owner.execute(
            f"UPDATE {table} SET created_at = now() - interval '1 year' WHERE tenant_id = %s",  # noqa: S608  # ours
            [world.tenant.id],
        )
        owner.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_immutable")
        owner.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_kept")
        owner.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate")
        owner.execute("UPDATE tasks_execution SET created_at = created_at WHERE tenant_id = %s", [world.tenant.id])


def ended_run(world: World) -> str:
    _, claim = started(world)
    with acting(world, "agent"):
        append_log(claim=claim, offset=0, content=b"hello")
    complete(world, claim)
    with acting(world, "agent"), pytest.raises(Exception, match=r"ended"):
        release_execution(claim=claim)
    return str(claim.execution_id)


def test_a_late_write_ends_with_its_age(committed_world: World) -> None:
    world = committed_world
    ended_run(world)
    assert purge_kind(world.tenant.id, KINDS["quarantined_writes"]) == 0
    make_old(world, "tasks_quarantinedwrite")
    assert purge_kind(world.tenant.id, KINDS["quarantined_writes"]) == 1
    with world.as_("system"):
        assert not QuarantinedWrite.objects.exists()


def test_a_run_log_ends_with_its_age_and_the_api_says_so(committed_world: World) -> None:
    world = committed_world
    execution = ended_run(world)
    make_old(world, "tasks_executionlog")
    assert purge_kind(world.tenant.id, KINDS["run_logs"]) == 0  # the run ended just now
    name = connections["default"].settings_dict["NAME"]
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], dbname=name, autocommit=True) as owner:
        owner.execute("ALTER TABLE tasks_execution DISABLE TRIGGER tasks_execution_ended")
        owner.execute(
            "UPDATE tasks_execution SET started_at = now() - interval '2 years', ended_at = now() - interval '1 year'"
            " WHERE tenant_id = %s",
            [world.tenant.id],
        )
        owner.execute("ALTER TABLE tasks_execution ENABLE TRIGGER tasks_execution_ended")
    client = Client(world.tokens["engineer"])
    assert client.send("GET", f"executions/{execution}/log/").status_code == 200
    assert purge_kind(world.tenant.id, KINDS["run_logs"]) == 1
    with world.as_("system"):
        assert not ExecutionLog.objects.exists()
    answer = client.send("GET", f"executions/{execution}/log/")
    assert (answer.status_code, answer.json()["code"]) == (410, "log_purged")
