"""Handoffs: nothing begins before somebody has read up on it; driven at random against a model."""

from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from accounts.services import deactivate_user
from common.errors import Conflict, DomainError, Invalid
from projects.models import Phase, Plan, TaskGroup
from tasks.models import Handoff, Task
from tasks.services import (
    accept_handoff,
    change_handoff,
    claim_tasks,
    complete_handoff,
    create_handoff,
    reject_handoff,
    release_execution,
    report,
    submit_handoff,
)
from tests.collab import READ, TOLD, accept, draft, offer
from tests.sizes import run_machine, short_and_long
from tests.work import acting, claim_one, events_of, make_task, newest_event, started
from tests.world import World


def fresh(world: World, task: Task) -> Task:
    with world.as_("system"):
        return Task.objects.get(id=task.id)


def is_claimable(world: World) -> bool:
    """Whether an agent gets something now; nothing is kept of the trial."""
    with world.as_("agent"), transaction.atomic():
        found = claim_tasks(principal=world.agent_principal, agent=world.agent)
        transaction.set_rollback(True)
    return bool(found)


def test_a_draft_holds_nothing_back_and_an_offer_does_until_it_is_accepted(world: World) -> None:
    task = make_task(world)
    handoff = draft(world, task, to_user=None, to_agent=world.agent)
    assert is_claimable(world)
    with acting(world, "engineer"):
        submit_handoff(handoff=handoff)
    assert not is_claimable(world)
    assert (fresh(world, task).waiting_on, fresh(world, task).claimable_from) == (1, None)
    accepted = accept(world, handoff, "agent")
    assert (accepted.status, bool(accepted.log_read_at)) == ("accepted", True)
    assert claim_one(world).task.id == task.id
    assert fresh(world, task).assigned_agent_id == world.agent.id


def test_a_rejected_offer_leaves_the_work_where_it_was(world: World) -> None:
    task = make_task(world)
    handoff = offer(world, task)
    with acting(world, "reviewer"):
        reject_handoff(handoff=handoff, reason="Not my field.")
    assert is_claimable(world)
    assert (fresh(world, task).assigned_user_id, fresh(world, task).waiting_on) == (None, 0)
    assert newest_event(world, "handoff.rejected").reason == "Not my field."


def test_a_group_waits_whole_and_keeps_its_assignments(world: World) -> None:
    with acting(world, "engineer"):
        plan = Plan.objects.create(project=world.project, name="P")
        phase = Phase.objects.create(plan=plan, number=1, name="One", status="in_progress", started_at=timezone.now())
        group = TaskGroup.objects.create(phase=phase, label="Day 1", sequence=1)
    tasks = [make_task(world) for _ in range(2)]
    with world.as_("system"):
        Task.objects.filter(id__in=[task.id for task in tasks]).update(plan=plan, phase=phase, group=group)
    with acting(world, "engineer"):
        handoff = create_handoff(principal=world.engineer.principal(), group=group, to_user=world.reviewer, **TOLD)
        submit_handoff(handoff=handoff)
    assert not is_claimable(world)
    accept(world, handoff)
    assert [(fresh(world, task).waiting_on, fresh(world, task).assigned_user_id) for task in tasks] == [(0, None)] * 2
    assert is_claimable(world)


@pytest.mark.parametrize("missing", list(READ))
def test_each_acknowledgement_is_needed(world: World, missing: str) -> None:
    handoff = offer(world, make_task(world))
    with pytest.raises(Invalid) as refusal, acting(world, "reviewer"):
        accept_handoff(handoff=handoff, **{**READ, missing: False})
    assert list(refusal.value.extra["errors"]) == [missing]


@pytest.mark.parametrize("missing", ["summary", "gotchas"])
def test_an_offer_says_what_was_done_and_what_to_beware_of(world: World, missing: str) -> None:
    with pytest.raises(Invalid) as refusal:
        offer(world, make_task(world), **{missing: " "})
    assert list(refusal.value.extra["errors"]) == [missing]


def test_the_taker_is_another_one_who_works_on_the_project(world: World) -> None:
    task = make_task(world)
    for nobody in (world.viewer, world.stranger, world.engineer):
        with pytest.raises(Invalid):
            draft(world, task, to_user=nobody)
    with pytest.raises(Invalid):
        draft(world, task, to_agent=world.agent)  # a person and an agent
    with world.as_("admin"):
        deactivate_user(user=world.reviewer, reason="left")
        world.reviewer.refresh_from_db()
    with pytest.raises(Invalid):
        draft(world, task)


def test_an_agent_hands_its_task_over_and_gives_it_back(world: World) -> None:
    task, claim = started(world)
    with acting(world, "agent"):
        handoff = report(claim=claim, what="handoff", to_user=world.reviewer, **TOLD)
        release_execution(claim=claim)
    assert (handoff.from_agent_id, fresh(world, task).waiting_on) == (world.agent.id, 1)
    assert not is_claimable(world)
    accept(world, handoff)
    assert fresh(world, task).assigned_user_id == world.reviewer.id


def test_what_was_offered_is_not_changed(world: World) -> None:
    handoff = offer(world, make_task(world))
    with pytest.raises(Conflict), acting(world, "engineer"):
        change_handoff(handoff=handoff, summary="Other.")
    assert events_of(world).count("handoff.changed") == 0


MOVES = {
    "submit": ("draft", "pending"),
    "accept": ("pending", "accepted"),
    "reject": ("pending", "rejected"),
    "complete": ("accepted", "completed"),
}


class HandoffMachine(RuleBasedStateMachine):
    """Handoffs of one task, moved at random: only the allowed moves happen, and the task waits for the last one."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.task = make_task(self.world)
        self.known: dict[Any, str] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    @rule()
    def begin(self) -> None:
        if len(self.known) < 3:
            self.known[draft(self.world, self.task).id] = "draft"

    @rule(deed=st.sampled_from(sorted(MOVES)), which=st.integers(0, 2))
    def move(self, deed: str, which: int) -> None:
        if which >= len(self.known):
            return
        handoff_id = list(self.known)[which]
        before, after = MOVES[deed]
        happens = self.known[handoff_id] == before
        with self.world.as_("reviewer"):
            handoff = Handoff.objects.get(id=handoff_id)
            calls: dict[str, Any] = {
                "submit": lambda: submit_handoff(handoff=handoff),
                "accept": lambda: accept_handoff(handoff=handoff, **READ),
                "reject": lambda: reject_handoff(handoff=handoff, reason="no"),
                "complete": lambda: complete_handoff(handoff=handoff),
            }
            try:
                calls[deed]()
            except DomainError:
                assert not happens
            else:
                assert happens
                self.known[handoff_id] = after

    @invariant()
    def the_task_waits_while_the_last_offer_is_pending(self) -> None:
        offered = [self.known[handoff] for handoff in sorted(self.known) if self.known[handoff] != "draft"]
        pending = int(offered[-1:] == ["pending"])
        with self.world.as_("system"):
            task = Task.objects.get(id=self.task.id)
            assert (task.waiting_on, task.claimable_from is None) == (pending, pending > 0)
            assert dict(Handoff.objects.values_list("id", "status")) == self.known


@pytest.mark.parametrize("examples", short_and_long(5, 15))
def test_handoffs_move_only_as_they_may(world: World, examples: int) -> None:
    HandoffMachine.world = world
    run_machine(HandoffMachine, examples=examples, steps=20)
