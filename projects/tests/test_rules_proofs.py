"""What evidence had proven that is rejected later: it is open again, as far as it has not ended."""

from contextlib import suppress
from typing import Any

import pytest

from common.errors import Conflict, Invalid
from evidence.models import Evidence
from evidence.services import reject_evidence
from projects import services
from projects.models import Escalation, GateCheck
from tests.delivery import TRANSITION, Delivery, complete_phase, make_delivery, refused, task_in
from tests.threads import together
from tests.work import acting, events_of
from tests.world import World


@pytest.fixture
def delivery(world: World) -> Delivery:
    return make_delivery(world)


def test_a_gate_that_was_passed_by_rejected_evidence_is_reviewed_again(world: World, delivery: Delivery) -> None:
    waiting = task_in(world, delivery.second, title="2.1")
    delivery.pass_gate()
    assert delivery.now(waiting).waiting_on == 0
    reject(delivery, delivery.run_check)
    gate, run, manual = (delivery.now(row) for row in (delivery.gate, delivery.run_check, delivery.manual_check))
    assert (gate.status, gate.cycle, gate.decided_at) == ("open", 1, None)
    assert (run.state, run.evidence_id, run.exit_code, manual.state) == ("pending", None, None, "pass")
    assert delivery.now(waiting).waiting_on == 1
    refused(delivery, "checks_not_passed", services.submit_review, gate=delivery.gate, verdict="approved")
    delivery.run()
    delivery.approve()
    assert delivery.now(waiting).waiting_on == 0


def reject(delivery: Delivery, check: GateCheck) -> None:
    with acting(delivery.world, "system"):
        piece = Evidence.objects.get(id=delivery.now(check).evidence_id)
    reviewer = delivery.world.people["reviewer"].principal()
    with acting(delivery.world, "reviewer"):
        reject_evidence(evidence=piece, principal=reviewer, note="It ran against another branch.")


def test_a_check_of_an_open_gate_waits_for_another_proof(world: World, delivery: Delivery) -> None:
    delivery.finish()
    delivery.run(exit_code=1)
    delivery.judge()
    assert delivery.now(delivery.gate).status == "failed"
    reject(delivery, delivery.run_check)
    assert (delivery.now(delivery.run_check).state, delivery.now(delivery.gate).status) == ("pending", "open")
    assert (delivery.now(delivery.gate).cycle, delivery.now(delivery.manual_check).state) == (0, "pass")
    told = [name for name in events_of(world) if name in {"gate_check.proof_rejected", "gate.opened", "gate.failed"}]
    assert told == ["gate.opened", "gate.failed", "gate_check.proof_rejected", "gate.opened"]


def test_what_was_waived_stays_waived(delivery: Delivery) -> None:
    delivery.finish()
    delivery.run(exit_code=1)
    delivery.call(services.waive_check, check=delivery.run_check, reason="known")
    reject(delivery, delivery.run_check)
    assert delivery.now(delivery.run_check).state == "fail"


def test_what_a_phase_decided_that_has_ended_stays(delivery: Delivery) -> None:
    delivery.pass_gate()
    delivery.call(services.cancel_phase, phase=delivery.phase, reason="enough")
    reject(delivery, delivery.run_check)
    assert (delivery.now(delivery.run_check).state, delivery.now(delivery.gate).status) == ("pass", "passed")


def test_a_project_that_is_closed_for_a_while_keeps_no_rejected_proof(world: World, delivery: Delivery) -> None:
    delivery.pass_gate()
    with acting(world, "engineer"):
        services.update_project(project=world.project, status="completed")
    reject(delivery, delivery.run_check)
    with acting(world, "engineer"):
        services.update_project(project=world.project, status="active")
    assert (delivery.now(delivery.run_check).state, delivery.now(delivery.gate).status) == ("pending", "open")


def test_a_final_review_from_before_a_gate_was_decided_again_is_given_again(delivery: Delivery) -> None:
    delivery.pass_gate()
    delivery.meet()
    delivery.call(services.judge_phase, phase=delivery.phase, **TRANSITION)
    reject(delivery, delivery.run_check)
    delivery.run()
    delivery.approve()
    missing = ["Gate Review 1 was reviewed since the final review"]
    refused(delivery, "phase_incomplete", services.complete_phase, phase=delivery.phase, missing=missing)
    delivery.call(services.judge_phase, phase=delivery.phase, **TRANSITION)
    assert complete_phase(delivery).status == "completed"


def test_what_was_escalated_for_a_rejected_proof_is_resolved(world: World, delivery: Delivery) -> None:
    with acting(world, "engineer"):
        services.add_escalation_rule(project=world.project, area="Backend", trigger="A check fails.")
    delivery.finish()
    delivery.run(exit_code=1)
    with world.as_("system"):
        assert Escalation.objects.filter(resolved_at=None).count() == 1
    reject(delivery, delivery.run_check)
    with world.as_("system"):
        assert not Escalation.objects.filter(resolved_at=None).exists()


def test_a_run_and_the_rejection_of_its_proof_at_once_leave_no_check_that_rests_on_it(committed_world: World) -> None:
    delivery = make_delivery(committed_world)
    delivery.finish()
    for _ in range(3):
        piece = delivery.evidence(exit_code=0)
        run = {"exit_code": 0, "output": "", "evidence_id": piece.id}

        def record(run: dict[str, Any] = run) -> None:
            with suppress(Invalid, Conflict):
                delivery.call(services.record_check_run, check=delivery.run_check, **run)

        def refute(piece: Evidence = piece) -> None:
            delivery.call(reject_evidence, evidence=piece, note="Of another branch.")

        together(record, refute)
        check = delivery.now(delivery.run_check)
        assert (check.state, check.evidence_id) == ("pending", None)
