"""The rules of delivery, continued: what the order of work holds back, escalation, what is recorded and computed."""

from decimal import Decimal
from typing import Any

import pytest

from projects import services
from projects.models import Escalation, TaskGroupDependency
from projects.queries import actual_values, next_actions, order_of, progress_of
from projects.services import PatternInput
from tasks.models import ApprovalRequest, Execution, Task
from tasks.services import claim_tasks
from tests.delivery import TRANSITION, Delivery, complete_phase, make_delivery, refused, task_in
from tests.work import answer, claim_one, events_of, started
from tests.world import World


@pytest.fixture
def delivery(world: World) -> Delivery:
    return make_delivery(world)


# --- 4: what the order holds back -------------------------------------------------------------------------------------


def holds_of(world: World, task: Task) -> tuple[int, bool]:
    with world.as_("system"):
        found = Task.objects.get(id=task.id)
        return found.waiting_on, found.claimable_from is not None


def test_the_tasks_behind_a_gate_can_be_claimed_when_it_is_passed(world: World, delivery: Delivery) -> None:
    behind = task_in(world, delivery.second, title="2.1")
    assert holds_of(world, delivery.tasks[0]) == (0, True)
    assert holds_of(world, behind) == (1, False)
    delivery.finish()
    assert holds_of(world, behind) == (1, False)
    delivery.run()
    delivery.judge()
    delivery.approve()
    assert holds_of(world, behind) == (0, True)
    assert claim_one(world).task == behind


def test_a_waived_gate_holds_nothing_back_and_one_that_is_not_required_neither(
    world: World, delivery: Delivery
) -> None:
    behind = task_in(world, delivery.second, title="2.1")
    delivery.call(services.update_gate, gate=delivery.gate, required=False)
    assert holds_of(world, behind) == (1, False)  # the group before is not done, and has no required gate now
    delivery.finish()
    assert holds_of(world, behind) == (0, True)
    delivery.call(services.update_gate, gate=delivery.gate, required=True)
    assert holds_of(world, behind) == (1, False)
    delivery.call(services.waive_gate, gate=delivery.gate, reason="The trial ends today")
    assert holds_of(world, behind) == (0, True)


def test_the_tasks_of_a_phase_are_given_out_while_it_runs(world: World) -> None:
    delivery = make_delivery(world, started=False)
    [task, _] = delivery.tasks
    assert holds_of(world, task) == (1, False)
    delivery.call(services.start_phase, phase=delivery.phase)
    assert holds_of(world, task) == (0, True)
    delivery.call(services.block_phase, phase=delivery.phase, reason="Docker is not running")
    assert holds_of(world, task) == (1, False)
    delivery.call(services.resume_phase, phase=delivery.phase)
    assert holds_of(world, task) == (0, True)


def test_a_dependency_that_is_taken_away_lets_the_next_group_begin(world: World, delivery: Delivery) -> None:
    behind = task_in(world, delivery.second, title="2.1")
    with world.as_("engineer"):
        dependency = TaskGroupDependency.objects.select_related("group").get()
    delivery.call(services.remove_group_dependency, dependency=dependency, reason="they agree on the contract")
    assert holds_of(world, behind) == (0, True)


def test_a_later_phase_waits_for_the_gates_of_the_one_before(world: World, delivery: Delivery) -> None:
    later = delivery.call(services.create_phase, plan=delivery.plan, name="Later", depends_on=delivery.phase)
    group = delivery.call(services.create_group, phase=later, name="Third")
    task = task_in(world, group, title="3.1")
    assert holds_of(world, task) == (2, False)  # its phase is pending, and the gate before it is shut


def test_an_archived_project_stands_down(world: World) -> None:
    _, claim = started(world)
    delivery = make_delivery(world)
    project = delivery.call(services.archive_project, project=world.project, reason="done with")
    assert (project.status, bool(project.archived_at)) == ("archived", True)
    with world.as_("system"):
        assert Execution.objects.get(id=claim.execution_id).directive == "stop"
    with world.as_("agent"):
        assert not claim_tasks(principal=world.agent_principal, agent=world.agent)
    refused(delivery, "project_not_active", services.block_phase, phase=delivery.phase, reason="late")


# --- 6: escalation ----------------------------------------------------------------------------------------------------


def steps(delivery: Delivery) -> list[str]:
    with delivery.world.as_("system"):
        return list(Escalation.objects.order_by("id").values_list("step", flat=True))


def test_a_failing_check_climbs_the_rule_of_its_area_until_a_person_decides(world: World, delivery: Delivery) -> None:
    delivery.call(
        services.add_escalation_rule,
        project=world.project,
        area="backend",
        trigger="A check fails.",
        backup_agent_id=world.agent.id,
        escalate_to_user=world.engineer,
    )
    delivery.finish()
    for expected in (1, 2, 3, 4, 4):
        delivery.run(2)
        assert len(steps(delivery)) == expected
    assert steps(delivery) == ["retry", "backup", "escalate_to", "hitl"]
    with world.as_("system"):
        approval = ApprovalRequest.objects.get()
    assert (approval.kind, approval.gate_id, approval.status) == ("escalation", delivery.gate.id, "pending")
    answer(world, approval, comment="Go on without it")
    with world.as_("system"):
        resolved = Escalation.objects.get(step="hitl")
    assert (resolved.resolution, resolved.resolved_by_id) == ("Approved: Go on without it", world.reviewer.id)
    delivery.run(0)
    with world.as_("system"):
        assert not Escalation.objects.filter(resolved_at=None).exists()
    delivery.judge()
    delivery.approve()


