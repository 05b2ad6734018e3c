"""The rules of delivery (requirements §9.2), each asked to be broken: phases, gates, changes. The others follow in
`test_rules_order.py`.
"""

from typing import Any

import pytest

from common.errors import Conflict, Forbidden
from evidence.models import Evidence
from evidence.services import About, reject_evidence, submit_evidence
from projects import services
from projects.models import Gate, PatternCheck, PhaseApproval, Plan, Review
from projects.services import PatternInput
from tasks.models import Assignment, Execution, Task
from tasks.services import ContractNotMet
from tests.delivery import TRANSITION, Delivery, complete_phase, evidence_of, make_delivery, refused, task_in
from tests.work import PYTEST, acting, claim_one, complete, hand_in, lease, started
from tests.world import World


@pytest.fixture
def delivery(world: World) -> Delivery:
    return make_delivery(world)


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


def test_a_final_review_is_of_the_criteria_as_they_are_and_the_newest_counts(delivery: Delivery) -> None:
    judge: dict[str, Any] = {"service": services.judge_phase, "phase": delivery.phase}
    delivery.pass_gate()
    delivery.meet()
    delivery.call(**judge, **TRANSITION)
    refused(delivery, "phase_approved", **judge, **TRANSITION)
    delivery.meet()  # by other evidence than the review saw
    missing = ["The criteria have changed since the final review"]
    refused(delivery, "phase_incomplete", services.complete_phase, phase=delivery.phase, missing=missing)
    delivery.call(**judge, **TRANSITION)
    delivery.call(**judge, verdict="changes_requested")
    missing = ["The final review has not approved it"]
    refused(delivery, "phase_incomplete", services.complete_phase, phase=delivery.phase, missing=missing)
    delivery.call(**judge, **TRANSITION)
    assert complete_phase(delivery).status == "completed"


def test_a_criterion_stands_as_long_as_its_evidence(world: World, delivery: Delivery) -> None:
    delivery.pass_gate()
    delivery.meet()
    delivery.call(services.judge_phase, phase=delivery.phase, **TRANSITION)
    with world.as_("reviewer"):
        cited = Evidence.objects.get(id=delivery.now(delivery.criterion).evidence_id)
        reject_evidence(evidence=cited, principal=world.reviewer.principal(), note="It is of another run.")
    missing = ["The evidence of criterion 1 does not count any more: It starts."]
    refused(delivery, "phase_incomplete", services.complete_phase, phase=delivery.phase, missing=missing)


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
    refused(delivery, "plan_closed", services.waive_gate, gate=delivery.gate, reason="late")


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


def test_who_did_the_work_does_not_vouch_for_its_checks(world: World, delivery: Delivery) -> None:
    delivery.finish()
    with world.as_("engineer"):
        Task.all_objects.filter(id=delivery.tasks[0].id).update(assigned_user=world.engineer)
    own, anothers = (evidence_of(world, who, exit_code=0) for who in (world.engineer, world.admin))
    run: dict[str, Any] = {"check": delivery.run_check, "exit_code": 0, "output": ""}
    refused(delivery, "own_work", services.record_check_run, **run, evidence_id=own.id)
    with acting(world, "engineer"):
        seen = submit_evidence(
            about=About(project_id=world.project.id),
            source_type="test_result",
            title="a run",
            content="as it was printed",
            data={"exit_code": 0},
            agent_id=world.agent.id,
        )
    assert seen.grade == "runner_reported"
    for piece in (anothers, seen):
        assert delivery.call(services.record_check_run, **run, evidence_id=piece.id).state == "pass"


def test_an_agent_judges_a_phase_as_the_owner_of_its_final_gate_only(world: World, delivery: Delivery) -> None:
    judge: dict[str, Any] = {"phase": delivery.phase, "principal": world.agent_principal}
    with world.as_("agent"), pytest.raises(Forbidden) as refusal:
        services.judge_phase(**judge, verdict="changes_requested")
    assert refusal.value.code == "may_not_judge"
    final: dict[str, Any] = {"phase": delivery.phase, "kind": "final", "name": "Final review"}
    delivery.call(services.create_gate, **final, owner_agent_id=world.agent.id)
    with world.as_("agent"):
        assert services.judge_phase(**judge, verdict="changes_requested").approver_agent_id == world.agent.id


def test_a_check_is_judged_while_its_phase_runs(delivery: Delivery) -> None:
    delivery.finish()
    delivery.call(services.block_phase, phase=delivery.phase, reason="Docker is not running")
    refused(delivery, "phase_not_running", services.judge_check, check=delivery.manual_check, state="pass")
    refused(delivery, "phase_not_running", services.waive_check, check=delivery.manual_check, reason="late")


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


def test_a_run_from_before_the_changes_shows_nothing_about_them(delivery: Delivery) -> None:
    delivery.finish()
    before = delivery.run().evidence_id
    values: dict[str, Any] = {"verdict": "changes_requested", "comments": "again"}
    delivery.call(services.submit_review, gate=delivery.gate, **values)
    delivery.call(services.open_gate, gate=delivery.gate)
    run: dict[str, Any] = {"check": delivery.run_check, "exit_code": 0, "output": "", "evidence_id": before}
    refused(delivery, "invalid", services.record_check_run, **run)
    judge: dict[str, Any] = {"check": delivery.manual_check, "state": "pass", "evidence_id": before}
    refused(delivery, "invalid", services.judge_check, **judge)
    assert delivery.run().state == "pass"


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
