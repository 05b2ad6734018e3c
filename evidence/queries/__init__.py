"""Reads of evidence that are more than one query."""

from evidence.queries.explain import Explanation, Input, explain
from evidence.queries.facts import Known, known_at, policy_at
from evidence.queries.support import Support, belief_of, claim_opinion, counts, decision_support, support_of

__all__ = [
    "Explanation",
    "Input",
    "Known",
    "Support",
    "belief_of",
    "claim_opinion",
    "counts",
    "decision_support",
    "explain",
    "known_at",
    "policy_at",
    "support_of",
]
