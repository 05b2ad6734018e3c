"""How far evidence is to be believed: pure arithmetic over what was counted, at a moment, under a policy.

A binomial opinion by amounts of evidence (Jøsang 2001), amounts scaled by trust in who attests (Škorić, de Hoogh and
Zannone 2016), copies discounted (Dong, Berti-Équille and Srivastava 2009). Nothing here reads a database or a clock.
"""

from evidence.credibility.formula import (
    CONFIRM,
    REFUTE,
    Check,
    Link,
    Opinion,
    Piece,
    Weight,
    assess,
    opinion_of,
    own_belief,
    places,
)
from evidence.credibility.policy import DOCUMENT_V1, POLICY_V1, Policy, PolicyError, digest_of, read_policy
from evidence.credibility.words import MissingCheck, admiralty, missing_checks, stix

__all__ = [
    "CONFIRM",
    "DOCUMENT_V1",
    "POLICY_V1",
    "REFUTE",
    "Check",
    "Link",
    "MissingCheck",
    "Opinion",
    "Piece",
    "Policy",
    "PolicyError",
    "Weight",
    "admiralty",
    "assess",
    "digest_of",
    "missing_checks",
    "opinion_of",
    "own_belief",
    "places",
    "read_policy",
    "stix",
]
