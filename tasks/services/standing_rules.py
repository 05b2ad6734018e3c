"""Answers given in advance: narrowly, for a time, by somebody who may decide, and never yes to what is critical."""

from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.permissions import proved_recently
from agents.models import Agent
from audit.services import Subject, record
from common.context import Principal
from common.errors import Conflict, Invalid, StepUpRequired
from common.models import ClockTimestamp
from projects.models import Project
from tasks import events
from tasks.models import (
    ApprovalKind,
    ApprovalRequest,
    ApprovalStatus,
    Risk,
    RuleAnswer,
    StandingRule,
    StandingRuleResponse,
    Task,
)
from tasks.permissions import may_decide
from tasks.services.base import approval_subject
from tasks.services.effects import go_on

LONGEST_RULE = timedelta(days=90)
RANK = {Risk.LOW: 0, Risk.HIGH: 1, Risk.CRITICAL: 2}


def rule_subject(rule: StandingRule) -> Subject:
    return Subject(type="standing_rule", id=rule.id, label=rule.reason[:500], project_id=rule.project_id)


@transaction.atomic
def create_standing_rule(
    *,
    project: Project,
    principal: Principal,
    answer: str,
    reason: str,
    expires_at: datetime,
    kind: str | None = None,
    trigger: str | None = None,
    agent: Agent | None = None,
    action_pattern: str = "",
    highest_risk: str = Risk.LOW,
    max_uses: int | None = None,
) -> StandingRule:
    """Let a class of requests be answered from now on. Raises `Invalid` for a rule that is too wide or too long, and
    `StepUpRequired` for a yes to what is risky without a recent proof of who says it.
    """
    if not (kind or trigger or agent or action_pattern.strip("*")):
        raise Invalid("Name a kind, a trigger, an agent or an action.", errors={"kind": ["A rule is narrow."]})
    if answer == RuleAnswer.APPROVE and highest_risk == Risk.CRITICAL:
        raise Invalid("What is critical is never approved by a rule.", errors={"highest_risk": ["Not critical."]})
    if not timezone.now() < expires_at <= timezone.now() + LONGEST_RULE:
        raise Invalid("A rule ends within 90 days.", errors={"expires_at": ["Within 90 days from now."]})
    if answer == RuleAnswer.APPROVE and highest_risk != Risk.LOW and not proved_recently(principal):
        raise StepUpRequired
    rule = StandingRule.objects.create(
        project=project,
        kind=kind,
        trigger=trigger,
        agent=agent,
        action_pattern=action_pattern,
        highest_risk=highest_risk,
        answer=answer,
        reason=reason,
        expires_at=expires_at,
        max_uses=max_uses,
        created_by_id=principal.user_id,
    )
    record(events.STANDING_RULE_CREATED, rule_subject(rule), reason=reason, answer=str(answer))
    return rule


@transaction.atomic
def revoke_standing_rule(*, rule: StandingRule, principal: Principal, reason: str) -> StandingRule:
    """End a rule: it answers nothing any more, and what it approved is not redeemed. `Conflict` where it has ended."""
    revoked = StandingRule.objects.filter(id=rule.id, revoked_at=None)
    if not revoked.update(revoked_at=ClockTimestamp(), revoked_by_id=principal.user_id):
        raise Conflict("The rule is revoked already.", code="rule_revoked")
    rule.refresh_from_db()
    record(events.STANDING_RULE_REVOKED, rule_subject(rule), reason=reason)
    return rule


def answer_by_rule(approval: ApprovalRequest, task: Task | None) -> None:
    """Answer a request that was just written, if a rule says so; what refuses comes first."""
    rules = StandingRule.objects.active().filter(project_id=approval.project_id).select_related("created_by")
    for rule in sorted(rules, key=lambda rule: rule.answer != RuleAnswer.REJECT):
        if answers(rule, approval) and use(rule):
            write_answer(rule, approval, task)
            return


def answers(rule: StandingRule, approval: ApprovalRequest) -> bool:
    """Whether a rule speaks about a request, and its maker may decide it now."""
    return matches(rule, approval) and may_answer(rule, approval)


def matches(rule: StandingRule, approval: ApprovalRequest) -> bool:
    name = approval.action.get("type")
    return (
        rule.kind in {None, approval.kind}
        and rule.trigger in {None, approval.trigger}
        and rule.agent_id in {None, approval.agent_id}
        and (not rule.action_pattern or (isinstance(name, str) and fits(name, rule.action_pattern)))
        and RANK[Risk(approval.risk)] <= RANK[Risk(rule.highest_risk)]
    )


def fits(name: str, pattern: str) -> bool:
    """Only the star means anything: `[` and `?` are themselves."""
    return fnmatchcase(name, pattern.replace("[", "[[]").replace("?", "[?]"))


def may_answer(rule: StandingRule, approval: ApprovalRequest) -> bool:
    """One person's rule is one person's yes, and what is critical is for people. Anybody entitled may refuse ahead.

    A review is no answer in advance: who passes a gate has looked at the work.
    """
    if approval.kind == ApprovalKind.PHASE_GATE:
        return False
    if rule.answer == RuleAnswer.APPROVE and (approval.risk == Risk.CRITICAL or approval.quorum > 1):
        return False
    return rule.created_by.is_active and may_decide(rule.created_by.principal(), approval)


def use(rule: StandingRule) -> bool:
    """Count one use, if one is left."""
    return bool(StandingRule.objects.active().filter(id=rule.id).update(uses=F("uses") + 1))


def write_answer(rule: StandingRule, approval: ApprovalRequest, task: Task | None) -> None:
    granted = rule.answer == RuleAnswer.APPROVE
    values: dict[str, Any] = {
        "status": ApprovalStatus.APPROVED if granted else ApprovalStatus.REJECTED,
        "comment": f"Standing rule: {rule.reason}",
    }
    ApprovalRequest.objects.filter(id=approval.id).update(decided_at=ClockTimestamp(), decided_by_rule=rule, **values)
    StandingRuleResponse.objects.create(rule=rule, approval=approval)
    approval.refresh_from_db()
    event = events.APPROVAL_APPROVED if granted else events.APPROVAL_REJECTED
    record(event, approval_subject(approval, task), reason=approval.comment, digest=approval.digest)
    go_on(task, approval, f"A standing rule of {rule.created_by}")


def still_holds(approval: ApprovalRequest) -> bool:
    """Whether the rule that approved a request would do so now: neither ended, nor its maker's right."""
    rule = approval.decided_by_rule
    if rule is None or rule.revoked_at or rule.expires_at <= timezone.now():
        return False
    return rule.answer == RuleAnswer.APPROVE and answers(rule, approval)
