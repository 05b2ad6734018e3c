"""Evidence that is rejected after it proved something: what rests on it is open again, while its phase runs."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from audit.services import record
from projects import events
from projects.models import CheckState, Gate, GateCheck, GateStatus
from projects.services.checks import part_of_gate
from projects.services.escalations import resolve_for
from projects.services.gates import forget_verdicts, gate_subject, set_status, settle
from projects.services.shared import CLOSED_PHASES, lock_gate, tell_order


@transaction.atomic
def retract_proof(*, evidence_id: UUID, reason: str) -> None:
    """Let each check that this evidence decided wait for another proof; a gate passed with it is reviewed again.

    What such a gate let begin goes on; what has not begun waits again. What a phase that has ended decided stays: the
    log says on what. The caller holds the lock of the project, as whoever judges a check does.
    """
    going_on = resting_on(evidence_id).exclude(gate__phase__status__in=CLOSED_PHASES)
    checks = list(going_on.select_related("gate__phase").order_by("gate_id", "id"))
    reopen(checks, reason)
    for plan_id in sorted({check.gate.phase.plan_id for check in checks}):
        tell_order(plan_id)


def resting_on(evidence_id: UUID) -> "QuerySet[GateCheck]":
    """Return the checks that stand by this evidence; one that was waived stands by its waiver."""
    decided = (CheckState.PASS, CheckState.FAIL)
    return GateCheck.objects.filter(evidence_id=evidence_id, state__in=decided, waived_at=None)


def reopen(checks: Iterable[GateCheck], reason: str) -> None:
    for check in checks:
        gate = check.gate = lock_gate(check.gate_id)
        cited = str(check.evidence_id)
        forget_verdicts(GateCheck.objects.filter(id=check.id))
        record(events.CHECK_PROOF_REJECTED, part_of_gate(check), reason=reason, gate_id=str(gate.id), evidence_id=cited)
        resolve_for(check.id, "Its proof was rejected.")
        if gate.status == GateStatus.PASSED:
            review_again(gate, reason)
        else:
            settle(gate)


def review_again(gate: Gate, reason: str) -> None:
    """Open a passed gate in a new cycle: who approved it may be asked again."""
    set_status(gate, GateStatus.OPEN, cycle=gate.cycle + 1, opened_at=Now(), decided_at=None)
    record(events.GATE_REOPENED, gate_subject(gate), reason=reason, cycle=gate.cycle)
