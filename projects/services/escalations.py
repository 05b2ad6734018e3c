"""Escalations: what fails climbs the rule of its area, one step with each failure, until a person is asked."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Lower, Now

from accounts.models import User
from audit.services import record
from common.context import Principal
from common.errors import Conflict, Invalid
from projects import events
from projects.models import Escalation, EscalationRule, EscalationStep, GateCheck, Phase, Plan, Project
from projects.services.decisions import scope
from projects.services.shared import add, change, check_agents, lock_project, part_of, require_reason

CHANGEABLE = frozenset(
    {"area", "trigger", "backup_agent_id", "escalate_to_agent_id", "escalate_to_user", "ordinal", "is_active"}
)


@transaction.atomic
def add_escalation_rule(
    *,
    project: Project,
    area: str,
    trigger: str,
    plan: Plan | None = None,
    phase: Phase | None = None,
    backup_agent_id: UUID | None = None,
    escalate_to_agent_id: UUID | None = None,
    escalate_to_user: User | None = None,
    ordinal: int | None = None,
) -> EscalationRule:
    """Add a rule for an area, after the others of that area unless `ordinal` says otherwise.

    Raises `Invalid` for a foreign plan or two to escalate to, `Conflict` where the place is taken.
    """
    lock_project(project.id)
    plan = scope(project, plan, phase)
    check_target(escalate_to_user, escalate_to_agent_id)
    check_agents({"backup_agent": backup_agent_id, "escalate_to_agent": escalate_to_agent_id})
    same = EscalationRule.objects.annotate(word=Lower("area")).filter(project=project, plan=plan, phase=phase)
    last: int = same.filter(word=area.lower(), is_active=True).aggregate(last=Max("ordinal"))["last"] or 0
    rule = EscalationRule(
        project=project,
        plan=plan,
        phase=phase,
        area=area,
        trigger=trigger,
        backup_agent_id=backup_agent_id,
        escalate_to_agent_id=escalate_to_agent_id,
        escalate_to_user=escalate_to_user,
        ordinal=last + 1 if ordinal is None else ordinal,
    )
    add(rule, code="rule_taken", taken="Another rule of that area has this place.")
    record(events.RULE_ADDED, part_of(project.id, rule), area=area)
    return rule


def check_target(user: User | None, agent_id: UUID | None) -> None:
    if user and agent_id:
        raise Invalid("A rule escalates to a person or an agent.", errors={"escalate_to_user": ["Choose one."]})


@transaction.atomic
def update_escalation_rule(*, rule: EscalationRule, reason: str = "", **changes: Any) -> EscalationRule:
    """Change what differs. Raises `Invalid` for two to escalate to, `Conflict` where the place is taken."""
    lock_project(rule.project_id)
    rule.refresh_from_db()
    check_target(
        changes.get("escalate_to_user", rule.escalate_to_user),
        changes.get("escalate_to_agent_id", rule.escalate_to_agent_id),
    )
    check_agents(
        {"backup_agent": changes.get("backup_agent_id"), "escalate_to_agent": changes.get("escalate_to_agent_id")}
    )
    return change(rule, events.RULE_UPDATED, rule.project_id, changes, allowed=CHANGEABLE, reason=reason)


def rules_for(project_id: UUID, phase: Phase | None, areas: list[str]) -> list[EscalationRule]:
    """Return the rules of the first of `areas` that has any: the phase's own, else its plan's, else the project's."""
    wider = Q(plan=None) | Q(plan_id=phase.plan_id, phase=None) | Q(phase=phase) if phase else Q(plan=None)
    known = EscalationRule.objects.filter(wider, project_id=project_id, is_active=True).order_by("ordinal", "id")
    rules = list(known)
    for area in areas:
        about = [rule for rule in rules if rule.area.lower() == area.lower()]
        for own in (
            [rule for rule in about if rule.phase_id],
            [rule for rule in about if rule.plan_id and not rule.phase_id],
            about,
        ):
            if own:
                return own
    return []


def steps_of(rules: list[EscalationRule]) -> Iterator[tuple[EscalationRule, EscalationStep]]:
    """Yield the way up: again, then each rule's backup and who it escalates to, and a person's answer at the end."""
    yield rules[0], EscalationStep.RETRY
    for rule in rules:
        if rule.backup_agent_id:
            yield rule, EscalationStep.BACKUP
        if rule.escalate_to_agent_id or rule.escalate_to_user_id:
            yield rule, EscalationStep.ESCALATE_TO
    yield rules[-1], EscalationStep.HITL


def escalate_check(check: GateCheck, reason: str) -> Escalation | None:
    """Take the next step for a check that failed. Its area is its section, its gate's group or its gate's name."""
    gate = check.gate
    words = [check.section, gate.after_group.name if gate.after_group else "", gate.name]
    rules = rules_for(gate.phase.plan.project_id, gate.phase, [word for word in words if word])
    return climb(rules, "gate_check", check.id, reason, check=check)


@transaction.atomic
def raise_escalation(
    *, project: Project, area: str, subject_type: str, subject_id: UUID, reason: str, phase: Phase | None = None
) -> Escalation | None:
    """Take the next step of the area's rule about something that failed; None where no rule or no step is left."""
    words = require_reason(reason)
    return climb(rules_for(project.id, phase, [area]), subject_type, subject_id, words)


def climb(
    rules: list[EscalationRule], subject_type: str, subject_id: UUID, reason: str, check: GateCheck | None = None
) -> Escalation | None:
    """Raise the first step that is not open yet: what was resolved and fails again begins at the bottom."""
    if not rules:
        return None
    unresolved = Escalation.objects.filter(subject_type=subject_type, subject_id=subject_id, resolved_at=None)
    taken = set(unresolved.values_list("rule_id", "step"))
    following = next(((rule, step) for rule, step in steps_of(rules) if (rule.id, step) not in taken), None)
    if following is None:
        return None
    rule, step = following
    escalation = Escalation(rule=rule, step=step, subject_type=subject_type, subject_id=subject_id, reason=reason)
    add(escalation, code="escalated", taken="This step was taken already.")
    record(
        events.ESCALATION_RAISED,
        part_of(rule.project_id, escalation),
        reason=reason,
        area=rule.area,
        step=str(step),
        subject_type=subject_type,
        subject_id=str(subject_id),
    )
    events.escalation_raised.send(Escalation, escalation=escalation, check=check)
    return escalation


@transaction.atomic
def resolve_escalation(*, escalation: Escalation, resolution: str, principal: Principal | None = None) -> Escalation:
    """Say how it ended; without a `principal` the system does. Raises `Conflict` where it is resolved."""
    words = require_reason(resolution, "resolution")
    resolved = Escalation.objects.filter(id=escalation.id, resolved_at=None).update(
        resolved_at=Now(), resolved_by_id=principal.user_id if principal else None, resolution=words
    )
    if not resolved:
        raise Conflict("The escalation is resolved already.", code="already_resolved")
    escalation.refresh_from_db()
    subject = part_of(escalation.rule.project_id, escalation)
    record(events.ESCALATION_RESOLVED, subject, reason=words, step=str(escalation.step))
    return escalation


def resolve_for(subject_id: UUID, resolution: str) -> None:
    """Resolve everything that is open about something that works again."""
    unresolved = Escalation.objects.filter(subject_id=subject_id, resolved_at=None).select_related("rule")
    for escalation in unresolved.order_by("id"):
        resolve_escalation(escalation=escalation, resolution=resolution)
