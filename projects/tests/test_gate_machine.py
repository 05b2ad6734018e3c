"""The life of a phase with its gates, driven at random; what must hold is looked at after each step."""

from random import Random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from audit.models import Event
from common.errors import DomainError
from evidence.models import Evidence
from evidence.services import reject_evidence
from projects import services
from projects.models import Gate, GateCheck, Phase, PhaseApproval, Review, SuccessCriterion
from projects.queries import criteria_of, progress_of
from tasks.models import Task
from tests.delivery import Delivery, make_delivery
from tests.sizes import run_machine, short_and_long
from tests.world import World

STEPS = 30
BEHIND = ("passed", "waived")
LETS_WORK_THROUGH = ("met", "waived")
PEOPLE = ("engineer", "reviewer", "admin", "viewer")
# In this order a phase gets through; half of the deeds are the next of these, so that runs reach the end.
WAY = ("finish_first", "finish_second", "run_passes", "judge", "approve", "meet", "judge_phase", "complete")
DEEDS = (
    *WAY,
    *("run_fails", "skip", "waive_check", "waive_gate", "request_changes", "open_gate", "take_over", "fail_criterion"),
    *("block", "resume", "reject"),
)


class GateMachine(RuleBasedStateMachine):
    """Two tasks, one gate with two checks, one criterion. Every rule calls one service, allowed or not."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.delivery: Delivery = make_delivery(self.world)
        self.way = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    @initialize(random=st.randoms(use_true_random=True))
    def begin(self, random: Random) -> None:
        self.random = random

    @rule()
    def somebody_acts(self) -> None:
        if self.random.random() < 0.6:
            deed = WAY[self.way % len(WAY)]
            self.way += 1
        else:
            deed = self.random.choice(DEEDS)
        try:
            with transaction.atomic():
                getattr(self, deed)(self.random.choice(PEOPLE))
        except DomainError:
            pass

    # --- deeds ------------------------------------------------------------------------------------------------------

    def call(self, service: Any, who: str, **values: Any) -> None:
        self.delivery.call(service, who, **values)

    def finish_first(self, who: str) -> None:
        self.delivery.finish(self.delivery.tasks[0])

    def finish_second(self, who: str) -> None:
        self.delivery.finish(self.delivery.tasks[1])

    def run_passes(self, who: str) -> None:
        self.delivery.run(0)

    def run_fails(self, who: str) -> None:
        self.delivery.run(1)

    def judge(self, who: str) -> None:
        self.call(services.judge_check, who, check=self.delivery.manual_check, state="pass")

    def skip(self, who: str) -> None:
        self.call(services.judge_check, who, check=self.delivery.manual_check, state="skipped", reason="no time")

    def waive_check(self, who: str) -> None:
        self.call(services.waive_check, who, check=self.delivery.run_check, reason="known")

    def waive_gate(self, who: str) -> None:
        if self.random.random() < 0.2:
            self.call(services.waive_gate, who, gate=self.delivery.gate, reason="late")

    def approve(self, who: str) -> None:
        self.delivery.approve(who=who)

    def request_changes(self, who: str) -> None:
        sent_back = [task.id for task in self.delivery.tasks if self.random.random() < 0.5]
        values = {"comments": "again", "reopen_task_ids": sent_back}
        self.call(services.submit_review, who, gate=self.delivery.gate, verdict="changes_requested", **values)

    def open_gate(self, who: str) -> None:
        self.call(services.open_gate, who, gate=self.delivery.gate)

    def reject(self, who: str) -> None:
        """Somebody finds that the proof of the run is none."""
        cited = self.delivery.now(self.delivery.run_check).evidence_id
        if cited:
            with self.world.as_("system"):
                proof = Evidence.objects.get(id=cited)
            self.call(reject_evidence, who, evidence=proof, note="Of another branch.")

    def take_over(self, who: str) -> None:
        """Somebody becomes the one who does a task; from then on they judge nothing."""
        with self.world.as_("system"):
            task = self.random.choice(self.delivery.tasks)
            Task.objects.filter(id=task.id).update(assigned_user=self.world.people[who])

    def meet(self, who: str) -> None:
        self.delivery.meet()

    def fail_criterion(self, who: str) -> None:
        self.call(services.decide_criterion, who, criterion=self.delivery.criterion, state="failed")

    def judge_phase(self, who: str) -> None:
        document = {"verdict": "approved", "transition_document": "Read this."}
        self.call(services.judge_phase, who, phase=self.delivery.phase, **document)

    def complete(self, who: str) -> None:
        self.call(services.complete_phase, who, phase=self.delivery.phase)

    def block(self, who: str) -> None:
        if self.random.random() < 0.3:
            self.call(services.block_phase, who, phase=self.delivery.phase, reason="Docker is not running")

    def resume(self, who: str) -> None:
        self.call(services.resume_phase, who, phase=self.delivery.phase)

    # --- what holds -------------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_complete_with_something_missing(self) -> None:
        with self.world.as_("system"):
            phase = Phase.objects.get(id=self.delivery.phase.id)
            if phase.status == "completed":
                assert set(SuccessCriterion.objects.values_list("state", flat=True)) <= set(LETS_WORK_THROUGH)
                assert set(Gate.objects.filter(required=True).values_list("status", flat=True)) <= set(BEHIND)
                reviewed = PhaseApproval.objects.latest("id")
                assert (reviewed.verdict, reviewed.criteria) == ("approved", criteria_of(phase))
                assert not Task.objects.exclude(status="closed").exists()

    @invariant()
    def no_gate_is_passed_with_a_check_in_the_way(self) -> None:
        with self.world.as_("system"):
            if Gate.objects.filter(status="passed").exists():
                assert not GateCheck.objects.filter(waived_at=None).exclude(state="pass").exists()
            if Gate.objects.filter(status="open").exists():
                assert not Task.objects.filter(group=self.delivery.first).exclude(status="closed").exists()

    @invariant()
    def each_revision_was_asked_for_by_a_review_or_by_a_rejected_proof(self) -> None:
        with self.world.as_("system"):
            gate = Gate.objects.get()
            again = Event.objects.filter(event_type="gate.reopened").count()
            assert gate.cycle == Review.objects.filter(verdict="changes_requested").count() + again
            assert Review.objects.filter(verdict="approved").count() == (gate.status == "passed") + again

    @invariant()
    def nothing_rests_on_what_was_rejected(self) -> None:
        with self.world.as_("system"):
            if Phase.objects.get(id=self.delivery.phase.id).status != "completed":
                rejected = Evidence.objects.exclude(rejected_at=None).values("id")
                assert not GateCheck.objects.filter(evidence_id__in=rejected, waived_at=None).exists()

    @invariant()
    def the_percentage_is_a_recount(self) -> None:
        with self.world.as_("system"):
            phase = Phase.objects.get(id=self.delivery.phase.id)
            done = Task.objects.filter(resolution="completed").count()
            done += SuccessCriterion.objects.filter(state__in=LETS_WORK_THROUGH).count()
            done += Gate.objects.filter(status__in=BEHIND).count()
            percentage = progress_of([phase])[phase.id].percentage
            assert 0 <= percentage <= 100
            assert percentage == (100 if phase.status == "completed" else min(99, done * 100 // 4))


class WatchedMachine(GateMachine):
    """The same, and whoever judges is looked at in the moment they do."""

    def call(self, service: Any, who: str, **values: Any) -> None:
        working = self.workers()
        super().call(service, who, **values)
        if service in (services.submit_review, services.judge_check, services.judge_phase):
            assert self.world.people[who].id not in working, f"{who} judged their own work"

    def approve(self, who: str) -> None:
        self.call(services.submit_review, who, gate=self.delivery.gate, verdict="approved")

    def workers(self) -> set[Any]:
        with self.world.as_("system"):
            return set(Task.objects.filter(group=self.delivery.first).values_list("assigned_user_id", flat=True))


@pytest.mark.parametrize("examples", short_and_long(4, 15))
def test_a_phase_keeps_its_rules_whatever_happens(world: World, examples: int) -> None:
    WatchedMachine.world = world
    run_machine(WatchedMachine, examples=examples, steps=STEPS)
