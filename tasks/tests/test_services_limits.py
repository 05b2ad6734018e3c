"""How long attempts may go on, how they are stopped, and what becomes of their task."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from common.errors import Conflict, Invalid, LeaseLost
from tasks.models import Execution, Task
from tasks.services import (
    append_log,
    assign,
    cancel_execution,
    claim_tasks,
    direct_execution,
    fail_execution,
    heartbeat,
    lease_token,
    reap_expired_leases,
    release_execution,
    take_lease,
    update_task,
)
from tasks.services.attempts import FROM, advance
from tasks.services.leases import LeaseClaim
from tests.work import (
    acting,
    ask,
    claim_one,
    complete,
    events_of,
    hand_in,
    make_task,
    newest_event,
    run_out,
    set_raw,
    started,
)
from tests.world import World


def beat(world: World, claim: LeaseClaim, **values: Any) -> Execution:
    with acting(world, "agent"):
        return heartbeat(claim=claim, **values)


def reap(world: World) -> int:
    with world.as_("system"):
        return reap_expired_leases()


def execution_of(world: World, claim: LeaseClaim) -> Execution:
    with world.as_("system"):
        return Execution.objects.select_related("task__project").get(id=claim.execution_id)


def task_of(world: World, claim: LeaseClaim) -> Task:
    return execution_of(world, claim).task


def moved(world: World, claim: LeaseClaim, **columns: str) -> None:
    """Let time pass for an attempt: the clock is the database's, so its moments are moved back."""
    for name, ago in columns.items():
        set_raw(world, "tasks_execution", f"{name} = now() - interval '{ago}'", claim.execution_id)


def cancel(world: World, claim: LeaseClaim, reason: str = "wrong branch") -> Execution:
    with acting(world, "engineer"):
        return cancel_execution(execution=execution_of(world, claim), reason=reason)


def fail(world: World, claim: LeaseClaim, **values: Any) -> Task:
    with acting(world, "agent"):
        return fail_execution(claim=claim, error="exit 1", **values)


def seconds(later: datetime | None, earlier: datetime | None) -> float:
    assert later
    assert earlier
    return round((later - earlier).total_seconds())


# --- limits ---------------------------------------------------------------------------------------------------------


def test_an_attempt_begins_with_the_limits_of_its_task_and_a_digest_of_what_it_was_given(world: World) -> None:
    _, claim = started(world, soft_timeout_seconds=100, hard_timeout_seconds=200, instructions="Be brief.")
    execution = execution_of(world, claim)
    assert seconds(execution.soft_limit_at, execution.started_at) == 100
    assert seconds(execution.hard_limit_at, execution.started_at) == 200
    assert execution.last_activity_at == execution.started_at
    assert len(execution.input_hash) == 64
    other = started(world, instructions="Be long.")[1]
    assert execution_of(world, other).input_hash != execution.input_hash


def test_past_the_soft_limit_the_worker_hears_once_to_wrap_up(world: World) -> None:
    _, claim = started(world)
    assert beat(world, claim).directive == "continue"
    moved(world, claim, soft_limit_at="1 second")
    assert beat(world, claim).directive == "wrap_up"
    assert beat(world, claim).directive == "wrap_up"
    assert events_of(world).count("execution.directed") == 1
    with acting(world, "engineer"):
        direct_execution(execution=execution_of(world, claim), directive="continue", reason="take your time")
    assert beat(world, claim).directive == "continue"


def test_no_lease_goes_beyond_the_hard_limit(world: World) -> None:
    _, claim = started(world, soft_timeout_seconds=1, hard_timeout_seconds=30)
    execution = beat(world, claim, progress=1)
    assert execution.lease_expires_at == execution.hard_limit_at
    assert task_of(world, claim).claimable_from == execution.hard_limit_at
    moved(world, claim, hard_limit_at="1 second", lease_expires_at="1 second")
    with pytest.raises(LeaseLost):
        complete(world, claim)
    assert reap(world) == 1
    ended = execution_of(world, claim)
    assert (ended.status, ended.error_code, ended.error_category) == ("timeout", "hard_limit", "timeout")


