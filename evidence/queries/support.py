"""What claims and decisions stand on, as it is now."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from evidence.credibility import Opinion, Policy, Weight, opinion_of
from evidence.models import Claim, ClaimStatus, Combination, Decision, DecisionBasis, Evidence, EvidenceStatus, Role

NOTHING, EVERYTHING = Decimal(0), Decimal(1)
GONE = frozenset({EvidenceStatus.EXPIRED, EvidenceStatus.INTEGRITY_FAILED})


@dataclass(frozen=True, slots=True)
class Support:
    """How far a decision is supported, and the item that says so: the weakest of all, or the strongest of any."""

    credibility: Decimal
    uncertainty: Decimal
    item: DecisionBasis | None


def counts(evidence: Evidence) -> bool:
    """Whether it may stand for something now; `EvidenceQuerySet.counting` in Python."""
    expired = evidence.expires_at is not None and evidence.expires_at <= timezone.now()
    return evidence.rejected_at is None and evidence.status not in GONE and not expired


def support_of(evidence: Evidence) -> Decimal:
    """Return what a piece lends to what rests on it: its credibility, or nothing."""
    return evidence.credibility if counts(evidence) else NOTHING


def belief_of(evidence: Evidence) -> Decimal:
    """Return b of its stored opinion: what was shown, without the base rate."""
    return Decimal(evidence.credibility_factors.get("belief", "0")) if counts(evidence) else NOTHING


def claim_opinion(claim: Claim, policy: Policy) -> Opinion:
    """Return the opinion about a claim from what is believed of the evidence for and against it."""
    weights = []
    arguments = claim.evidence.standing().exclude(role=Role.CONTEXT)
    for entry in arguments.select_related("evidence").defer("evidence__content"):
        weight = policy.prior_weight * entry.strength * belief_of(entry.evidence)
        sign = 1 if entry.role == Role.SUPPORTS else -1
        weights.append(Weight("evidence", str(entry.evidence_id), sign, weight, weight))
    return opinion_of(weights, policy.claims["base_rate"], policy)


def decision_support(decision: Decision, policy: Policy) -> Support:
    """Return what carries a decision now."""
    items = decision.basis.select_related("evidence", "claim").defer("evidence__content")
    return combine(decision.combination, ((item, *standing_of(item, policy)) for item in items if item.load_bearing))


def standing_of(item: DecisionBasis, policy: Policy) -> tuple[Decimal, Decimal]:
    """Return the credibility and the uncertainty of an item of a basis as they are now."""
    if item.evidence:
        return support_of(item.evidence), item.evidence.uncertainty
    return standing_of_claim(item.claim, policy)  # type: ignore[arg-type]  # a CHECK: one of the two


def standing_of_claim(claim: Claim, policy: Policy) -> tuple[Decimal, Decimal]:
    """The same of a claim; one that was withdrawn carries nothing."""
    if claim.status == ClaimStatus.WITHDRAWN:
        return NOTHING, EVERYTHING
    opinion = claim_opinion(claim, policy)
    return opinion.credibility, opinion.uncertainty


def combine(combination: str, items: Iterable[tuple[DecisionBasis, Decimal, Decimal]]) -> Support:
    """Return the least of all, or the most of any; nothing carries a decision without load-bearing items."""
    found = sorted(items, key=lambda entry: (entry[1], entry[0].id))
    if not found:
        return Support(NOTHING, EVERYTHING, None)
    item, credibility, uncertainty = found[-1 if combination == Combination.ANY else 0]
    return Support(credibility, uncertainty, item)