def test_without_a_rule_nothing_is_escalated(delivery: Delivery) -> None:
    delivery.finish()
    delivery.run(1)
    assert steps(delivery) == []


def test_an_escalation_is_resolved_once(world: World, delivery: Delivery) -> None:
    delivery.call(services.add_escalation_rule, project=world.project, area="Tests", trigger="They fail.")
    raised = delivery.call(
        services.raise_escalation,
        project=world.project,
        area="tests",
        subject_type="task",
        subject_id=delivery.tasks[0].id,
        reason="three attempts",
    )
    delivery.call(services.resolve_escalation, escalation=raised, resolution="Mended by hand")
    refused(delivery, "already_resolved", services.resolve_escalation, escalation=raised, resolution="again")


# --- 7: everything is recorded, and computed --------------------------------------------------------------------------


def test_the_whole_way_is_in_the_log(world: World, delivery: Delivery) -> None:
    before = len(events_of(world))
    delivery.finish()
    delivery.run()
    delivery.judge()
    delivery.approve()
    found = [kind for kind in events_of(world)[before:] if kind.startswith(("gate", "review"))]
    assert found == ["gate.opened", "gate_check.judged", "gate_check.judged", "review.submitted", "gate.passed"]


def test_progress_is_counted_and_reaches_100_only_at_the_end(world: World, delivery: Delivery) -> None:
    def percentage() -> int:
        with world.as_("system"):
            phase = delivery.now(delivery.phase)
            return progress_of([phase])[phase.id].percentage

    assert percentage() == 0
    delivery.finish(delivery.tasks[0])
    assert percentage() == 25
    delivery.finish(delivery.tasks[1])
    delivery.run()
    delivery.judge()
    delivery.approve()
    delivery.meet()
    assert percentage() == 99
    with world.as_("system"):
        assert next_actions(delivery.phase, progress_of([delivery.phase])[delivery.phase.id]) == [
            "Ask for the final review"
        ]
    delivery.call(services.judge_phase, phase=delivery.phase, **TRANSITION)
    complete_phase(delivery)
    assert percentage() == 100


def test_order_comes_from_dependencies_and_not_from_labels(delivery: Delivery) -> None:
    first_in_the_calendar = delivery.call(
        services.create_group, phase=delivery.phase, name="Observability", label="Day 1", sequence=0
    )
    delivery.call(services.add_group_dependency, group=first_in_the_calendar, depends_on=delivery.second)
    with delivery.world.as_("system"):
        order = order_of([delivery.phase.id])
    assert [order[group.id] for group in (delivery.first, delivery.second, first_in_the_calendar)] == [1, 2, 3]
    refused(
        delivery,
        "cycle",
        services.add_group_dependency,
        group=delivery.first,
        depends_on=first_in_the_calendar,
    )


def test_metrics_are_derived_and_kept_at_the_end(world: World, delivery: Delivery) -> None:
    cycles = delivery.call(
        services.add_metric,
        phase=delivery.phase,
        name="Revisions",
        kind="review_cycles",
        operator="between",
        target=Decimal(0),
        target_max=Decimal(1),
    )
    patterns = delivery.call(
        services.add_metric, phase=delivery.phase, name="Patterns", kind="patterns_preserved", target=Decimal(100)
    )
    delivery.finish()
    ask: dict[str, Any] = {"gate": delivery.gate, "verdict": "changes_requested", "comments": "again"}
    seen = [PatternInput("Tracing", False), PatternInput("Row security", True)]
    delivery.call(services.submit_review, **ask, patterns=seen)
    with world.as_("system"):
        assert actual_values([cycles, patterns]) == {cycles.id: Decimal(1), patterns.id: Decimal(50)}
    delivery.call(services.open_gate, gate=delivery.gate)
    delivery.run()
    delivery.judge()
    delivery.approve()
    delivery.meet()
    delivery.call(services.judge_phase, phase=delivery.phase, **TRANSITION)
    complete_phase(delivery)
    assert delivery.now(cycles).measured == Decimal(1)


def test_decisions_are_numbered_and_superseded(world: World, delivery: Delivery) -> None:
    one, two = (
        delivery.call(
            services.propose_decision, project=world.project, title=title, decision="Yes.", phase=delivery.phase
        )
        for title in ("One", "Two")
    )
    assert (one.number, two.number, one.plan_id) == (1, 2, delivery.plan.id)
    refused(delivery, "not_accepted", services.accept_decision, decision=two, supersedes=one)
    delivery.call(services.accept_decision, decision=one)
    delivery.call(services.accept_decision, decision=two, supersedes=one)
    replaced = delivery.now(one)
    assert (replaced.status, replaced.superseded_by_id) == ("superseded", two.id)
