"""The rules of delivery (requirements §9.2), one after the other, each asked to be broken."""

from decimal import Decimal
from typing import Any

import pytest

from common.errors import Conflict, Forbidden, Invalid
from projects import services
from projects.models import Escalation, Gate, PatternCheck, Phase, PhaseApproval, Plan, Review, TaskGroupDependency
from projects.queries import actual_values, next_actions, order_of, progress_of
from projects.services import PatternInput
from tasks.models import ApprovalRequest, Assignment, Execution, Task
from tasks.services import ContractNotMet, claim_tasks
from tests.delivery import Delivery, make_delivery, task_in
from tests.work import PYTEST, answer, claim_one, complete, events_of, hand_in, lease, started
from tests.world import World

TRANSITION: dict[str, Any] = {"verdict": "approved", "transition_document": "What the next phase needs to know."}


@pytest.fixture
def delivery(world: World) -> Delivery:
    return make_delivery(world)


def refused(delivery: Delivery, code: str, service: Any, who: str = "reviewer", **values: Any) -> None:
    with pytest.raises((Conflict, Forbidden, Invalid)) as refusal:
        delivery.call(service, who, **values)
    assert refusal.value.code == code, refusal.value.detail


def complete_phase(delivery: Delivery) -> Phase:
    phase: Phase = delivery.call(services.complete_phase, phase=delivery.phase)
    return phase


# --- 1: nothing is completed while something is missing ---------------------------------------------------------------


def test_a_phase_is_completed_when_nothing_is_missing_and_its_plan_with_the_last(delivery: Delivery) -> None:
    refused(delivery, "phase_incomplete", services.complete_phase, phase=delivery.phase)
    delivery.pass_gate()
    refused(delivery, "phase_incomplete", services.judge_phase, phase=delivery.phase, **TRANSITION)
    delivery.meet()
    refused(delivery, "phase_incomplete", services.complete_phase, phase=delivery.phase)
    approval: PhaseApproval = delivery.call(services.judge_phase, phase=delivery.phase, **TRANSITION)
    assert approval.criteria["1"]["state"] == "met"
    late = task_in(delivery.world, delivery.second, title="late")
    refused(delivery, "work_left", services.complete_phase, phase=delivery.phase)
    delivery.finish(late)
    phase = complete_phase(delivery)
    assert (phase.status, bool(phase.completed_at)) == ("completed", True)
    plan: Plan = delivery.now(delivery.plan)
    assert (plan.status, bool(plan.started_at), bool(plan.completed_at)) == ("completed", True, True)
    refused(delivery, "plan_closed", services.complete_phase, phase=delivery.phase)


def test_what_is_missing_is_said_in_words(delivery: Delivery) -> None:
    with pytest.raises(Conflict) as refusal:
        complete_phase(delivery)
    assert refusal.value.extra["missing"] == [
        "Criterion 1 is pending: It starts.",
        "Gate Review 1 is pending",
        "The final review has not approved it",
    ]


def test_a_criterion_is_met_by_evidence_and_waived_with_a_reason_by_a_manager(delivery: Delivery) -> None:
    decide: dict[str, Any] = {"service": services.decide_criterion, "criterion": delivery.criterion}
    refused(delivery, "invalid", **decide, state="met")
    refused(delivery, "invalid", **decide, state="met", evidence_id=delivery.gate.id)
    refused(delivery, "invalid", **decide, state="waived", reason=" ")
    refused(delivery, "forbidden", **decide, who="viewer", state="waived", reason="late")
    waived = delivery.call(**decide, state="waived", reason="Nobody uses it.")
    assert (waived.state, waived.waived_reason) == ("waived", "Nobody uses it.")
    assert waived.decided_by_id == delivery.world.reviewer.id


def test_a_phase_starts_after_the_one_before(delivery: Delivery) -> None:
    following = delivery.call(services.create_phase, plan=delivery.plan, name="Next", depends_on=delivery.phase)
    refused(delivery, "phase_before", services.start_phase, phase=following)
    refused(delivery, "cycle", services.update_phase, phase=delivery.phase, depends_on=following)


def test_a_blocked_phase_goes_on_only_when_it_is_let(delivery: Delivery) -> None:
    refused(delivery, "invalid", services.block_phase, phase=delivery.phase, reason="")
    delivery.call(services.block_phase, phase=delivery.phase, reason="Docker is not running")
    refused(delivery, "phase_not_running", services.complete_phase, phase=delivery.phase)
    assert delivery.call(services.resume_phase, phase=delivery.phase).status == "in_progress"
    refused(delivery, "phase_not_blocked", services.resume_phase, phase=delivery.phase)


def test_what_a_plan_gives_up_is_over(delivery: Delivery) -> None:
    delivery.call(services.cancel_plan, plan=delivery.plan, reason="no budget")
    assert delivery.now(delivery.phase).status == "cancelled"
    refused(delivery, "plan_closed", services.start_phase, phase=delivery.phase)


# --- 2: gates ---------------------------------------------------------------------------------------------------------