def test_heartbeats_alone_are_no_work(world: World) -> None:
    _, claim = started(world, inactivity_seconds=50)
    moved(world, claim, last_activity_at="40 seconds")
    execution = beat(world, claim)
    assert seconds(execution.lease_expires_at, execution.last_heartbeat_at) == 10
    moved(world, claim, last_activity_at="60 seconds", lease_expires_at="10 seconds")
    with pytest.raises(LeaseLost):
        beat(world, claim)
    assert reap(world) == 1
    ended = execution_of(world, claim)
    assert (ended.status, ended.error_code, ended.error) == ("timeout", "inactivity", "It showed no work for 50 s.")


SIGNS: dict[str, Any] = {
    "progress": lambda world, claim: beat(world, claim, progress=5),
    "a message": lambda world, claim: beat(world, claim, message="compiling"),
    "tokens": lambda world, claim: beat(world, claim, usage={"output_tokens": 9}),
    "evidence": hand_in,
    "output": lambda world, claim: log(world, claim),
}


def log(world: World, claim: LeaseClaim) -> None:
    with acting(world, "agent"):
        append_log(claim=claim, offset=0, content=b"line\n")


@pytest.mark.parametrize("sign", SIGNS)
def test_a_sign_of_work_begins_the_inactivity_anew(world: World, sign: str) -> None:
    _, claim = started(world, inactivity_seconds=50)
    moved(world, claim, last_activity_at="40 seconds")
    beat(world, claim)
    SIGNS[sign](world, claim)
    execution = execution_of(world, claim)
    assert seconds(execution.lease_expires_at, execution.last_activity_at) == 50
    assert task_of(world, claim).claimable_from == execution.lease_expires_at


# --- stopping -------------------------------------------------------------------------------------------------------


def test_a_cancelled_run_hears_stop_and_gets_no_more_time(world: World) -> None:
    _, claim = started(world)
    before = execution_of(world, claim).lease_expires_at
    cancel(world, claim)
    assert task_of(world, claim).claimable_from is None
    execution = beat(world, claim)
    assert (execution.directive, execution.lease_expires_at, execution.status) == ("stop", before, "running")
    assert newest_event(world, "execution.cancel_requested").reason == "wrong branch"
    cancel(world, claim)
    assert events_of(world).count("execution.cancel_requested") == 1


@pytest.mark.parametrize("how", ["released", "reaped"])
def test_a_stopped_run_is_cancelled_and_its_task_waits_for_a_person(world: World, how: str) -> None:
    task, claim = started(world)
    cancel(world, claim)
    if how == "released":
        with acting(world, "agent"):
            release_execution(claim=claim)
    else:
        run_out(world, claim.execution_id)
        assert reap(world) == 1
    assert execution_of(world, claim).status == "cancelled"
    found = task_of(world, claim)
    assert (found.status, found.status_reason) == ("blocked", "Its run was cancelled: wrong branch")
    assert events_of(world, task_id=task.id)[-2:] == ["execution.cancelled", "task.blocked"]


def test_a_result_that_comes_before_the_lease_ends_still_counts(world: World) -> None:
    _, claim = started(world)
    cancel(world, claim)
    assert complete(world, claim).resolution == "completed"


def test_a_run_that_fails_after_it_was_told_to_stop_is_not_tried_again(world: World) -> None:
    _, claim = started(world)
    cancel(world, claim)
    assert fail(world, claim, retryable=True).status == "blocked"


def test_a_run_that_waits_for_an_answer_is_cancelled_at_once(world: World) -> None:
    _, claim = started(world)
    approval = ask(world, claim)
    assert cancel(world, claim).status == "cancelled"
    with world.as_("system"):
        approval.refresh_from_db()
    assert approval.status == "cancelled"
    assert task_of(world, claim).status == "blocked"
    with pytest.raises(Conflict) as refusal:
        cancel(world, claim)
    assert refusal.value.code == "already_ended"


def test_staff_take_a_lease_away_and_the_attempt_does_not_count(world: World) -> None:
    _, claim = started(world, max_attempts=1)
    with acting(world, "admin"):
        take_lease(execution=execution_of(world, claim), reason="host is gone")
    found = task_of(world, claim)
    assert (found.status, found.attempts_left) == ("open", 1)
    with pytest.raises(LeaseLost):
        complete(world, claim)
    with acting(world, "admin"), pytest.raises(Conflict):
        take_lease(execution=execution_of(world, claim), reason="again")


def test_only_the_ways_of_the_graph_lead_from_state_to_state(world: World) -> None:
    _, claim = started(world)
    complete(world, claim)
    for state in FROM:
        with world.as_("system"), pytest.raises(Conflict) as refusal:
            advance(claim.execution_id, state)
        assert refusal.value.code == "no_such_transition"


