"""Any order of changes to a few tasks, their dependencies and runs leaves rows and log as the rules say."""

from collections import Counter
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from audit.models import Event
from common.errors import DomainError
from tasks.models import ENDED, Assignment, Execution, Task, TaskDependency
from tasks.services import (
    add_dependency,
    cancel_execution,
    claim_tasks,
    close_task,
    complete_execution,
    delete_task,
    fail_execution,
    heartbeat,
    reap_expired_leases,
    release_execution,
    remove_dependency,
    reopen_task,
    request_approval,
    restore_task,
    take_lease,
)
from tasks.services.attempts import FROM
from tasks.services.graph import needs
from tasks.services.waiting import holds_of
from tests.sizes import run_machine, short_and_long
from tests.work import lease, make_task
from tests.world import World

STEPS, TASKS = 40, 4
PAST = "2026-01-01T00:00:00Z"

WAYS = {
    "open": {"in_progress", "blocked", "closed"},
    "in_progress": {"open", "in_review", "blocked", "closed", "in_progress"},
    "blocked": {"open", "closed"},
    "closed": {"open"},
}
OF_A_TASK = {"claimed", "released", "blocked", "reopened", "submitted", "closed", "cancelled", "handed_to_backup"}
OF_AN_ENDED_RUN = {"success": "succeeded", "failure": "failed", "timeout": "timed_out"}
DEEDS = (
    *("add_edge", "add_edge", "remove_edge", "close", "close_otherwise", "reopen", "reopen", "delete", "restore"),
    *("claim", "claim", "claim", "claim", "beat", "complete", "complete", "fail", "fail", "release", "park"),
    *("cancel_run", "take", "lapse", "reap", "time_passes"),
)


