"""An opinion as other people write it, and what would make it better."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from evidence.credibility.formula import CONFIRM, Check, Opinion, Piece, assess
from evidence.credibility.policy import Policy

LETTERS = "ABCD"
NO_RECORD, WORST = "F", "E"
CANNOT_BE_JUDGED = "6"
MISSING_CHECKS = 3

# Who would do a check of this kind.
DONE_BY = {"human_review": "person", "source_lookup": "person", "llm_review": "agent"}
NOT_PROPOSED = frozenset({"human_override"})


@dataclass(frozen=True, slots=True)
class MissingCheck:
    """A kind of check nobody has made, and how far it would lift credibility if it confirmed."""

    method: str
    credibility: Decimal
    gain: Decimal


def stix(opinion: Opinion) -> int:
    """Return STIX 2.1's confidence, 0 to 100."""
    return int(100 * opinion.credibility)


def admiralty(opinion: Opinion, policy: Policy, *, upheld: int, overturned: int) -> str:
    """Return the Admiralty pair: the source by its record, what it says by who else confirms it. Never one number."""
    return letter_of(opinion, policy, upheld, overturned) + digit_of(opinion, policy)


def letter_of(opinion: Opinion, policy: Policy, upheld: int, overturned: int) -> str:
    known = upheld + overturned
    if not known:
        return NO_RECORD
    prior = policy.prior_weight
    reliable = (upheld + prior * opinion.base_rate) / (known + prior)
    return next((LETTERS[place] for place, least in enumerate(policy.ladder) if reliable >= least), WORST)


def digit_of(opinion: Opinion, policy: Policy) -> str:
    if opinion.uncertainty == 1:
        return CANNOT_BE_JUDGED
    reached = (place for place, least in enumerate(policy.ladder, start=1) if opinion.credibility >= least)
    best = next(reached, len(policy.ladder) + 1)
    return str(max(best, 2) if opinion.groups < 2 else best)


def missing_checks(piece: Piece, policy: Policy, as_of: datetime) -> list[MissingCheck]:
    """Return the three checks nobody has confirmed it by that would help most."""
    now = assess(piece, policy, as_of).credibility
    done = {check.method for check in piece.checks if check.verdict == CONFIRM and not check.by_issuer}
    found = []
    for method in sorted(set(policy.strengths) - done - NOT_PROPOSED):
        attester = DONE_BY.get(method, "platform")
        check = Check(f"missing {method}", method, CONFIRM, attester, f"missing {method}", as_of)
        better = assess(replace(piece, checks=[*piece.checks, check]), policy, as_of).credibility
        found.append(MissingCheck(method, better, better - now))
    found.sort(key=lambda missing: (-missing.gain, missing.method))
    return [missing for missing in found if missing.gain > 0][:MISSING_CHECKS]