# --- retries --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"retryable": True}, "open"),
        ({"error_code": "rate_limit"}, "open"),
        ({"error_code": "rate_limit", "retryable": False}, "blocked"),
        ({"error_code": "invalid_api_key", "retryable": True}, "blocked"),
        ({"error_category": "budget", "retryable": True}, "blocked"),
        ({"error_category": "safety", "retryable": True}, "blocked"),
        ({"error_category": "infrastructure", "retryable": True}, "open"),
    ],
)
def test_only_what_may_pass_is_tried_again(world: World, given: dict[str, Any], status: str) -> None:
    _, claim = started(world)
    assert fail(world, claim, **given).status == status
    failed = execution_of(world, claim)
    assert failed.retryable is (status == "open")
    assert failed.error_code == given.get("error_code", "")


def test_somebody_has_to_say_whether_another_try_makes_sense(world: World) -> None:
    _, claim = started(world)
    with pytest.raises(Invalid) as refusal:
        fail(world, claim, error_code="E42")
    assert "retryable" in refusal.value.extra["errors"]


def other_agent(world: World, name: str = "second") -> Any:
    from_engineer = world.agent
    with world.as_("engineer"):
        return type(from_engineer).objects.create(owner=world.engineer, name=name, agent_type="tester")


def backup(world: World, task: Task, agent: Any, **values: Any) -> None:
    with acting(world, "engineer"):
        assign(task=task, agent=agent, role="backup", **values)


def test_when_its_attempts_are_used_up_the_backup_takes_over_and_then_a_person(world: World) -> None:
    task, claim = started(world, max_attempts=1)
    second = other_agent(world)
    backup(world, task, second)
    handed = fail(world, claim, retryable=True)
    assert (handed.status, handed.assigned_agent_id, handed.attempts_left) == ("open", second.id, 1)
    assert newest_event(world, "task.handed_to_backup").reason == "exit 1"
    with world.as_("agent"):
        Task.objects.filter(id=task.id).update(claimable_from="2026-01-01T00:00:00Z")
        assert not Task.objects.claimable_by(world.agent_principal, [])
    principal = replace(world.agent_principal, agent_id=second.id)
    with acting(world, "agent"):
        [claimed] = claim_tasks(principal=principal, agent=second)
    own = LeaseClaim(principal, claimed.execution.id, lease_token(claimed.execution.id))
    blocked = fail(world, own, retryable=True)
    assert (blocked.status, blocked.status_reason) == ("blocked", "exit 1")


def test_a_lost_worker_hands_over_too(world: World) -> None:
    task, claim = started(world, max_attempts=1)
    second = other_agent(world)
    backup(world, task, second)
    run_out(world, claim.execution_id)
    assert reap(world) == 1
    assert task_of(world, claim).assigned_agent_id == second.id


def test_a_backup_with_a_condition_waits_for_a_person_to_say_that_it_holds(world: World) -> None:
    task, claim = started(world, max_attempts=1)
    second = other_agent(world)
    backup(world, task, second, condition="if the schema grows")
    assert fail(world, claim, retryable=True).status == "blocked"
    with acting(world, "engineer"):
        assert update_task(task=task, assigned_agent=second).assigned_agent_id == second.id


def test_nobody_steps_in_for_themselves_and_suspended_agents_not_at_all(world: World) -> None:
    task, claim = started(world, max_attempts=1)
    second = other_agent(world)
    backup(world, task, world.agent)
    backup(world, task, second)
    with world.as_("engineer"):
        type(second).objects.filter(id=second.id).update(is_active=False)
    assert fail(world, claim, retryable=False).status == "blocked"


def test_a_pause_is_between_half_and_the_whole_of_its_longest(world: World) -> None:
    waits = set()
    for _ in range(3):
        _, claim = started(world)
        failed = fail(world, claim, retryable=True)
        pause = (failed.claimable_from or datetime.min) - (execution_of(world, claim).ended_at or datetime.min)
        assert timedelta(seconds=2.5) <= pause <= timedelta(seconds=5)
        waits.add(pause)
    assert len(waits) == 3


def test_the_attempt_of_a_part_belongs_to_the_attempt_of_the_whole(world: World) -> None:
    whole = make_task(world)
    running = claim_one(world).execution
    make_task(world, parent=whole)
    assert claim_one(world).execution.parent_id == running.id
