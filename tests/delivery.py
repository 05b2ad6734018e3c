"""A phase with two groups and a gate between them: what tests of delivery are written with."""

from dataclasses import dataclass
from typing import Any

import pytest

from accounts.models import User
from common.errors import Conflict, Forbidden, Invalid
from evidence.models import Evidence
from evidence.services import About, reject_evidence, submit_evidence
from projects import services
from projects.models import Gate, GateCheck, Phase, Plan, SuccessCriterion, TaskGroup
from tasks.models import Task
from tasks.services import close_task
from tests.work import acting, make_task
from tests.world import World


@dataclass(slots=True)
class Delivery:
    """`second` waits for `first`; `gate` stands after `first`, with one command check and one for a person."""

    world: World
    plan: Plan
    phase: Phase
    first: TaskGroup
    second: TaskGroup
    gate: Gate
    run_check: GateCheck
    manual_check: GateCheck
    criterion: SuccessCriterion
    tasks: list[Task]

    def call(self, service: Any, who: str = "reviewer", **values: Any) -> Any:
        """Call a service in somebody's name, as the API does."""
        if service in WITH_PRINCIPAL:
            values["principal"] = self.world.people[who].principal()
        with acting(self.world, who):
            return service(**values)

    def finish(self, *tasks: Task) -> None:
        for task in tasks or self.tasks:
            finish(self.world, task)

    def evidence(self, **data: Any) -> Evidence:
        return evidence_of(self.world, **data)

    def run(self, exit_code: int = 0, check: GateCheck | None = None) -> GateCheck:
        """Record a run of the command check."""
        piece = self.evidence(exit_code=exit_code)
        given: dict[str, Any] = {"exit_code": exit_code, "output": "as it was printed", "evidence_id": piece.id}
        checked: GateCheck = self.call(services.record_check_run, check=check or self.run_check, **given)
        return checked

    def judge(self, state: str = "pass", **values: Any) -> GateCheck:
        checked: GateCheck = self.call(services.judge_check, check=self.manual_check, state=state, **values)
        return checked

    def approve(self, gate: Gate | None = None, who: str = "reviewer") -> Any:
        return self.call(services.submit_review, who, gate=gate or self.gate, verdict="approved")

    def pass_gate(self) -> None:
        """Finish the first group and let its gate pass."""
        self.finish()
        self.run()
        self.judge()
        self.approve()

    def meet(self) -> None:
        self.call(
            services.decide_criterion, criterion=self.criterion, state="met", evidence_id=self.evidence(exit_code=0).id
        )

    def now(self, row: Any) -> Any:
        """Return a row as it is in the database."""
        with self.world.as_("system"):
            return type(row)._base_manager.get(pk=row.pk)


WITH_PRINCIPAL: set[Any] = {
    services.decide_criterion,
    services.judge_check,
    services.record_check_run,
    services.waive_check,
    services.waive_gate,
    services.submit_review,
    services.judge_phase,
    services.accept_decision,
    services.resolve_escalation,
    reject_evidence,
}


TRANSITION: dict[str, Any] = {"verdict": "approved", "transition_document": "What the next phase needs to know."}


def refused(
    delivery: Delivery, code: str, service: Any, who: str = "reviewer", missing: list[str] | None = None, **values: Any
) -> None:
    """Call a service that must refuse, with this code and, where they are given, these words on what is missing."""
    with pytest.raises((Conflict, Forbidden, Invalid)) as refusal:
        delivery.call(service, who, **values)
    assert refusal.value.code == code, refusal.value.detail
    assert missing in (None, refusal.value.extra.get("missing"))


def complete_phase(delivery: Delivery) -> Phase:
    phase: Phase = delivery.call(services.complete_phase, phase=delivery.phase)
    return phase


def task_in(world: World, group: TaskGroup, **values: Any) -> Task:
    """Create a task of a group."""
    return make_task(world, group=group, **values)


def finish(world: World, task: Task, resolution: str = "completed") -> None:
    with acting(world, "engineer"):
        close_task(task=task, resolution=resolution, reason="done")


def evidence_of(world: World, who: User | None = None, **data: Any) -> Evidence:
    with acting(world, "engineer"):
        return submit_evidence(
            about=About(project_id=world.project.id),
            source_type="test_result",
            title="a run",
            content="as it was printed",
            data=data,
            author_id=(who or world.engineer).id,
        )


def make_delivery(world: World, *, started: bool = True) -> Delivery:
    with acting(world, "engineer"):
        plan = services.create_plan(project=world.project, name="Preserve the infrastructure")
        phase = services.create_phase(plan=plan, name="Foundation")
        first = services.create_group(phase=phase, name="Backend")
        second = services.create_group(phase=phase, name="Frontend")
        services.add_group_dependency(group=second, depends_on=first, reason="the pages call it")
        gate = services.create_gate(phase=phase, kind="review", name="Review 1", after_group=first)
        run_check = services.add_check(gate=gate, text="Tests pass", kind="command", command="pytest -q")
        manual_check = services.add_check(gate=gate, text="Reads well")
        criterion = services.add_criterion(phase=phase, text="It starts.")
        if started:
            phase = services.start_phase(phase=phase)
    tasks = [task_in(world, first, title="1.1"), task_in(world, first, title="1.2")]
    return Delivery(world, plan, phase, first, second, gate, run_check, manual_check, criterion, tasks)