def test_a_gate_opens_by_itself_with_the_last_task_and_not_before(delivery: Delivery) -> None:
    refused(delivery, "work_left", services.open_gate, gate=delivery.gate)
    delivery.finish(delivery.tasks[0])
    assert delivery.now(delivery.gate).status == "pending"
    delivery.finish(delivery.tasks[1])
    assert delivery.now(delivery.gate).status == "open"


def test_work_that_failed_keeps_a_gate_shut_and_work_given_up_does_not(world: World, delivery: Delivery) -> None:
    delivery.finish(delivery.tasks[0])
    with world.as_("engineer"):
        Task.objects.filter(id=delivery.tasks[1].id).update(
            status="closed", resolution="failed", closed_at="2026-01-01T00:00:00Z", claimable_from=None
        )
    refused(delivery, "work_left", services.open_gate, gate=delivery.gate)
    with world.as_("engineer"):
        Task.objects.filter(id=delivery.tasks[1].id).update(resolution="wont_fix")
    assert delivery.call(services.open_gate, gate=delivery.gate).status == "open"


def test_a_gate_passes_when_every_check_passed(delivery: Delivery) -> None:
    refused(delivery, "gate_not_open", services.submit_review, gate=delivery.gate, verdict="approved")
    delivery.finish()
    refused(delivery, "checks_not_passed", services.submit_review, gate=delivery.gate, verdict="approved")
    delivery.run()
    delivery.judge("skipped", reason="no time")
    refused(delivery, "checks_not_passed", services.submit_review, gate=delivery.gate, verdict="approved")
    delivery.judge()
    delivery.approve()
    gate: Gate = delivery.now(delivery.gate)
    assert (gate.status, bool(gate.decided_at)) == ("passed", True)
    refused(delivery, "gate_decided", services.waive_gate, gate=delivery.gate, reason="late")


def test_a_failed_check_fails_the_gate_until_it_is_mended_or_waived(delivery: Delivery) -> None:
    delivery.finish()
    delivery.judge()
    delivery.run(1)
    assert delivery.now(delivery.gate).status == "failed"
    refused(delivery, "gate_not_open", services.submit_review, gate=delivery.gate, verdict="approved")
    refused(delivery, "forbidden", services.waive_check, "viewer", check=delivery.run_check, reason="known")
    refused(delivery, "invalid", services.waive_check, check=delivery.run_check, reason=" ")
    delivery.call(services.waive_check, check=delivery.run_check, reason="A known fault of the runner")
    assert delivery.now(delivery.run_check).state == "fail"
    delivery.approve()
    assert delivery.now(delivery.gate).status == "passed"


def test_a_run_says_what_its_evidence_says(delivery: Delivery) -> None:
    delivery.finish()
    other = delivery.evidence(exit_code=1)
    claim: dict[str, Any] = {"check": delivery.run_check, "exit_code": 0, "output": "", "evidence_id": other.id}
    refused(delivery, "invalid", services.record_check_run, **claim)
    refused(delivery, "not_manual", services.judge_check, check=delivery.run_check, state="pass")
    run: dict[str, Any] = {"check": delivery.manual_check, "exit_code": 0, "output": "", "evidence_id": other.id}
    refused(delivery, "manual_check", services.record_check_run, **run)


def test_a_gate_is_waived_by_managers_with_a_reason(delivery: Delivery) -> None:
    refused(delivery, "forbidden", services.waive_gate, "viewer", gate=delivery.gate, reason="late")
    refused(delivery, "invalid", services.waive_gate, gate=delivery.gate, reason=" ")
    gate: Gate = delivery.call(services.waive_gate, "admin", gate=delivery.gate, reason="The trial ends today")
    assert (gate.status, gate.waived_reason) == ("waived", "The trial ends today")
    assert gate.waived_by_id == delivery.world.admin.id


def test_nobody_judges_their_own_work(world: World, delivery: Delivery) -> None:
    delivery.finish()
    with world.as_("engineer"):
        Task.all_objects.filter(id=delivery.tasks[0].id).update(assigned_user=world.reviewer)
    refused(delivery, "own_work", services.submit_review, gate=delivery.gate, verdict="approved")
    refused(delivery, "own_work", services.judge_check, check=delivery.manual_check, state="pass")
    refused(delivery, "own_work", services.judge_phase, phase=delivery.phase, **TRANSITION)
    refused(delivery, "own_work", services.update_gate, gate=delivery.gate, owner_user=world.reviewer)
    delivery.run()
    delivery.call(services.judge_check, "admin", check=delivery.manual_check, state="pass")
    delivery.approve(who="admin")


def test_nobody_judges_the_work_of_their_agent(world: World, delivery: Delivery) -> None:
    with world.as_("engineer"):
        Assignment.objects.create(
            project=world.project, group=delivery.first, agent=world.agent, role="primary", rationale="knows it"
        )
    delivery.finish()
    refused(delivery, "own_work", services.submit_review, "engineer", gate=delivery.gate, verdict="approved")
    refused(delivery, "own_work", services.update_gate, gate=delivery.gate, owner_agent_id=world.agent.id)
    with world.as_("agent"), pytest.raises(Forbidden):
        services.submit_review(gate=delivery.gate, principal=world.agent_principal, verdict="approved")


