"""Leases: who may write, and what becomes of a write that comes too late."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from agents.services import register_agent
from common.errors import Conflict, Forbidden, LeaseLost, NotFound
from tasks.models import Directive, Execution, QuarantinedWrite, Task, TaskStatus
from tasks.services import (
    direct_execution,
    fail_execution,
    heartbeat,
    lease_token,
    reap_expired_leases,
    release_execution,
)
from tasks.services.leases import LeaseClaim
from tasks.services.retries import LONGEST_BACKOFF, backoff
from tests.work import acting, ask, claim_one, complete, events_of, hand_in, lease, make_task, newest_event, run_out
from tests.work import started as start
from tests.world import World


def beat(world: World, claim: LeaseClaim, **values: Any) -> Execution:
    with acting(world, "agent"):
        return heartbeat(claim=claim, **values)


def fail(world: World, claim: LeaseClaim, retryable: bool = True, error: str = "exit 1") -> Task:
    with acting(world, "agent"):
        return fail_execution(claim=claim, error=error, retryable=retryable)


def release(world: World, claim: LeaseClaim) -> Task:
    with acting(world, "agent"):
        return release_execution(claim=claim)


def reap(world: World) -> int:
    with world.as_("system"):
        return reap_expired_leases()


WRITES: dict[str, Callable[[World, LeaseClaim], Any]] = {
    "evidence": hand_in,
    "approval": ask,
    "complete": complete,
    "fail": fail,
    "release": release,
}


def test_a_heartbeat_renews_the_lease_and_moves_the_claim_with_it(world: World) -> None:
    task, claim = start(world)
    before = events_of(world)
    execution = beat(world, claim, progress=40, message="half way", usage={"input_tokens": 5, "cost_usd": 0.25})
    assert execution.lease_expires_at
    assert execution.last_heartbeat_at
    assert execution.lease_expires_at - execution.last_heartbeat_at == timedelta(seconds=60)
    assert (execution.progress, execution.message, execution.input_tokens) == (40, "half way", 5)
    assert execution.cost_usd == Decimal("0.25")
    with world.as_("system"):
        assert Task.objects.get(id=task.id).claimable_from == execution.lease_expires_at
    assert events_of(world) == before


def test_progress_never_goes_back(world: World) -> None:
    _, claim = start(world)
    beat(world, claim, progress=40)
    assert beat(world, claim, progress=10).progress == 40
    assert beat(world, claim).progress == 40


@pytest.mark.parametrize("kind", WRITES)
def test_a_wrong_token_is_refused_and_nothing_is_kept(world: World, kind: str) -> None:
    _, claim = start(world)
    before = events_of(world)
    with pytest.raises(Forbidden) as refusal:
        WRITES[kind](world, replace(claim, token=lease_token(uuid4())))
    assert refusal.value.code == "bad_lease_token"
    assert events_of(world) == before
    with world.as_("system"):
        assert not QuarantinedWrite.objects.exists()


def test_a_lease_outlives_a_new_key_and_not_the_loss_of_its_own(world: World, settings: Settings) -> None:
    _, claim = start(world)
    old, new = settings.LEASE_KEYS[0], b"n" * 32
    settings.LEASE_KEYS = [new, old]
    beat(world, claim)
    assert lease_token(claim.execution_id) != claim.token
    beat(world, replace(claim, token=lease_token(claim.execution_id)))
    settings.LEASE_KEYS = [new]
    with pytest.raises(Forbidden):
        beat(world, claim)


@pytest.mark.parametrize("kind", WRITES)
def test_another_agents_run_is_unknown_even_with_its_token(world: World, kind: str) -> None:
    _, claim = start(world)
    with world.as_("engineer"):
        other = register_agent(owner=world.engineer, name="other", agent_type="tester")
    with pytest.raises(NotFound):
        WRITES[kind](world, replace(claim, principal=replace(claim.principal, agent_id=other.id)))
    with pytest.raises(NotFound):
        WRITES[kind](world, replace(claim, principal=world.engineer.principal()))


@pytest.mark.parametrize("kind", WRITES)
def test_a_late_write_changes_nothing_is_kept_and_is_in_the_log(world: World, kind: str) -> None:
    task, claim = start(world)
    run_out(world, claim.execution_id)
    with pytest.raises(LeaseLost, match="ran out"):
        WRITES[kind](world, claim)
    with world.as_("system"):
        kept = QuarantinedWrite.objects.get()
        assert (kept.kind, kept.execution_id) == (kind, claim.execution_id)
        assert Task.objects.get(id=task.id).status == TaskStatus.IN_PROGRESS
        assert Execution.objects.get(id=claim.execution_id).status == "running"
    event = newest_event(world, "execution.late_write_refused")
    assert (event.outcome, event.task_id, event.resource_id) == ("denied", task.id, claim.execution_id)
    assert f'"kind":"{kind}"' in event.body
    assert f'"quarantine_id":"{kept.id}"' in event.body


def test_what_was_quarantined_holds_what_the_worker_sent(world: World) -> None:
    _, claim = start(world)
    run_out(world, claim.execution_id)
    with pytest.raises(LeaseLost):
        hand_in(world, claim)
    with world.as_("system"):
        assert QuarantinedWrite.objects.get().payload["content"] == "42 passed"


def test_a_late_heartbeat_is_refused_and_revives_nothing(world: World) -> None:
    _, claim = start(world)
    run_out(world, claim.execution_id)
    with pytest.raises(LeaseLost):
        beat(world, claim)
    assert claim_one(world).execution.attempt == 2


def test_the_next_attempt_fences_the_last_one(world: World) -> None:
    _, first = start(world)
    run_out(world, first.execution_id)
    second = claim_one(world)
    with pytest.raises(LeaseLost, match="attempt 2"):
        complete(world, first)
    assert complete(world, lease(world, second.execution)).status == TaskStatus.CLOSED
    with world.as_("system"):
        statuses = Execution.objects.order_by("attempt").values_list("status", flat=True)
        assert list(statuses) == ["timeout", "success"]


def test_a_parked_attempt_holds_no_lease(world: World) -> None:
    _, claim = start(world)
    ask(world, claim)
    with pytest.raises(LeaseLost, match="suspended"):
        complete(world, claim)
    with pytest.raises(LeaseLost, match="suspended"):
        beat(world, claim)


def test_a_retryable_failure_is_offered_again_after_a_pause(world: World) -> None:
    task, claim = start(world)
    failed = fail(world, claim)
    assert (failed.status, failed.attempts_left) == (TaskStatus.OPEN, 2)
    assert "exit 1" in failed.status_reason
    with world.as_("system"):
        execution = Execution.objects.get(id=claim.execution_id)
        assert failed.claimable_from
        assert execution.ended_at
        assert timedelta(seconds=2.5) <= failed.claimable_from - execution.ended_at <= timedelta(seconds=5)
    assert events_of(world, task_id=task.id)[-2:] == ["execution.failed", "task.released"]


def test_the_pause_doubles_and_has_an_upper_bound_for_any_attempt() -> None:
    assert [backoff(attempt).total_seconds() for attempt in (1, 2, 3, 7, 8)] == [5, 10, 20, 320, 600]
    assert backoff(10_000) == LONGEST_BACKOFF


@pytest.mark.parametrize(("retryable", "attempts"), [(False, 3), (True, 1)])
def test_a_final_failure_blocks_the_task_and_says_why(world: World, retryable: bool, attempts: int) -> None:
    task, claim = start(world, max_attempts=attempts)
    failed = fail(world, claim, retryable=retryable)
    assert (failed.status, failed.status_reason, failed.claimable_from) == (TaskStatus.BLOCKED, "exit 1", None)
    assert events_of(world, task_id=task.id)[-3:] == ["execution.failed", "task.blocked", "approval.requested"]


def test_a_failure_without_words_still_blocks_with_a_reason(world: World) -> None:
    _, claim = start(world)
    assert fail(world, claim, retryable=False, error=" ").status_reason == "No reason was given."


def test_giving_back_costs_no_attempt(world: World) -> None:
    task, claim = start(world, max_attempts=1)
    for attempt in (2, 3, 4):
        released = release(world, claim)
        assert (released.status, released.attempts_left) == (TaskStatus.OPEN, 1)
        claimed = claim_one(world)
        assert claimed.execution.attempt == attempt
        claim = lease(world, claimed.execution)
    assert events_of(world, task_id=task.id).count("task.released") == 3


def test_the_reaper_offers_a_lost_task_again_and_says_so(world: World) -> None:
    task, claim = start(world)
    assert reap(world) == 0
    run_out(world, claim.execution_id)
    assert reap(world) == 1
    assert reap(world) == 0
    assert events_of(world, task_id=task.id)[-2:] == ["execution.timed_out", "task.released"]
    with world.as_("system"):
        offered = Task.objects.get(id=task.id)
        assert (offered.status, offered.status_reason) == (TaskStatus.OPEN, "The lease ran out without a heartbeat.")
        assert Execution.objects.get().status == "timeout"


def test_a_task_that_kills_its_workers_is_blocked(world: World) -> None:
    task, claim = start(world, max_attempts=2)
    run_out(world, claim.execution_id)
    second = claim_one(world)
    run_out(world, second.execution.id)
    assert reap(world) == 1
    with world.as_("system"):
        blocked = Task.objects.get(id=task.id)
        assert blocked.status == TaskStatus.BLOCKED
        assert "lost 2 times" in blocked.status_reason
    make_task(world, title="next")
    assert claim_one(world).task.title == "next"


def test_a_worker_hears_what_a_person_tells_it_with_its_next_heartbeat(world: World) -> None:
    _, claim = start(world)
    with world.as_("reviewer"):
        execution = Execution.objects.get(id=claim.execution_id)
        direct_execution(execution=execution, directive=Directive.WRAP_UP, reason="enough")
    assert newest_event(world, "execution.directed").reason == "enough"
    assert beat(world, claim).directive == Directive.WRAP_UP


def test_only_a_running_attempt_can_be_told_anything(world: World) -> None:
    _, claim = start(world)
    release(world, claim)
    with world.as_("reviewer"), pytest.raises(Conflict) as refusal:
        direct_execution(
            execution=Execution.objects.get(id=claim.execution_id), directive=Directive.STOP, reason="too late"
        )
    assert refusal.value.code == "not_running"