class GraphMachine(RuleBasedStateMachine):
    """A few tasks and one agent. Deeds are tried, allowed or not; what holds afterwards is read from the rows."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.tasks = [make_task(self.world, max_attempts=2) for _ in range(TASKS)]
        with self.world.as_("engineer"):
            Assignment.objects.create(
                project=self.world.project, task=self.tasks[0], user=self.world.reviewer, role="backup"
            )
        self.states: dict[UUID, tuple[str, int]] = {task.id: ("open", 0) for task in self.tasks}
        self.runs: dict[UUID, str] = {}
        self.moves: Counter[UUID] = Counter()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    @initialize(random=st.randoms(use_true_random=True))
    def begin(self, random: Random) -> None:
        self.random = random

    @rule()
    def somebody_acts(self) -> None:
        who, service, values = getattr(self, self.random.choice(DEEDS))(self.random.choice(self.tasks))
        with self.world.as_(who):
            try:
                with transaction.atomic():
                    service(**values)
            except DomainError:
                pass

    # --- deeds: who calls which service with what -------------------------------------------------------------------

    def add_edge(self, task: Task) -> Any:
        values = {"task": task, "depends_on": self.random.choice(self.tasks)}
        return "engineer", add_dependency, values

    def remove_edge(self, task: Task) -> Any:
        with self.world.as_("system"):
            edge = TaskDependency.objects.filter(task=task).first()
        return ("engineer", remove_dependency, {"dependency": edge}) if edge else self.reap(task)

    def close(self, task: Task) -> Any:
        return "engineer", close_task, {"task": task, "resolution": "completed", "reason": "r"}

    def close_otherwise(self, task: Task) -> Any:
        return "engineer", close_task, {"task": task, "resolution": "cancelled", "reason": "r"}

    def reopen(self, task: Task) -> Any:
        return "engineer", reopen_task, {"task": task, "reason": "r"}

    def delete(self, task: Task) -> Any:
        return "engineer", delete_task, {"task": task, "reason": "r"}

    def restore(self, task: Task) -> Any:
        return "engineer", restore_task, {"task": task, "reason": "r"}

    def claim(self, _: Task) -> Any:
        return "agent", claim_tasks, {"principal": self.world.agent_principal, "agent": self.world.agent}

    def of_run(self, task: Task, who: str, service: Any, **values: Any) -> Any:
        with self.world.as_("system"):
            run = Execution.objects.filter(task_id=task.id).order_by("-attempt").first()
        if run is None:
            return self.reap(task)
        target = {"claim": lease(self.world, run)} if who == "agent" else {"execution": run}
        return who, service, target | values

    def beat(self, task: Task) -> Any:
        return self.of_run(task, "agent", heartbeat, progress=self.random.randint(0, 100))

    def complete(self, task: Task) -> Any:
        return self.of_run(task, "agent", complete_execution, result={}, summary="")

    def fail(self, task: Task) -> Any:
        return self.of_run(task, "agent", fail_execution, error="e", retryable=self.random.random() < 0.7)

    def release(self, task: Task) -> Any:
        return self.of_run(task, "agent", release_execution)

    def park(self, task: Task) -> Any:
        return self.of_run(task, "agent", request_approval, kind="question", question="?", action={})

    def cancel_run(self, task: Task) -> Any:
        return self.of_run(task, "engineer", cancel_execution, reason="r")

    def take(self, task: Task) -> Any:
        return self.of_run(task, "engineer", take_lease, reason="r")

    def lapse(self, task: Task) -> Any:
        def run_out() -> None:
            running = Execution.objects.filter(task_id=task.id, status="running")
            if running.update(lease_expires_at=PAST):
                Task.all_objects.filter(id=task.id, claimable_from__isnull=False).update(claimable_from=PAST)

        return "system", run_out, {}

    def time_passes(self, _: Task) -> Any:
        waiting = Task.all_objects.filter(status="open", claimable_from__isnull=False)
        return "system", lambda: waiting.update(claimable_from=PAST), {}

    def reap(self, _: Task) -> Any:
        return "system", reap_expired_leases, {}

    # --- what must hold after each step -----------------------------------------------------------------------------

    @invariant()
    def the_rules_hold(self) -> None:
        with self.world.as_("system"):
            tasks = {task.id: task for task in Task.all_objects.filter(id__in=self.states)}
            runs = list(Execution.objects.filter(task_id__in=tasks))
            for task in tasks.values():
                self.waits_for_what_is_unmet(task)
                self.moved_along_a_way(task)
            for run in runs:
                self.ran_along_a_way(run)
            self.nothing_waiting_can_be_claimed()
            self.the_log_tells_each_move(runs)

    def waits_for_what_is_unmet(self, task: Task) -> None:
        unmet = TaskDependency.objects.unmet().filter(task=task)
        assert task.waiting_on == unmet.count() == len(holds_of([task.id])[task.id])
        done = {"status": "closed", "resolution": "completed"}
        assert not unmet.filter(**{f"depends_on__{name}": value for name, value in done.items()}).exists()
        if task.status == "open":
            assert (task.claimable_from is None) is (task.waiting_on > 0)
        for edge in TaskDependency.objects.filter(task=task, kind="blocks"):
            assert not needs(edge.depends_on_id, task.id), "a cycle"

    def moved_along_a_way(self, task: Task) -> None:
        before, now = self.states[task.id], (task.status, task.attempt)
        if now != before:
            assert now[0] in WAYS[before[0]], (before, now)
            self.moves[task.id] += 1
            self.states[task.id] = now

    def ran_along_a_way(self, run: Execution) -> None:
        before = self.runs.get(run.id, run.status)
        assert before == run.status or before in FROM[run.status], (before, run.status)
        assert (run.status in ENDED) is (run.ended_at is not None)
        self.runs[run.id] = run.status

    def nothing_waiting_can_be_claimed(self) -> None:
        for task in Task.objects.claimable_by(self.world.agent_principal, []):
            assert not TaskDependency.objects.unmet().filter(task=task).exists()

    def the_log_tells_each_move(self, runs: list[Execution]) -> None:
        told: dict[UUID, Counter[str]] = {task_id: Counter() for task_id in self.states}
        for task_id, name in Event.objects.filter(task_id__in=told).values_list("task_id", "event_type"):
            if task_id:
                told[task_id][name] += 1
        for task_id, events in told.items():
            assert sum(events[f"task.{name}"] for name in OF_A_TASK) == self.moves[task_id], events
            own = [run for run in runs if run.task_id == task_id]
            assert events["task.claimed"] == len(own)
            for status, name in OF_AN_ENDED_RUN.items():
                assert events[f"execution.{name}"] == sum(run.status == status for run in own), events


@pytest.mark.parametrize("examples", short_and_long(2, 12))
def test_no_order_of_changes_breaks_the_graph_of_work(world: World, examples: int) -> None:
    GraphMachine.world = world
    run_machine(GraphMachine, examples=examples, steps=STEPS)