def test_an_owner_who_took_the_work_over_lets_nothing_pass(world: World, delivery: Delivery) -> None:
    delivery.call(services.update_gate, gate=delivery.gate, owner_user=world.engineer)
    delivery.finish()
    delivery.run()
    delivery.judge()
    with world.as_("engineer"):
        Task.all_objects.filter(id=delivery.tasks[0].id).update(assigned_user=world.engineer)
    refused(delivery, "own_work", services.submit_review, gate=delivery.gate, verdict="approved")


def test_the_final_gate_opens_after_the_others(delivery: Delivery) -> None:
    final = delivery.call(services.create_gate, phase=delivery.phase, kind="final", name="Final review")
    delivery.finish()
    refused(delivery, "gates_before", services.open_gate, gate=final)
    delivery.run()
    delivery.judge()
    delivery.approve()
    assert delivery.now(final).status == "open"


# --- 3: changes requested ---------------------------------------------------------------------------------------------


def test_changes_reopen_the_named_tasks_and_count_a_revision(world: World, delivery: Delivery) -> None:
    delivery.finish()
    delivery.run()
    ask: dict[str, Any] = {"gate": delivery.gate, "verdict": "changes_requested"}
    refused(delivery, "invalid", services.submit_review, **ask)
    sent_back = [delivery.tasks[0].id]
    review: Review = delivery.call(
        services.submit_review, **ask, comments="Keep the middleware", reopen_task_ids=sent_back
    )
    gate: Gate = delivery.now(delivery.gate)
    task: Task = delivery.now(delivery.tasks[0])
    assert (review.cycle, gate.status, gate.cycle) == (0, "changes_requested", 1)
    assert (task.status, task.resolution, task.closed_at) == ("open", None, None)
    assert delivery.now(delivery.tasks[1]).status == "closed"
    delivery.finish(delivery.tasks[0])
    assert delivery.now(delivery.gate).status == "open"
    assert delivery.now(delivery.run_check).state == "pending"
    delivery.run()
    delivery.judge()
    delivery.approve()


def test_a_result_that_was_sent_back_stands_no_longer_and_is_kept(world: World) -> None:
    task, claim = started(world)
    complete(world, claim)
    delivery = make_delivery(world)
    with world.as_("engineer"):
        Task.objects.filter(id=task.id).update(group=delivery.first, phase=delivery.phase, plan=delivery.plan)
    delivery.finish()
    delivery.call(
        services.submit_review,
        gate=delivery.gate,
        verdict="changes_requested",
        comments="again",
        reopen_task_ids=[task.id],
    )
    with world.as_("engineer"):
        assert Execution.objects.get(id=claim.execution_id).set_aside_at
        assert not Execution.objects.accepted().exists()
    complete(world, lease(world, claim_one(world).execution))
    assert delivery.now(task).status == "closed"
    assert delivery.now(delivery.gate).status == "open"


def test_evidence_of_a_result_that_was_sent_back_proves_nothing_new(world: World) -> None:
    task, claim = started(world, PYTEST)
    hand_in(world, claim)
    complete(world, claim)
    delivery = make_delivery(world)
    with world.as_("engineer"):
        Task.objects.filter(id=task.id).update(group=delivery.first, phase=delivery.phase, plan=delivery.plan)
    delivery.finish()
    again: dict[str, Any] = {"verdict": "changes_requested", "comments": "again", "reopen_task_ids": [task.id]}
    delivery.call(services.submit_review, gate=delivery.gate, **again)
    second = lease(world, claim_one(world).execution)
    with pytest.raises(ContractNotMet):
        complete(world, second)
    hand_in(world, second)
    complete(world, second)
    assert delivery.now(task).status == "closed"


def test_a_review_reopens_only_what_is_behind_its_gate(world: World, delivery: Delivery) -> None:
    delivery.finish()
    elsewhere = task_in(world, delivery.second, title="elsewhere")
    values: dict[str, Any] = {"gate": delivery.gate, "verdict": "changes_requested", "comments": "again"}
    refused(delivery, "invalid", services.submit_review, **values, reopen_task_ids=[elsewhere.id])
    assert delivery.now(delivery.gate).status == "open"


def test_patterns_are_part_of_a_review(delivery: Delivery) -> None:
    delivery.finish()
    lost = [PatternInput("Row security", True), PatternInput("Tracing", False, "no span")]
    approve: dict[str, Any] = {"gate": delivery.gate, "verdict": "approved", "patterns": lost}
    refused(delivery, "invalid", services.submit_review, **approve)
    delivery.call(
        services.submit_review,
        gate=delivery.gate,
        verdict="changes_requested",
        comments="Tracing is lost",
        patterns=lost,
    )
    with delivery.world.as_("system"):
        assert list(PatternCheck.objects.values_list("name", "preserved")) == [
            ("Row security", True),
            ("Tracing", False),
        ]


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
