"""Decisions of a project: numbered, accepted, superseded by later ones."""

from django.db import transaction
from django.db.models import Max

from audit.services import record
from common.context import Principal
from common.errors import Conflict, Invalid
from projects import events
from projects.models import DecisionRecord, DecisionStatus, Phase, Plan, Project
from projects.services.shared import add, lock_project, part_of, require_manager


@transaction.atomic
def propose_decision(
    *,
    project: Project,
    title: str,
    decision: str,
    reasoning: str = "",
    alternatives: str = "",
    benefits: str = "",
    note: str = "",
    future: str = "",
    plan: Plan | None = None,
    phase: Phase | None = None,
) -> DecisionRecord:
    """Write a proposed decision down; it gets the project's next number. Raises `Invalid` for a foreign plan."""
    lock_project(project.id)
    plan = scope(project, plan, phase)
    last: int = DecisionRecord.objects.filter(project=project).aggregate(last=Max("number"))["last"] or 0
    entry = DecisionRecord(
        project=project,
        plan=plan,
        phase=phase,
        number=last + 1,
        title=title,
        decision=decision,
        reasoning=reasoning,
        alternatives=alternatives,
        benefits=benefits,
        note=note,
        future=future,
    )
    add(entry, code="decision_taken", taken="The number is taken.")
    record(events.DECISION_PROPOSED, part_of(project.id, entry), number=entry.number)
    return entry


def scope(project: Project, plan: Plan | None, phase: Phase | None) -> Plan | None:
    """Return the plan of a row that may be about one plan or phase: a phase brings its own."""
    if phase and plan and phase.plan_id != plan.id:
        raise Invalid("The phase belongs to another plan.", errors={"phase": ["Choose a phase of this plan."]})
    plan = phase.plan if phase else plan
    if plan and plan.project_id != project.id:
        raise Invalid("The plan belongs to another project.", errors={"plan": ["Choose a plan of this project."]})
    return plan


@transaction.atomic
def accept_decision(
    *, decision: DecisionRecord, principal: Principal, supersedes: DecisionRecord | None = None, reason: str = ""
) -> DecisionRecord:
    """Accept a proposed decision; where it replaces an accepted one, that one points at it from now on.

    Raises `Forbidden` but for managers, `Invalid` for a decision of another project, `Conflict` for a decision that is
    not proposed, or replaces one that is not accepted.
    """
    require_manager(principal, decision.project_id)
    lock_project(decision.project_id)
    accepted = DecisionRecord.objects.filter(id=decision.id, status=DecisionStatus.PROPOSED).update(
        status=DecisionStatus.ACCEPTED, decided_by_id=principal.user_id
    )
    if not accepted:
        raise Conflict("Only a proposed decision can be accepted.", code="not_proposed")
    decision.refresh_from_db()
    record(events.DECISION_ACCEPTED, part_of(decision.project_id, decision), reason=reason, number=decision.number)
    if supersedes:
        supersede(supersedes, decision, reason)
    return decision


def supersede(old: DecisionRecord, new: DecisionRecord, reason: str) -> None:
    if old.project_id != new.project_id or old.id == new.id:
        raise Invalid("It replaces another decision of its project.", errors={"supersedes": ["Choose another one."]})
    replaced = DecisionRecord.objects.filter(id=old.id, status=DecisionStatus.ACCEPTED)
    if not replaced.update(status=DecisionStatus.SUPERSEDED, superseded_by=new):
        raise Conflict("Only an accepted decision can be superseded.", code="not_accepted")
    old.refresh_from_db()
    record(
        events.DECISION_SUPERSEDED,
        part_of(old.project_id, old),
        reason=reason,
        number=old.number,
        superseded_by_id=str(new.id),
    )
