"""Decisions: what was decided, on what, and how credible that was at the time."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from audit.queries import head
from audit.services import record
from common.context import Principal
from common.errors import Conflict, Forbidden, Invalid
from evidence import events
from evidence.credibility import Policy
from evidence.models import (
    Authority,
    Claim,
    Combination,
    Decision,
    DecisionBasis,
    DecisionStatus,
    Evidence,
    Role,
)
from evidence.queries.support import Support, combine, standing_of
from evidence.services.dependents import decision_subject
from evidence.services.scores import actor_of, current_policy, lock_scores
from projects.models import Project
from projects.permissions import can_contribute, can_manage


@dataclass(frozen=True, slots=True)
class Basis:
    """One thing a decision rests on: evidence or a claim. What does not support does not bear load either."""

    evidence: Evidence | None = None
    claim: Claim | None = None
    role: str = Role.SUPPORTS
    load_bearing: bool = True


@transaction.atomic
def make_decision(
    *,
    project: Project,
    principal: Principal | None,
    question: str,
    outcome: str,
    basis: Sequence[Basis],
    options: Sequence[Any] = (),
    rationale: str = "",
    combination: str = Combination.ALL,
    threshold: Decimal | None = None,
    supersedes: Decision | None = None,
    policy_sha256: str = "",
) -> Decision:
    """Decide on a basis; the credibility of each item is kept as it is now. No principal: the policy decided.

    Raises `Forbidden`, `Invalid` for a basis that is empty, named twice or elsewhere, `Conflict` where it carries less
    than the threshold (naming the weakest item).
    """
    if principal is not None and not can_contribute(principal, project.id):
        raise Forbidden("Contributors of the project decide in it.")
    check_basis(project, basis, supersedes)
    as_of = lock_scores(project.id)
    _, policy = current_policy()
    decision = Decision(
        project=project,
        question=question,
        outcome=outcome,
        options=list(options),
        rationale=rationale,
        authority=authority_of(principal),
        policy_sha256=policy_sha256 or (policy.sha256 if principal is None else ""),
        combination=combination,
        threshold=threshold,
        made_at=as_of,
        supersedes=supersedes,
        **actor_of(principal),
    )
    items = weigh(decision, basis, policy)
    support = combine(combination, ((item, item.credibility, item.uncertainty) for item in items if item.load_bearing))
    require_threshold(threshold, support)
    decision.save(force_insert=True)
    DecisionBasis.objects.bulk_create(items)
    record(
        events.DECISION_MADE,
        decision_subject(decision),
        reason=rationale,
        authority=str(decision.authority),
        credibility=str(support.credibility),
        uncertainty=str(support.uncertainty),
        basis=len(items),
    )
    if supersedes is not None:
        replace_decision(supersedes, decision)
    return decision


def authority_of(principal: Principal | None) -> Authority:
    if principal is None:
        return Authority.POLICY
    return Authority.AGENT if principal.is_agent else Authority.HUMAN


def check_basis(project: Project, basis: Sequence[Basis], supersedes: Decision | None) -> None:
    if not any(item.role == Role.SUPPORTS and item.load_bearing for item in basis):
        raise Invalid("A decision rests on something.", errors={"basis": ["Name what bears it."]})
    named = set()
    for place, item in enumerate(basis):
        thing = item.evidence or item.claim
        if thing is None or (item.evidence and item.claim):
            raise Invalid("An item is evidence or a claim.", errors={f"basis[{place}]": ["Name one of the two."]})
        if thing.project_id != project.id:
            raise Invalid(
                "The basis is of the same project.", errors={f"basis[{place}]": ["There is none with this id."]}
            )
        if thing.id in named:
            raise Invalid("Each item is named once.", errors={f"basis[{place}]": ["Named before."]})
        named.add(thing.id)
    if supersedes is not None and supersedes.project_id != project.id:
        raise Invalid("It supersedes one of the same project.", errors={"supersedes": ["There is none with this id."]})


def weigh(decision: Decision, basis: Sequence[Basis], policy: Policy) -> list[DecisionBasis]:
    """Return the rows of a basis with what each item is worth at use, and how far the log had come."""
    position = head()
    items = []
    for entry in basis:
        if entry.evidence:
            entry.evidence.refresh_from_db(fields=["credibility", "uncertainty", "status", "rejected_at"])
        item = DecisionBasis(
            decision=decision,
            evidence=entry.evidence,
            claim=entry.claim,
            role=entry.role,
            load_bearing=entry.load_bearing and entry.role == Role.SUPPORTS,
            leaf_index=position,
        )
        item.credibility, item.uncertainty = standing_of(item, policy)
        items.append(item)
    return items


def require_threshold(threshold: Decimal | None, support: Support) -> None:
    if threshold is not None and support.credibility < threshold:
        weakest = support.item
        raise Conflict(
            f"The basis carries {support.credibility}, and {threshold} is needed.",
            code="support_too_weak",
            credibility=str(support.credibility),
            weakest=str(weakest.evidence_id or weakest.claim_id) if weakest else None,
        )


def replace_decision(older: Decision, newer: Decision) -> None:
    standing = Decision.objects.filter(id=older.id, status=DecisionStatus.STANDING)
    if not standing.update(status=DecisionStatus.SUPERSEDED):
        raise Conflict("Only a decision that stands can be superseded.", code="not_standing")
    record(events.DECISION_SUPERSEDED, decision_subject(older), by=str(newer.id))


@transaction.atomic
def withdraw_decision(*, decision: Decision, principal: Principal, reason: str) -> Decision:
    """Take a decision back; it stays to be read. Raises `Forbidden` for others than its maker and maintainers."""
    mine = not principal.is_agent and decision.user_id == principal.user_id
    if not mine and not can_manage(principal, decision.project_id):
        raise Forbidden("Its maker withdraws a decision, or a maintainer.")
    standing = Decision.objects.filter(id=decision.id, status=DecisionStatus.STANDING)
    if not standing.update(status=DecisionStatus.WITHDRAWN):
        raise Conflict("Only a decision that stands can be withdrawn.", code="not_standing")
    record(events.DECISION_WITHDRAWN, decision_subject(decision), reason=reason)
    decision.refresh_from_db()
    return decision
