"""Why a score is what it is: computed again from what was known, input by input."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from common.errors import Invalid
from evidence.credibility import MissingCheck, Opinion, admiralty, assess, missing_checks, places, stix
from evidence.models import CredibilityPolicy, Evidence
from evidence.queries.facts import known_at, policy_at


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that was counted. `weight` has its sign: what confirms is positive."""

    kind: str
    id: str
    label: str
    group: str
    alone: Decimal
    weight: Decimal


@dataclass(frozen=True, slots=True)
class Explanation:
    """The opinion of a moment with everything behind it."""

    as_of: datetime
    opinion: Opinion
    policy: CredibilityPolicy | None
    policy_version: int
    policy_sha256: str
    prior_weight: Decimal
    inputs: Sequence[Input]
    missing: Sequence[MissingCheck]
    admiralty: str
    stix: int

    def matches(self, evidence: Evidence) -> bool | None:
        """Whether this is what is stored; None for another moment than the stored score's."""
        if evidence.as_of != self.as_of:
            return None
        stored = (evidence.credibility, evidence.uncertainty, evidence.disputed)
        return stored == (self.opinion.credibility, self.opinion.uncertainty, self.opinion.disputed)


def explain(evidence: Evidence, as_of: datetime | None = None) -> Explanation:
    """Compute the credibility of a moment (now, unless told) again.

    Raises `Invalid` for a moment before it was handed in.
    """
    moment = as_of or timezone.now()
    if moment < evidence.created_at:
        raise Invalid("It had not been handed in by then.", errors={"as_of": ["Before the evidence."]})
    row, policy = policy_at(evidence, moment)
    known = known_at([evidence.id], policy, moment)[evidence.id]
    opinion = assess(known.piece, policy, moment)
    return Explanation(
        as_of=moment,
        opinion=opinion,
        policy=row,
        policy_version=policy.version,
        policy_sha256=policy.sha256,
        prior_weight=policy.prior_weight,
        inputs=[
            Input(
                entry.kind,
                entry.id,
                known.labels[entry.id],
                entry.group,
                entry.weight,
                places(entry.sign * entry.counted),
            )
            for entry in opinion.weights
        ],
        missing=missing_checks(known.piece, policy, moment),
        admiralty=admiralty(opinion, policy, upheld=known.source.upheld, overturned=known.source.overturned),
        stix=stix(opinion),
    )
