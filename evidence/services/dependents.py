"""What rests on evidence follows its score, in the same transaction: chains, claims, decisions."""

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from audit.services import Subject, record
from evidence import events
from evidence.credibility import Opinion, Policy
from evidence.models import (
    ChainRole,
    Claim,
    ClaimStatus,
    Decision,
    DecisionStatus,
    Evidence,
    EvidenceChain,
    EvidenceChainItem,
)
from evidence.queries.support import NOTHING, claim_opinion, combine, decision_support, support_of

BECAME = {
    ClaimStatus.OPEN: events.CLAIM_OPEN,
    ClaimStatus.SUPPORTED: events.CLAIM_SUPPORTED,
    ClaimStatus.DISPUTED: events.CLAIM_DISPUTED,
    ClaimStatus.REFUTED: events.CLAIM_REFUTED,
}


def chain_subject(chain: EvidenceChain) -> Subject:
    return Subject(type="evidence_chain", id=chain.id, label=str(chain)[:200], project_id=chain.project_id)


def claim_subject(claim: Claim) -> Subject:
    return Subject(type="claim", id=claim.id, label=str(claim), project_id=claim.project_id)


def decision_subject(decision: Decision) -> Subject:
    return Subject(type="decision", id=decision.id, label=decision.question[:200], project_id=decision.project_id)


def follow_scores(evidence_ids: Collection[UUID], policy: Policy, as_of: datetime) -> None:
    """Bring everything that rests on these pieces up to their new scores. Under the project's score lock."""
    for chain in EvidenceChain.objects.filter(items__evidence_id__in=evidence_ids).distinct().order_by("id"):
        recalculate_chain(chain)
    claims = Claim.objects.filter(evidence__evidence_id__in=evidence_ids, evidence__retracted_at=None)
    moved = [claim.id for claim in claims.distinct().order_by("id") if judge_claim(claim, policy) is not None]
    watch_decisions_on(policy, as_of, claims=moved, evidence=evidence_ids)


def watch_decisions_on(
    policy: Policy, as_of: datetime, *, claims: Collection[UUID] = (), evidence: Collection[UUID] = ()
) -> None:
    """Look at the decisions that rest on these."""
    resting = Q(basis__evidence_id__in=evidence) | Q(basis__claim_id__in=claims)
    standing = Decision.objects.filter(resting, status=DecisionStatus.STANDING, support_degraded_at=None)
    for decision in standing.distinct().order_by("id"):
        watch_support(decision, policy, as_of)


def chain_confidence(items: Iterable[tuple[str, Evidence]]) -> Decimal:
    """Return the confidence of a chain: as strong as its weakest link, and no stronger than what contradicts allows.

    The least of the credibility of its primary and supporting members and of 1 minus that of each contradicting one.
    """
    found = []
    for role, evidence in items:
        support = support_of(evidence)
        found.append(1 - support if role == ChainRole.CONTRADICTING else support)
    return min(found, default=NOTHING)


def recalculate_chain(chain: EvidenceChain) -> None:
    """Compute a chain's confidence again from its members as they are now."""
    items = EvidenceChainItem.objects.filter(chain=chain).select_related("evidence").defer("evidence__content")
    confidence = chain_confidence((item.role, item.evidence) for item in items)
    if confidence == chain.confidence:
        return
    previous, chain.confidence = chain.confidence, confidence
    EvidenceChain.objects.filter(id=chain.id).update(confidence=confidence)
    record(events.CHAIN_RECALCULATED, chain_subject(chain), previous=str(previous), confidence=str(confidence))


def judge_claim(claim: Claim, policy: Policy) -> Opinion | None:
    """Give a claim the status its evidence gives it; return the opinion, None for a withdrawn one."""
    if claim.status == ClaimStatus.WITHDRAWN:
        return None
    opinion = claim_opinion(claim, policy)
    status = status_of(opinion, policy)
    if status != claim.status:
        claim.status = status
        Claim.objects.filter(id=claim.id).update(status=status)
        record(BECAME[status], claim_subject(claim), credibility=str(opinion.credibility))
    return opinion


def status_of(opinion: Opinion, policy: Policy) -> ClaimStatus:
    if opinion.disputed:
        return ClaimStatus.DISPUTED
    if opinion.credibility >= policy.claims["supported_from"]:
        return ClaimStatus.SUPPORTED
    return ClaimStatus.REFUTED if opinion.credibility <= policy.claims["refuted_to"] else ClaimStatus.OPEN


def watch_support(decision: Decision, policy: Policy, as_of: datetime) -> None:
    """Mark a decision whose support fell: below its threshold, or, without one, by a step below what it was at use."""
    used = [(item, item.credibility, item.uncertainty) for item in decision.basis.all() if item.load_bearing]
    at_use, now = combine(decision.combination, used), decision_support(decision, policy)
    if not used or not has_fallen(decision, at_use.credibility, now.credibility, policy):
        return
    Decision.objects.filter(id=decision.id).update(support_degraded_at=as_of)
    record(
        events.SUPPORT_DEGRADED,
        decision_subject(decision),
        at_use=str(at_use.credibility),
        now=str(now.credibility),
        weakest=str(now.item.evidence_id or now.item.claim_id) if now.item else None,
    )


def has_fallen(decision: Decision, at_use: Decimal, now: Decimal, policy: Policy) -> bool:
    if decision.threshold is not None:
        return bool(now < decision.threshold)
    return bool(now <= at_use - policy.step)
