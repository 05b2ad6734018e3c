"""Approvals fail closed: asked under the lease, decided once by an entitled person, redeemed once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from accounts.services import deactivate_user
from common.errors import Conflict, Forbidden, Invalid, LeaseLost, NotFound
from projects.models import ProjectMember
from tasks.models import ApprovalRequest, ApprovalResponse, Execution, Task
from tasks.services import cancel_task, expire_approvals, redeem_approval
from tasks.services.approvals import approval_for_worker
from tasks.services.asking import action_digest
from tasks.services.leases import LeaseClaim
from tests.work import (
    acting,
    answer,
    ask,
    claim_one,
    complete,
    events_of,
    lease,
    make_task,
    newest_event,
    set_raw,
    sql,
    started,
)
from tests.world import World


def parked(world: World, **values: Any) -> tuple[Task, ApprovalRequest]:
    task, claim = started(world)
    return task, ask(world, claim, **values)


def granted(world: World) -> tuple[LeaseClaim, ApprovalRequest]:
    """Ask, approve, claim again: what holds the grant now."""
    _, approval = parked(world)
    answer(world, approval)
    return lease(world, claim_one(world).execution), approval


def redeem(world: World, claim: LeaseClaim, approval: ApprovalRequest, **values: Any) -> ApprovalRequest:
    with acting(world, "agent"):
        return redeem_approval(claim=claim, **{"approval_id": approval.id, "digest": approval.digest, **values})


def overdue(world: World, approval: ApprovalRequest) -> None:
    sql(world, "UPDATE tasks_approvalrequest SET expires_at = now() - interval '1 s' WHERE id = %s", approval.id)


def expire(world: World) -> int:
    with world.as_("system"):
        return expire_approvals()


def state(world: World, task: Task) -> tuple[str, str]:
    with world.as_("system"):
        latest = Execution.objects.filter(task=task).latest("attempt")
        return Task.objects.get(id=task.id).status, latest.status


# --- asking ---------------------------------------------------------------------------------------------------------


def test_asking_parks_the_attempt_at_no_cost(world: World) -> None:
    task, approval = parked(world)
    assert state(world, task) == ("in_progress", "waiting_for_hitl")
    with world.as_("system"):
        waiting = Task.objects.get(id=task.id)
        assert (waiting.claimable_from, waiting.attempts_left) == (None, 3)
    event = newest_event(world, "approval.requested")
    assert (event.resource_id, event.task_id, event.actor_id) == (approval.id, task.id, world.agent.id)
    assert [option["key"] for option in approval.options] == ["approve", "reject", "amend"]
    assert approval.expires_at - approval.created_at > timedelta(minutes=29)


def test_the_digest_binds_task_action_commit_and_nonce(world: World) -> None:
    _, approval = parked(world, target_commit="c" * 40)
    values = {
        "task_id": approval.task_id,
        "action": approval.action,
        "target_commit": approval.target_commit,
        "nonce": approval.nonce,
    }
    assert action_digest(**values) == approval.digest
    others: list[dict[str, Any]] = [{"task_id": uuid4()}, {"action": {}}, {"target_commit": ""}, {"nonce": "0" * 32}]
    for other in others:
        assert action_digest(**{**values, **other}) != approval.digest


def test_the_digest_is_that_of_the_canonical_form(world: World) -> None:
    """A fixed value: the worker computes it too, in a program of its own."""
    digest = action_digest(
        task_id="01a1fc8b-45a1-70d3-ae28-d3d3dd39d698",  # type: ignore[arg-type]  # only its text counts
        action={"b": [1, 2.5, "é"], "a": {}},
        target_commit="",
        nonce="00",
    )
    assert digest == "afce6484af201b6bfc3e8f56dcb45365968d724c414fa7105c537582cf01eeaa"


def test_an_action_without_a_canonical_form_is_refused_and_the_attempt_goes_on(world: World) -> None:
    task, claim = started(world)
    with pytest.raises(Invalid):
        ask(world, claim, action={"n": 2**60})
    assert state(world, task) == ("in_progress", "running")


# --- deciding -------------------------------------------------------------------------------------------------------


def test_an_approval_makes_the_task_claimable_and_the_next_attempt_ends_the_parked_one(world: World) -> None:
    task, approval = parked(world)
    answer(world, approval)
    event = newest_event(world, "approval.approved")
    assert (event.actor_id, event.reason) == (world.reviewer.id, "looked at it")
    claimed = claim_one(world)
    assert (claimed.task.id, claimed.execution.attempt) == (task.id, 2)
    with world.as_("system"):
        assert list(Execution.objects.order_by("attempt").values_list("status", flat=True)) == ["cancelled", "running"]
        assert list(ApprovalRequest.objects.granting()) == [approval]


def test_a_rejection_blocks_the_task_in_the_deciders_words(world: World) -> None:
    task, approval = parked(world)
    answer(world, approval, "reject", comment="too risky")
    assert state(world, task) == ("blocked", "cancelled")
    with world.as_("system"):
        assert "Reviewer rejected “May I format?”: too risky" in Task.objects.get(id=task.id).status_reason
    assert events_of(world, task_id=task.id)[-2:] == ["approval.rejected", "task.blocked"]


def test_an_amendment_is_granted_with_what_was_changed(world: World) -> None:
    _, approval = parked(world)
    decided = answer(world, approval, "amend", amended_content={"command": ["ruff", "format", "--diff"]})
    assert (decided.status, decided.amended_content) == ("amended", {"command": ["ruff", "format", "--diff"]})
    assert newest_event(world, "approval.amended").task_id == approval.task_id
    redeem(world, lease(world, claim_one(world).execution), approval)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"comment": " "}, Invalid),
        ({"action": "maybe"}, Invalid),
        ({"action": "amend"}, Invalid),
        ({"action": "amend", "amended_content": {}}, Invalid),
        ({"digest": "0" * 64}, Conflict),
        ({"selected_option": "nonsense"}, Invalid),
    ],
)
def test_an_answer_that_is_incomplete_or_to_another_question_changes_nothing(
    world: World, values: dict[str, Any], error: type[Exception]
) -> None:
    task, approval = parked(world)
    with pytest.raises(error):
        answer(world, approval, **values)
    assert state(world, task) == ("in_progress", "waiting_for_hitl")
    with world.as_("system"):
        assert not ApprovalResponse.objects.exists()


@pytest.mark.parametrize("who", ["engineer", "viewer", "stranger"])
def test_who_asked_and_who_is_not_entitled_may_not_decide(world: World, who: str) -> None:
    _, approval = parked(world)
    with pytest.raises(Forbidden) as refusal:
        answer(world, approval, who=who)
    assert refusal.value.code == "may_not_decide"


def test_a_tenant_may_allow_self_approval_and_then_only_for_those_who_manage(world: World) -> None:
    _, approval = parked(world)
    sql(world, "UPDATE accounts_tenant SET allow_self_approval = true")
    with pytest.raises(Forbidden):
        answer(world, approval, who="viewer")
    assert answer(world, approval, who="engineer").status == "approved"


def test_the_first_answer_wins_and_a_late_one_is_kept(world: World) -> None:
    _, approval = parked(world)
    answer(world, approval)
    with pytest.raises(Conflict, match="approved already") as refusal:
        answer(world, approval, "reject", who="admin")
    assert refusal.value.code == "already_decided"
    with world.as_("system"):
        answers = ApprovalResponse.objects.order_by("id").values_list("user_id", "action", "counted")
        assert list(answers) == [(world.reviewer.id, "approve", True), (world.admin.id, "reject", False)]
    assert "approval.rejected" not in events_of(world)


def test_an_overdue_request_cannot_be_approved_even_before_the_sweep(world: World) -> None:
    task, approval = parked(world)
    overdue(world, approval)
    with pytest.raises(Conflict, match="It is expired already"):
        answer(world, approval)
    assert state(world, task) == ("in_progress", "waiting_for_hitl")


def test_the_sweep_expires_overdue_requests_once_and_blocks_their_tasks(world: World) -> None:
    task, approval = parked(world)
    assert expire(world) == 0
    overdue(world, approval)
    assert (expire(world), expire(world)) == (1, 0)
    assert state(world, task) == ("blocked", "cancelled")
    assert events_of(world, task_id=task.id)[-2:] == ["approval.expired", "task.blocked"]
    assert newest_event(world, "approval.expired").outcome == "denied"


# --- redeeming ------------------------------------------------------------------------------------------------------


def test_a_grant_is_redeemed_once(world: World) -> None:
    claim, approval = granted(world)
    used = redeem(world, claim, approval)
    assert (used.redeemed_by_id, bool(used.redeemed_at)) == (claim.execution_id, True)
    event = newest_event(world, "approval.redeemed")
    assert event.body == f'{{"digest":"{approval.digest}","execution_id":"{claim.execution_id}"}}'
    with pytest.raises(Conflict) as refusal:
        redeem(world, claim, approval)
    assert refusal.value.code == "approval_used"
    assert events_of(world).count("approval.redeemed") == 1
    complete(world, claim)


def spoil_action(world: World, approval: ApprovalRequest) -> None:
    sql(world, 'UPDATE tasks_approvalrequest SET action = \'{"command": ["rm"]}\' WHERE id = %s', approval.id)


def spoil_commit(world: World, approval: ApprovalRequest) -> None:
    sql(world, "UPDATE tasks_approvalrequest SET target_commit = 'f' WHERE id = %s", approval.id)


def spoil_decider(world: World, approval: ApprovalRequest) -> None:
    with world.as_("admin"):
        deactivate_user(user=world.reviewer, reason="left")


def spoil_role(world: World, approval: ApprovalRequest) -> None:
    with world.as_("admin"):
        ProjectMember.objects.filter(user=world.reviewer).update(role="viewer")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (spoil_action, "approval_changed"),
        (spoil_commit, "approval_changed"),
        (spoil_decider, "approval_refused"),
        (spoil_role, "approval_refused"),
        (overdue, "approval_expired"),
    ],
)
def test_a_grant_that_is_not_what_was_approved_any_more_is_refused(
    world: World, spoil: Callable[[World, ApprovalRequest], None], code: str
) -> None:
    claim, approval = granted(world)
    spoil(world, approval)
    with pytest.raises(Conflict) as refusal:
        redeem(world, claim, approval)
    assert refusal.value.code == code
    with world.as_("system"):
        assert ApprovalRequest.objects.get().redeemed_at is None


def test_another_digest_is_refused(world: World) -> None:
    claim, approval = granted(world)
    with pytest.raises(Conflict) as refusal:
        redeem(world, claim, approval, digest="0" * 64)
    assert refusal.value.code == "approval_changed"


def test_an_approval_of_another_task_is_unknown(world: World) -> None:
    _, approval = granted(world)
    make_task(world)
    other = lease(world, claim_one(world).execution)
    with pytest.raises(NotFound):
        redeem(world, other, approval)
    with pytest.raises(NotFound):
        redeem(world, other, approval, approval_id=uuid4())


def test_a_rejected_request_gives_nothing(world: World) -> None:
    claim, approval = granted(world)
    sql(world, "UPDATE tasks_approvalrequest SET status = 'rejected' WHERE id = %s", approval.id)
    with pytest.raises(Conflict) as refusal:
        redeem(world, claim, approval)
    assert refusal.value.code == "approval_refused"


def test_the_parked_attempt_itself_cannot_redeem(world: World) -> None:
    _, claim = started(world)
    approval = ask(world, claim)
    answer(world, approval)
    with pytest.raises(LeaseLost):
        redeem(world, claim, approval)


def test_a_cancelled_tasks_grant_is_never_redeemed(world: World) -> None:
    claim, approval = granted(world)
    with world.as_("reviewer"):
        cancel_task(task=Task.objects.get(), reason="no")
    with pytest.raises(LeaseLost):
        redeem(world, claim, approval)


def test_a_worker_reads_approvals_of_its_own_task_only(world: World) -> None:
    claim, approval = granted(world)
    make_task(world)
    other = claim_one(world).execution
    with world.as_("agent"):
        read = approval_for_worker(principal=claim.principal, execution_id=claim.execution_id, approval_id=approval.id)
        assert read.status == "approved"
        with pytest.raises(NotFound):
            approval_for_worker(principal=claim.principal, execution_id=other.id, approval_id=approval.id)


# --- the database ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("status = 'approved'", "decided"),
        ("redeemed_at = now()", "redeemed"),
        ("status = 'amended', decided_at = now(), decided_by_id = '{reviewer}', comment = 'x'", "amended"),
        ("status = 'approved', decided_at = now(), decided_by_id = '{reviewer}', comment = ''", "decided"),
    ],
)
def test_the_database_refuses_half_a_decision(world: World, change: str, constraint: str) -> None:
    _, approval = parked(world)
    change = change.format(reviewer=world.reviewer.id)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        set_raw(world, "tasks_approvalrequest", change, approval.id)


def test_a_task_waits_for_one_answer_at_a_time(world: World) -> None:
    _, approval = parked(world)
    approval.pk = uuid4()
    with world.as_("system"), pytest.raises(IntegrityError, match="one_pending"), transaction.atomic():
        approval.save(force_insert=True)


def test_the_inbox_shows_a_person_what_that_person_may_decide(world: World) -> None:
    parked(world)
    for who, count in (("reviewer", 1), ("admin", 1), ("engineer", 0), ("viewer", 0), ("stranger", 0)):
        with world.as_(who):
            principal = world.people[who].principal()
            assert ApprovalRequest.objects.visible_to(principal).decidable_by(principal).count() == count
