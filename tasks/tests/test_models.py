"""What the database itself refuses about work, whoever writes and by whatever path."""

import os
from typing import Any, LiteralString

import psycopg
import pytest
from django.db import Error, transaction
from psycopg import sql as pieces

from tasks.models import Execution, Task
from tests.work import PYTEST, complete, hand_in, make_task, run_out, set_raw, sql, started
from tests.world import World

CLOSE_BY_HAND: LiteralString = (
    "UPDATE tasks_task SET status = 'closed', resolution = 'completed', closed_at = now(), claimable_from = NULL"
    " WHERE id = %s"
)


def refused(world: World, match: str, statement: str, *params: Any) -> None:
    with pytest.raises(Error, match=match), transaction.atomic():
        sql(world, statement, *params)


def change_refused(world: World, match: str, table: str, change: str) -> None:
    with pytest.raises(Error, match=match), transaction.atomic():
        set_raw(world, table, change)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("status = 'open', claimable_from = NULL", "claimable"),
        ("waiting_on = 1", "claimable"),
        ("assigned_user_id = gen_random_uuid(), assigned_agent_id = gen_random_uuid()", "one_primary"),
        ("estimated_hours = -1", "estimated_hours"),
        ("soft_timeout_seconds = hard_timeout_seconds + 1", "limits"),
        ("status = 'blocked', status_reason = 'x'", "claimable"),
        ("status = 'blocked', claimable_from = NULL", "blocked_has_reason"),
        ("status = 'closed', claimable_from = NULL", "closed_has_resolution"),
        ("resolution = 'wont_fix'", "closed_has_resolution"),
        ("closed_at = now()", "closed_has_resolution"),
        ("complexity = 14", "complexity"),
        ("complexity = 0", "complexity"),
        ("parent_id = id", "not_own_parent"),
        ("attempts_left = -1", "attempts_left"),
    ],
)
def test_a_task_in_half_a_state_is_refused(world: World, change: str, constraint: str) -> None:
    make_task(world)
    change_refused(world, constraint, "tasks_task", change)


def test_numbers_and_github_issues_are_unique_in_their_project(world: World) -> None:
    make_task(world, github_issue_number=7)
    second = make_task(world)
    refused(world, "tasks_task_number", "UPDATE tasks_task SET number = 1 WHERE id = %s", second.id)
    refused(world, "github_issue", "UPDATE tasks_task SET github_issue_number = 7 WHERE id = %s", second.id)


def test_priorities_have_a_rank_that_nobody_can_set(world: World) -> None:
    for rank, priority in enumerate(["critical", "high", "medium", "low"]):
        make_task(world, priority=priority, title=priority)
        assert sql(world, "SELECT priority_rank FROM tasks_task WHERE title = %s", priority) == [(rank,)]
    refused(world, "generated column|can only be updated", "UPDATE tasks_task SET priority_rank = 0")


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("status = 'success'", "ended_at"),
        ("ended_at = now()", "ended_at"),
        ("lease_expires_at = NULL", "running_has_lease"),
        ("progress = 101", "progress"),
        ("attempt = -1", "attempt"),
    ],
)
def test_a_run_in_half_a_state_is_refused(world: World, change: str, constraint: str) -> None:
    started(world)
    change_refused(world, constraint, "tasks_execution", change)


def test_a_task_has_one_live_run_and_one_success(world: World) -> None:
    task, claim = started(world)
    same = (
        "tenant_id, project_id, task_id, agent_id, directive, celery_task_id, idempotency_key, lease_seconds,"
        " lease_expires_at, progress, message, result, summary, error, error_code, input_hash, output_hash, trace_id,"
        " log_size, set_aside_reason"
    )
    copy = (
        f"INSERT INTO tasks_execution ({same}, attempt, status, ended_at)"  # noqa: S608  # columns of ours
        f" SELECT {same}, attempt + 1, {{status}}, {{ended}} FROM tasks_execution WHERE task_id = %s"
    )
    refused(world, "one_live", copy.format(status="'running'", ended="NULL"), task.id)
    refused(world, "one_live", copy.format(status="'waiting_for_hitl'", ended="NULL"), task.id)
    complete(world, claim)
    refused(world, "one_success", copy.format(status="'success'", ended="now()"), task.id)
    sql(world, copy.format(status="'failure'", ended="now()"), task.id)


@pytest.mark.parametrize(
    "change",
    [
        "status = 'running', ended_at = NULL",
        "status = 'failure'",
        "result = '{\"ok\": false}'",
        "ended_at = now() - interval '1 day'",
        "summary = 'better'",
        "agent_id = gen_random_uuid()",
        "log_size = 5",
        "attempt = 9",
    ],
)
def test_a_run_that_has_ended_stays_as_it_ended(world: World, change: str) -> None:
    _, claim = started(world)
    complete(world, claim)
    change_refused(world, "ended execution", "tasks_execution", change)


def test_attempts_never_go_back(world: World) -> None:
    task, _ = started(world)
    refused(world, "never goes back", "UPDATE tasks_task SET attempt = 0 WHERE id = %s", task.id)
    sql(world, "UPDATE tasks_task SET attempt = 5 WHERE id = %s", task.id)


@pytest.mark.parametrize(
    "table", ["tasks_evaluation", "tasks_quarantinedwrite", "tasks_approvalresponse", "tasks_executionlog"]
)
@pytest.mark.parametrize("change", ["UPDATE {} SET created_at = now()", "DELETE FROM {}", "TRUNCATE {}"])
def test_what_is_appended_is_never_changed(world: World, table: str, change: str) -> None:
    refused(world, "permission denied", change.format(table))


def test_a_superuser_cannot_close_unproven_or_rewrite_findings_either(committed_world: World) -> None:
    world = committed_world
    task, claim = started(world, PYTEST)
    hand_in(world, claim, data={"command_name": "pytest", "exit_code": 1})
    statements: list[tuple[LiteralString, str, Any]] = [
        (CLOSE_BY_HAND, "not met", task.id),
        ("UPDATE tasks_evaluation SET is_met = true WHERE tenant_id = %s", "append-only", world.tenant.id),
        ("UPDATE evidence_evidence SET data = '{}' WHERE tenant_id = %s", "fixed", world.tenant.id),
        ("UPDATE tasks_task SET attempt = 0 WHERE id = %s", "never goes back", task.id),
    ]
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        for statement, words, row_id in statements:
            with pytest.raises(psycopg.Error, match=words):
                connection.execute(statement, [row_id])


def test_findings_cannot_be_rewritten_in_replica_mode(committed_world: World) -> None:
    world = committed_world
    _, claim = started(world, PYTEST)
    hand_in(world, claim)
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        changes: tuple[LiteralString, ...] = ("UPDATE {} SET is_met = true", "DELETE FROM {}", "TRUNCATE {}")
        for change in changes:
            statement = pieces.SQL(change).format(pieces.Identifier("tasks_evaluation"))
            with pytest.raises(psycopg.Error, match="append-only"):
                connection.execute(statement)


def test_a_task_speaks_of_itself_by_its_key(world: World) -> None:
    task = make_task(world, status="draft")
    assert (str(task), task.key, task.is_open) == ("CM-1 work", "CM-1", False)


def test_running_out_is_seen_by_the_databases_clock(world: World) -> None:
    _, claim = started(world)
    with world.as_("system"):
        assert not Execution.objects.expired().exists()
    run_out(world, claim.execution_id)
    with world.as_("system"):
        assert Execution.objects.expired().count() == 1
        assert Task.objects.get().status == "in_progress"
