"""Handing in: evidence, results, and a person's sign-off."""

import pytest

from common.errors import Conflict, Forbidden, Invalid, LeaseLost
from tasks.models import Execution, Task, TaskStatus
from tasks.services import ContractNotMet, complete_execution, submit_signoff
from tests.work import (
    PYTEST,
    SIGNOFF,
    acting,
    claim_one,
    complete,
    events_of,
    hand_in,
    lease,
    newest_event,
    started,
)
from tests.world import World


def sign_off(world: World, task: Task, who: str = "reviewer", approved: bool = True) -> None:
    with acting(world, who):
        submit_signoff(task=task, principal=world.people[who].principal(), approved=approved, comment="read it")


def in_review(world: World) -> Task:
    _, claim = started(world, PYTEST, SIGNOFF)
    hand_in(world, claim)
    return complete(world, claim)


def test_a_task_without_a_contract_closes_on_its_agents_word_and_says_so(world: World) -> None:
    task, claim = started(world)
    closed = complete(world, claim)
    assert (closed.status, closed.resolution, closed.verification) == (TaskStatus.CLOSED, "completed", "unverified")
    assert closed.output == {"ok": True}
    assert events_of(world, task_id=task.id)[-2:] == ["execution.succeeded", "task.closed"]
    with world.as_("system"):
        execution = Execution.objects.get()
        assert (execution.status, execution.progress, execution.summary) == ("success", 100, "done")
        # sha256 of the canonical JSON {"ok":true}
        assert execution.output_hash == "4062edaf750fb8074e7e83e0c9028c94e32468a8b6f1614774328ef045150f93"


def test_a_result_counts_once(world: World) -> None:
    _, claim = started(world)
    complete(world, claim)
    with pytest.raises(LeaseLost, match="ended"):
        complete(world, claim)
    assert events_of(world).count("execution.succeeded") == 1


def test_a_result_without_a_canonical_form_is_refused(world: World) -> None:
    _, claim = started(world)
    with acting(world, "agent"), pytest.raises(Invalid):
        complete_execution(claim=claim, result={"n": 2**60}, summary="")


def test_what_only_people_can_show_waits_in_review(world: World) -> None:
    task = in_review(world)
    assert (task.status, task.claimable_from, task.resolution) == (TaskStatus.IN_REVIEW, None, None)
    assert events_of(world, task_id=task.id)[-2:] == ["execution.succeeded", "task.submitted"]


def test_a_missing_machine_criterion_is_not_left_to_people(world: World) -> None:
    _, claim = started(world, PYTEST, SIGNOFF)
    with pytest.raises(ContractNotMet) as refusal:
        complete(world, claim)
    assert [error["title"] for error in refusal.value.extra["errors"]] == ["tests pass", "signed off"]


def test_a_maintainers_sign_off_closes(world: World) -> None:
    task = in_review(world)
    sign_off(world, task)
    assert events_of(world, task_id=task.id)[-3:] == ["evidence.registered", "criterion.evaluated", "task.closed"]
    event = newest_event(world, "evidence.registered")
    assert '"grade":"human"' in event.body
    with world.as_("system"):
        assert Task.objects.get(id=task.id).verification == "verified"


def test_a_refused_sign_off_offers_the_task_again_and_a_later_one_counts(world: World) -> None:
    task = in_review(world)
    sign_off(world, task, approved=False)
    with world.as_("system"):
        assert Task.objects.get(id=task.id).status == TaskStatus.OPEN
    assert newest_event(world, "criterion.evaluated").reason == "No evidence speaks about it yet."
    again = lease(world, claim_one(world).execution)
    hand_in(world, again)
    complete(world, again)
    sign_off(world, task)
    with world.as_("system"):
        assert Task.objects.get(id=task.id).status == TaskStatus.CLOSED


@pytest.mark.parametrize("who", ["engineer", "viewer", "stranger"])
def test_the_owner_of_the_agent_and_those_who_do_not_manage_may_not_sign_off(world: World, who: str) -> None:
    task = in_review(world)
    with pytest.raises(Forbidden) as refusal:
        sign_off(world, task, who)
    assert refusal.value.code == "own_work"


def test_only_a_task_in_review_is_signed_off(world: World) -> None:
    task, _ = started(world, SIGNOFF)
    with pytest.raises(Conflict) as refusal:
        sign_off(world, task)
    assert refusal.value.code == "not_in_review"
