"""What a phase must reach: decided by evidence, or waived with a reason."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from audit.services import record
from common.context import Principal
from common.errors import Invalid
from projects import events
from projects.models import CriterionState, Phase, SuccessCriterion
from projects.services.shared import add, change, cite, lock_phase, part_of, require_manager, require_reason

CHANGEABLE = frozenset({"text", "ordinal"})
DECISIONS = (CriterionState.MET, CriterionState.FAILED, CriterionState.WAIVED)


@transaction.atomic
def add_criterion(*, phase: Phase, text: str, ordinal: int | None = None) -> SuccessCriterion:
    """Add a criterion, last unless `ordinal` says otherwise. Raises `Conflict` where the phase has ended."""
    locked = lock_phase(phase.id)
    last: int = SuccessCriterion.objects.filter(phase=locked).aggregate(last=Max("ordinal"))["last"] or 0
    criterion = add(
        SuccessCriterion(phase=locked, text=text, ordinal=last + 1 if ordinal is None else ordinal),
        code="criterion_taken",
        taken=f"The phase has a criterion {ordinal} already.",
    )
    record(events.CRITERION_ADDED, part_of(locked.plan.project_id, criterion), phase_id=str(locked.id))
    return criterion


@transaction.atomic
def update_criterion(*, criterion: SuccessCriterion, reason: str = "", **changes: Any) -> SuccessCriterion:
    """Change words or place. Raises `Conflict` where the phase has ended."""
    project_id = lock_phase(criterion.phase_id).plan.project_id
    return change(criterion, events.CRITERION_UPDATED, project_id, changes, allowed=CHANGEABLE, reason=reason)


@transaction.atomic
def decide_criterion(
    *,
    criterion: SuccessCriterion,
    principal: Principal,
    state: str,
    evidence_id: UUID | None = None,
    reason: str = "",
) -> SuccessCriterion:
    """Say that a criterion is met (evidence is required), failed, or waived (a reason is required).

    Raises `Forbidden` for those who do not manage the project, `Invalid` for what is missing, `Conflict` where the
    phase has ended.
    """
    phase = lock_phase(criterion.phase_id)
    project_id = phase.plan.project_id
    require_manager(principal, project_id)
    if state not in DECISIONS:
        raise Invalid("A criterion is met, failed or waived.", errors={"state": ["Choose one of these."]})
    if state == CriterionState.MET and evidence_id is None:
        raise Invalid("A criterion is met by evidence.", errors={"evidence": ["Required."]})
    waived = state == CriterionState.WAIVED
    words = require_reason(reason) if waived else reason.strip()
    if evidence_id:
        cite(SuccessCriterion, project_id, evidence_id)
    SuccessCriterion.objects.filter(id=criterion.id).update(
        state=state,
        evidence_id=evidence_id,
        met_at=Now() if state == CriterionState.MET else None,
        waived_reason=words if waived else "",
        decided_by_id=principal.user_id,
    )
    criterion.refresh_from_db()
    cited = str(evidence_id) if evidence_id else None
    subject = part_of(project_id, criterion)
    record(events.CRITERION_DECIDED, subject, reason=words, state=str(state), evidence_id=cited)
    return criterion
