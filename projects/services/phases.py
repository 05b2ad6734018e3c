"""Phases: they start when the one before is completed, and are completed when nothing is missing."""

from typing import Any

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from audit.services import record
from common.context import Principal
from common.errors import Conflict, Forbidden, Invalid
from projects import events
from projects.models import (
    CriterionState,
    Gate,
    GateKind,
    Phase,
    PhaseApproval,
    PhaseStatus,
    Plan,
    SdlcPhase,
    SuccessCriterion,
    Verdict,
)
from projects.queries import criteria_of, missing_for_approval, missing_for_completion, missing_of_review
from projects.services.metrics import keep_measures
from projects.services.plans import begin, finish
from projects.services.shared import (
    add,
    change,
    cite,
    lock_phase,
    lock_plan,
    part_of,
    require_manager,
    require_reason,
    tell_order,
)

CHANGEABLE = frozenset(
    {
        "name",
        "goal",
        "number",
        "sdlc_phase",
        "estimated_days_min",
        "estimated_days_max",
        "branch",
        "depends_on",
        "notes",
    }
)


@transaction.atomic
def create_phase(
    *,
    plan: Plan,
    name: str,
    number: int | None = None,
    goal: str = "",
    sdlc_phase: str = SdlcPhase.CUSTOM,
    estimated_days_min: int | None = None,
    estimated_days_max: int | None = None,
    branch: str = "",
    depends_on: Phase | None = None,
    notes: str = "",
) -> Phase:
    """Add a phase, last unless `number` says otherwise.

    Raises `Invalid` for a phase of another plan in `depends_on` or a contradictory estimate, `Conflict` where the
    number is taken or the plan has ended.
    """
    locked = lock_plan(plan.id)
    check_estimate(estimated_days_min, estimated_days_max)
    check_order(None, depends_on, locked)
    last: int = Phase.objects.filter(plan=locked).aggregate(last=Max("number"))["last"] or 0
    phase = Phase(
        plan=locked,
        number=last + 1 if number is None else number,
        name=name,
        goal=goal,
        sdlc_phase=sdlc_phase,
        estimated_days_min=estimated_days_min,
        estimated_days_max=estimated_days_max,
        branch=branch,
        depends_on=depends_on,
        notes=notes,
    )
    add(phase, code="phase_taken", taken=f"The plan has a phase {phase.number} already.")
    record(events.PHASE_CREATED, part_of(locked.project_id, phase), plan_id=str(locked.id))
    return phase


def check_estimate(least: int | None, most: int | None) -> None:
    if least is not None and most is not None and most < least:
        raise Invalid("The estimate ends before it begins.", errors={"estimated_days_max": ["Less than the minimum."]})


def check_order(phase: Phase | None, depends_on: Phase | None, plan: Plan) -> None:
    """Raise `Invalid` where a phase would wait for one of another plan, or in a circle. The plan is locked."""
    if depends_on is None:
        return
    if depends_on.plan_id != plan.id:
        raise Invalid("The phase belongs to another plan.", errors={"depends_on": ["Choose a phase of this plan."]})
    before = dict(Phase.objects.filter(plan=plan).values_list("id", "depends_on_id"))
    step = depends_on.id
    while phase and step:
        if step == phase.id:
            raise Invalid("The phases would wait for each other.", code="cycle", errors={"depends_on": ["A circle."]})
        step = before[step]


@transaction.atomic
def update_phase(*, phase: Phase, reason: str = "", **changes: Any) -> Phase:
    """Change what differs; the status has services of its own. Raises `Conflict` where the phase has ended."""
    locked = lock_phase(phase.id)
    check_estimate(
        changes.get("estimated_days_min", locked.estimated_days_min),
        changes.get("estimated_days_max", locked.estimated_days_max),
    )
    check_order(locked, changes.get("depends_on"), locked.plan)
    change(locked, events.PHASE_UPDATED, locked.plan.project_id, changes, allowed=CHANGEABLE, reason=reason)
    if "depends_on" in changes:
        tell_order(locked.plan_id)
    return locked


@transaction.atomic
def start_phase(*, phase: Phase) -> Phase:
    """Begin a phase, and its plan with the first one: its tasks can be claimed from now on.

    Raises `Conflict` where it is not pending or the phase before it is not completed.
    """
    locked = lock_phase(phase.id)
    if locked.status != PhaseStatus.PENDING:
        raise Conflict(f"The phase is {locked.get_status_display().lower()}.", code="phase_not_pending")
    if locked.depends_on and locked.depends_on.status != PhaseStatus.COMPLETED:
        raise Conflict(f"{locked.depends_on} is not completed.", code="phase_before")
    begin(locked.plan)
    return move(locked, PhaseStatus.IN_PROGRESS, started_at=Now())


@transaction.atomic
def block_phase(*, phase: Phase, reason: str) -> Phase:
    """Hold a running phase: no further task of it is given out. Raises `Conflict` where it does not run."""
    words = require_reason(reason)
    locked = lock_phase(phase.id)
    if locked.status != PhaseStatus.IN_PROGRESS:
        raise Conflict(f"The phase is {locked.get_status_display().lower()}.", code="phase_not_running")
    return move(locked, PhaseStatus.BLOCKED, words)


