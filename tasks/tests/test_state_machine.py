"""The life of tasks, runs and approvals: driven at random against a model, with invariants looked at each time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from common.errors import Conflict, DomainError, LeaseLost
from tasks.models import LIVE, ApprovalRequest, Execution, Task
from tasks.services import (
    cancel_task,
    claim_tasks,
    complete_execution,
    expire_approvals,
    fail_execution,
    heartbeat,
    reap_expired_leases,
    redeem_approval,
    release_execution,
    reopen_task,
    request_approval,
    respond_to_approval,
)
from tests.sizes import run_machine, short_and_long
from tests.work import lease, make_task
from tests.world import World

STEPS = 40
PAST = "2026-01-01T00:00:00Z"
MAX_ATTEMPTS = 2
AGENT_DEEDS = ("beat", "park", "park", "redeem", "redeem", "complete", "fail", "give_up", "release")
PEOPLE_AND_TIME = (
    "approve",
    "approve",
    "amend",
    "reject",
    "reopen",
    "cancel",
    "lease_runs_out",
    "reap",
    "approval_expires",
)
DEEDS = (*AGENT_DEEDS, *PEOPLE_AND_TIME, *["claim"] * 6)


@dataclass
class Run:
    """What the model knows of one attempt."""

    id: UUID
    attempt: int
    state: str = "running"
    """running, expired (its lease ran out and nobody noticed yet), parked, or ended"""


@dataclass
class Model:
    """What should be true of one task."""

    task_id: UUID
    status: str = "open"
    left: int = MAX_ATTEMPTS
    runs: list[Run] = field(default_factory=list)
    approval: UUID | None = None
    """what the parked run asks"""
    question: UUID | None = None
    """how a task that has failed goes on"""
    grants: list[UUID] = field(default_factory=list)
    redeemed: set[UUID] = field(default_factory=set)
    is_accepted: bool = False
    answered: bool = False
    """its pending approval was granted and the parked run waits to be taken over"""

    @property
    def run(self) -> Run | None:
        return self.runs[-1] if self.runs else None

    @property
    def is_claimable(self) -> bool:
        if not self.left:
            return False
        run_out = self.run is not None and self.run.state == "expired"
        return self.status == "open" or (self.status == "in_progress" and (run_out or self.answered))

    @property
    def likely(self) -> Sequence[str]:
        """What brings the work on: half of the deeds, so that grants are redeemed and not only asked for."""
        if self.approval or self.question:
            return ("approve", "amend")
        if self.run and self.run.state == "running":
            return ("redeem", "redeem", "complete") if self.grants else ("park",)
        return ("claim", "reopen")


class WorkMachine(RuleBasedStateMachine):
    """Two tasks of one project and one agent. Every rule calls one service, allowed or not."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.models = [Model(make_task(self.world, max_attempts=MAX_ATTEMPTS).id) for _ in range(2)]

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    # --- helpers ----------------------------------------------------------------------------------------------------

    def call(self, who: str, service: Any, **values: Any) -> Any:
        """Call a service as the API does: a refusal is answered inside the context."""
        with self.world.as_(who):
            try:
                return service(**values)
            except DomainError as refusal:
                return refusal

    def holder(self, run: Run) -> Any:
        return lease(self.world, Execution(id=run.id))

    def write(self, model: Model, run: Run, service: Any, **values: Any) -> bool:
        """Let a run write; return whether that was accepted, which must be exactly while it holds the lease."""
        answer = self.call("agent", service, claim=self.holder(run), **values)
        holds = run is model.run and run.state == "running"
        assert isinstance(answer, LeaseLost) is not holds, answer
        return holds

    def end_run(self, model: Model, status: str, left: int | None = None) -> None:
        if model.run:
            model.run.state = "ended"
        model.status = status
        model.answered = False
        model.left = model.left if left is None else left

    # --- one rule ---------------------------------------------------------------------------------------------------

    @initialize(random=st.randoms(use_true_random=True))
    def begin(self, random: Random) -> None:
        """Hypothesis likes to repeat itself; deeds drawn evenly reach the deep states in few steps."""
        self.random = random

    @rule()
    def somebody_acts(self) -> None:
        model = self.random.choice(self.models)
        deed = self.random.choice(model.likely if self.random.random() < 0.5 else DEEDS)
        if deed in AGENT_DEEDS:
            age = self.random.choice([0, 0, 0, 1, 2])
            if len(model.runs) > age:
                getattr(self, deed)(model, model.runs[-1 - age])
        else:
            getattr(self, deed)(model)

    def claim(self, _: Model) -> None:
        claimed = self.call(
            "agent", claim_tasks, principal=self.world.agent_principal, agent=self.world.agent, lease_seconds=600
        )
        claimable = [model for model in self.models if model.is_claimable]
        assert len(claimed) == min(1, len(claimable))
        for given in claimed:
            [model] = [model for model in claimable if model.task_id == given.task.id]
            if model.run:
                model.run.state = "ended"
            model.runs.append(Run(given.execution.id, given.execution.attempt))
            model.status, model.answered, model.left = "in_progress", False, model.left - 1

    # --- what an agent does -----------------------------------------------------------------------------------------

    def beat(self, model: Model, run: Run) -> None:
        self.write(model, run, heartbeat)

    def park(self, model: Model, run: Run) -> None:
        question = {"kind": "pre_execution", "question": "May I?", "action": {"command": "x"}}
        if self.write(model, run, request_approval, **question):
            run.state = "parked"
            model.left += 1
            model.approval = self.pending(model)

    def pending(self, model: Model) -> UUID:
        with self.world.as_("system"):
            return ApprovalRequest.objects.pending().get(task_id=model.task_id).id

    def fail_for_good(self, model: Model) -> None:
        self.end_run(model, "blocked")
        model.question = self.pending(model)

    def redeem(self, model: Model, run: Run) -> None:
        if not model.grants:
            return
        grant = model.grants[-1]
        with self.world.as_("system"):
            digest = ApprovalRequest.objects.get(id=grant).digest
        values = {"claim": self.holder(run), "approval_id": grant, "digest": digest}
        outcome = self.call("agent", redeem_approval, **values)
        allowed = run is model.run and run.state == "running" and grant not in model.redeemed
        assert isinstance(outcome, ApprovalRequest) is allowed, outcome
        if allowed:
            model.redeemed.add(grant)

    def complete(self, model: Model, run: Run) -> None:
        if self.write(model, run, complete_execution, result={}, summary=""):
            model.is_accepted = True
            self.end_run(model, "closed")

    def fail(self, model: Model, run: Run) -> None:
        if self.write(model, run, fail_execution, error="exit 1", retryable=True):
            if not model.left:
                self.fail_for_good(model)
                return
            self.end_run(model, "open")
            with self.world.as_("system"):  # the pause passes
                Task.objects.filter(id=model.task_id).update(claimable_from=PAST)

    def give_up(self, model: Model, run: Run) -> None:
        if self.write(model, run, fail_execution, error="cannot", retryable=False):
            self.fail_for_good(model)

    def release(self, model: Model, run: Run) -> None:
        if self.write(model, run, release_execution):
            self.end_run(model, "open", left=model.left + 1)

    # --- what a person does -----------------------------------------------------------------------------------------

    def approve(self, model: Model) -> None:
        self.answer(model, "approve")

    def amend(self, model: Model) -> None:
        self.answer(model, "amend")

    def reject(self, model: Model) -> None:
        self.answer(model, "reject")

    def answer(self, model: Model, action: str) -> None:
        with self.world.as_("system"):
            asked = ApprovalRequest.objects.select_related("task", "agent").filter(task_id=model.task_id).first()
        if asked is None:
            return
        answer: dict[str, Any] = {"action": action, "comment": "c", "digest": asked.digest}
        answer |= {"amended_content": {"command": "y"}} if action == "amend" else {}
        principal = self.world.reviewer.principal()
        outcome = self.call("reviewer", respond_to_approval, approval=asked, principal=principal, **answer)
        open_ones = {model.approval, model.question}
        assert isinstance(outcome, Conflict) is (asked.id not in open_ones), outcome
        if asked.id not in open_ones:
            return
        if action != "reject":
            model.grants.append(asked.id)
        if asked.id == model.question:
            self.end_run(model, "closed" if action == "reject" else "open", left=model.left or MAX_ATTEMPTS)
        elif action == "reject":
            self.end_run(model, "blocked")
        else:
            model.answered = True
        model.approval = model.question = None

    def cancel(self, model: Model) -> None:
        outcome = self.call("reviewer", cancel_task, task=Task(id=model.task_id), reason="no")
        assert isinstance(outcome, Conflict) is (model.status == "closed")
        if model.status != "closed":
            model.approval = model.question = None
            self.end_run(model, "closed")

    def reopen(self, model: Model) -> None:
        outcome = self.call("reviewer", reopen_task, task=Task(id=model.task_id), reason="again")
        allowed = model.status in {"blocked", "closed"} and not model.is_accepted
        assert isinstance(outcome, Conflict) is not allowed
        if allowed:
            model.status, model.left, model.question = "open", MAX_ATTEMPTS, None

    # --- what time does ---------------------------------------------------------------------------------------------

    def lease_runs_out(self, model: Model) -> None:
        if model.run and model.run.state == "running":
            with self.world.as_("system"):
                Execution.objects.filter(id=model.run.id).update(lease_expires_at=PAST)
                Task.objects.filter(id=model.task_id).update(claimable_from=PAST)
            model.run.state = "expired"

    def reap(self, _: Model) -> None:
        expired = [model for model in self.models if model.run and model.run.state == "expired"]
        assert self.call("system", reap_expired_leases) == len(expired)
        for model in expired:
            if model.left:
                self.end_run(model, "open")
            else:
                self.fail_for_good(model)

    def approval_expires(self, model: Model) -> None:
        asked = model.approval or model.question
        with self.world.as_("system"):
            ApprovalRequest.objects.filter(id__in=[asked] if asked else []).update(expires_at=PAST)
        assert self.call("system", expire_approvals) == (1 if asked else 0)
        if model.approval:
            self.end_run(model, "blocked")
        model.approval = model.question = None

    # --- what must hold after each step -----------------------------------------------------------------------------

    @invariant()
    def the_rules_of_work_hold(self) -> None:
        with self.world.as_("system"):
            for model in self.models:
                task = Task.objects.get(id=model.task_id)
                runs = list(Execution.objects.filter(task=task).order_by("attempt"))
                approvals = list(ApprovalRequest.objects.filter(task=task))
                self.agree_with_the_model(model, task, runs, approvals)
                assert sum(run.status in LIVE for run in runs) <= 1
                assert sum(run.status == "success" for run in runs) <= 1
                self.is_not_stuck(task, [run for run in runs if run.status in LIVE], approvals)

    def agree_with_the_model(
        self, model: Model, task: Task, runs: list[Execution], approvals: list[ApprovalRequest]
    ) -> None:
        assert (task.status, task.attempts_left) == (model.status, model.left)
        assert [run.attempt for run in runs] == [run.attempt for run in model.runs]
        assert task.attempt == len(runs)
        assert {approval.id for approval in approvals if approval.redeemed_at} == model.redeemed

    def is_not_stuck(self, task: Task, live: list[Execution], approvals: list[ApprovalRequest]) -> None:
        """Whatever is not over can be claimed, is being worked on under a lease, or waits for a named person."""
        waits = any(approval.status == "pending" for approval in approvals)
        if task.status == "open":
            assert task.claimable_from
            assert task.attempts_left > 0
            assert not live
        elif task.status == "in_progress":
            [run] = live
            assert waits if task.claimable_from is None else run.lease_expires_at or task.attempts_left > 0
        else:
            assert not live
            assert not waits or task.status == "blocked"
            assert task.status_reason or task.status != "blocked"


@pytest.mark.parametrize("examples", short_and_long(5, 25))
def test_no_order_of_steps_breaks_the_rules_of_work(world: World, examples: int) -> None:
    WorkMachine.world = world
    run_machine(WorkMachine, examples=examples, steps=STEPS)
