"""What evidence had proven that is rejected later: it is open again, as far as it has not ended."""

import pytest

from evidence.models import Evidence
from evidence.services import reject_evidence
from projects import services
from projects.models import GateCheck
from tests.delivery import Delivery, make_delivery, refused, task_in
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