@transaction.atomic
def resume_phase(*, phase: Phase, reason: str = "") -> Phase:
    """Let a blocked phase go on. Raises `Conflict` where it is not blocked."""
    locked = lock_phase(phase.id)
    if locked.status != PhaseStatus.BLOCKED:
        raise Conflict(f"The phase is {locked.get_status_display().lower()}.", code="phase_not_blocked")
    return move(locked, PhaseStatus.IN_PROGRESS, reason)


@transaction.atomic
def cancel_phase(*, phase: Phase, reason: str) -> Phase:
    """Give a phase up. Raises `Conflict` where it has ended."""
    words = require_reason(reason)
    locked = move(lock_phase(phase.id), PhaseStatus.CANCELLED, words)
    finish(locked.plan)
    return locked


BECAME = {
    (PhaseStatus.PENDING, PhaseStatus.IN_PROGRESS): events.PHASE_STARTED,
    (PhaseStatus.BLOCKED, PhaseStatus.IN_PROGRESS): events.PHASE_RESUMED,
    (PhaseStatus.IN_PROGRESS, PhaseStatus.BLOCKED): events.PHASE_BLOCKED,
    (PhaseStatus.IN_PROGRESS, PhaseStatus.COMPLETED): events.PHASE_COMPLETED,
}


def move(phase: Phase, status: PhaseStatus, reason: str = "", **times: Any) -> Phase:
    """Change the status of a locked phase, record it, and tell what the plan now lets through."""
    event = BECAME.get((PhaseStatus(phase.status), status), events.PHASE_CANCELLED)
    Phase.objects.filter(id=phase.id).update(status=status, **times)
    phase.refresh_from_db(fields=["status", "updated_at", *times])
    record(event, part_of(phase.plan.project_id, phase), reason=reason)
    tell_order(phase.plan_id)
    return phase


@transaction.atomic
def judge_phase(
    *,
    phase: Phase,
    principal: Principal,
    verdict: str,
    knowledge_updates: str = "",
    transition_document: str = "",
) -> PhaseApproval:
    """The final review of a phase: what was learnt, how the next one takes over, and the criteria as they stand.

    To approve, every criterion is decided and every required gate passed; what is approved and has not changed since is
    not approved again. The newest verdict counts. Raises `Forbidden` for those who did the work, for people who do not
    manage the project and agents who do not own its final gate, `Invalid` without a transition document, `Conflict`
    otherwise.
    """
    locked = lock_phase(phase.id)
    check_approver(locked, principal)
    who = {"user_id": None if principal.is_agent else principal.user_id, "agent_id": principal.agent_id}
    events.judge_chosen.send(Phase, phase_id=locked.id, group_id=None, **who)
    if locked.status != PhaseStatus.IN_PROGRESS:
        raise Conflict(f"The phase is {locked.get_status_display().lower()}.", code="phase_not_running")
    if verdict == Verdict.APPROVED:
        check_approvable(locked, transition_document)
    approval = PhaseApproval.objects.create(
        phase=locked,
        approver_user_id=who["user_id"],
        approver_agent_id=who["agent_id"],
        verdict=verdict,
        criteria=criteria_of(locked),
        knowledge_updates=knowledge_updates,
        transition_document=transition_document,
    )
    record(events.PHASE_JUDGED, part_of(locked.plan.project_id, locked), verdict=str(verdict))
    return approval


def check_approver(phase: Phase, principal: Principal) -> None:
    """Who manages the project judges its phases; an agent only as the owner of the final gate."""
    if not principal.is_agent:
        require_manager(principal, phase.plan.project_id)
    elif not Gate.objects.filter(phase=phase, kind=GateKind.FINAL, owner_agent_id=principal.agent_id).exists():
        raise Forbidden("The owner of the final gate, and who manages the project, judge it.", code="may_not_judge")


def check_approvable(phase: Phase, transition_document: str) -> None:
    require_reason(transition_document, "transition_document")
    missing = missing_for_approval(phase) + fallen(phase)
    if missing:
        raise Conflict("; ".join(missing), code="phase_incomplete", missing=missing)
    if not missing_of_review(phase):
        raise Conflict("The phase is approved already.", code="phase_approved")


def fallen(phase: Phase) -> list[str]:
    """Return, in words, the criteria whose evidence counted when it was cited, and does not any more."""
    words = []
    for criterion in SuccessCriterion.objects.filter(phase=phase, state=CriterionState.MET).order_by("ordinal"):
        try:
            if criterion.evidence_id:
                cite(SuccessCriterion, phase.plan.project_id, criterion.evidence_id)
        except Invalid:
            words.append(f"The evidence of criterion {criterion.ordinal} does not count any more: {criterion.text}")
    return words


@transaction.atomic
def complete_phase(*, phase: Phase) -> Phase:
    """Complete a phase, and its plan with the last one. The metrics are kept as they are now.

    Raises `Conflict` (phase_incomplete, with `missing`) unless every criterion is met or waived, every required gate
    passed or waived, the evidence of each criterion still counts, the final review approved it and all of its tasks are
    done.
    """
    locked = lock_phase(phase.id)
    if locked.status != PhaseStatus.IN_PROGRESS:
        raise Conflict(f"The phase is {locked.get_status_display().lower()}.", code="phase_not_running")
    missing = missing_for_completion(locked) + fallen(locked)
    if missing:
        raise Conflict("; ".join(missing), code="phase_incomplete", missing=missing)
    events.phase_completing.send(Phase, phase=locked)
    keep_measures(locked)
    move(locked, PhaseStatus.COMPLETED, completed_at=Now())
    finish(locked.plan)
    return locked
