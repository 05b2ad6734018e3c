"""The formula. C = (p + W a) / (p + n + W), u = W / (p + n + W), b = p / (p + n + W), d = n / (p + n + W)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from itertools import groupby

from evidence.credibility.policy import Policy

CONFIRM, REFUTE = "confirm", "refute"
PLACES = Decimal("0.0001")
ZERO, ONE, TWO = Decimal(0), Decimal(1), Decimal(2)
DAY = timedelta(days=1)
EXACT = Context(prec=28, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Check:
    """One attestation. `attester` is its class; `upheld` and `overturned` are its record at the moment."""

    id: str
    method: str
    verdict: str
    attester: str
    group: str
    finished_on: datetime
    upheld: int = 0
    overturned: int = 0
    by_issuer: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """What another piece says for (or against) this one. `belief` is its b0: from its own attestations only."""

    id: str
    supports: bool
    strength: Decimal
    belief: Decimal


@dataclass(frozen=True, slots=True)
class Piece:
    """Everything about one piece of evidence that counts. `derived_from` are the credibilities of its inputs."""

    source_type: str
    collected_at: datetime
    mutable: bool = False
    broken: bool = False
    checks: Sequence[Check] = ()
    links: Sequence[Link] = ()
    derived_from: Sequence[Decimal] = ()


@dataclass(frozen=True, slots=True)
class Weight:
    """One input and what it came to: `weight` by itself, `counted` after what it depends on."""

    kind: str
    id: str
    sign: int
    weight: Decimal
    counted: Decimal
    group: str = ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """The outcome, to four places. `groups` is how many independent ones confirm."""

    credibility: Decimal
    uncertainty: Decimal
    belief: Decimal
    disbelief: Decimal
    confirming: Decimal
    refuting: Decimal
    base_rate: Decimal
    disputed: bool
    groups: int
    weights: tuple[Weight, ...]


def assess(piece: Piece, policy: Policy, as_of: datetime) -> Opinion:
    """Return the opinion about a piece at a moment."""
    with localcontext(EXACT):
        weights = [*weigh_checks(piece, policy, as_of), *weigh_links(piece.links, policy)]
        opinion = opinion_of(weights, base_rate_of(piece, policy, as_of), policy)
        return replace(opinion, credibility=ZERO, belief=ZERO) if piece.broken else opinion


def own_belief(piece: Piece, policy: Policy, as_of: datetime) -> Decimal:
    """Return b0, what its own attestations alone make of it: links lead one step and no further."""
    return assess(replace(piece, links=()), policy, as_of).belief


def opinion_of(weights: Iterable[Weight], base_rate: Decimal, policy: Policy) -> Opinion:
    """Add up; the order of `weights` does not matter."""
    with localcontext(EXACT):
        ordered = sorted(weights, key=lambda entry: (entry.counted, entry.kind, entry.id), reverse=True)
        p = sum((entry.counted for entry in ordered if entry.sign > 0), ZERO)
        n = sum((entry.counted for entry in ordered if entry.sign < 0), ZERO)
        prior = policy.prior_weight
        whole = p + n + prior
        least, most = min(p, n), max(p, n)
        return Opinion(
            credibility=places((p + prior * base_rate) / whole),
            uncertainty=places(prior / whole),
            belief=places(p / whole),
            disbelief=places(n / whole),
            confirming=places(p),
            refuting=places(n),
            base_rate=places(base_rate),
            disputed=least >= policy.disputed["least"] and least >= policy.disputed["ratio"] * most,
            groups=len({entry.group or entry.id for entry in ordered if entry.sign > 0 and entry.counted}),
            weights=tuple(ordered),
        )


def weigh_checks(piece: Piece, policy: Policy, as_of: datetime) -> list[Weight]:
    """Weigh the attestations: within a group, the strongest counts fully and each further one rho times less."""
    found = []
    for verdict, sign in ((CONFIRM, 1), (REFUTE, -1)):
        said = [check for check in piece.checks if check.verdict == verdict]
        counted = [(check.group, amount(check, piece, policy, as_of), check) for check in said]
        counted.sort(key=lambda entry: (entry[0], -entry[1], entry[2].id))
        for group, members in groupby(counted, key=lambda entry: entry[0]):
            for place, (_, weight, check) in enumerate(members):
                share = weight * policy.dependence**place
                found.append(Weight("attestation", check.id, sign, places(weight), share, group))
    return found


def amount(check: Check, piece: Piece, policy: Policy, as_of: datetime) -> Decimal:
    """Return w = s r 2^(-age/h) of one attestation. The issuer's own come to nothing."""
    if check.by_issuer:
        return ZERO
    weight = policy.strengths[check.method] * reliability(check, policy)
    half_life = half_life_of(check.method, piece, policy)
    return weight if half_life is None else weight * remaining(check.finished_on, as_of, half_life)


def reliability(check: Check, policy: Policy) -> Decimal:
    """Return r = (T + W r0) / (T + F + W): the attester's class, corrected by its record."""
    prior = policy.prior_weight
    trusted = check.upheld + prior * policy.reliability[check.attester]
    return trusted / (check.upheld + check.overturned + prior)


def half_life_of(method: str, piece: Piece, policy: Policy) -> Decimal | None:
    """Return the days after which a check counts half; None where what it saw cannot have changed."""
    lives = [policy.half_lives["mutable"]] if piece.mutable else []
    if method in policy.reviews:
        lives.append(policy.half_lives["review"])
    return min(lives, default=None)


def remaining(since: datetime, as_of: datetime, half_life: Decimal) -> Decimal:
    """Return 2^(-age/h); what is dated later than the moment has not aged."""
    age = max(as_of - since, timedelta(0))
    days = Decimal(age.days) + Decimal(age.seconds * 10**6 + age.microseconds) / Decimal(86_400 * 10**6)
    return TWO ** (-days / half_life)


def weigh_links(links: Sequence[Link], policy: Policy) -> list[Weight]:
    """Weigh what other pieces say: W λ b0. What nobody has checked says nothing, however often."""
    found = []
    for link in links:
        weight = policy.prior_weight * link.strength * link.belief
        found.append(Weight("link", link.id, 1 if link.supports else -1, places(weight), weight))
    return found


def base_rate_of(piece: Piece, policy: Policy, as_of: datetime) -> Decimal:
    """Return a: the source type's; of the derived, its least input's; of what changes, drawn to the middle."""
    rate = policy.base_rates[piece.source_type]
    if piece.source_type == "derived_aggregate" and piece.derived_from:
        rate = min(piece.derived_from)
    if piece.mutable:
        floor = min(rate, policy.mutable_base_rate)
        rate = floor + (rate - floor) * remaining(piece.collected_at, as_of, policy.half_lives["mutable"])
    return rate


def places(value: Decimal) -> Decimal:
    return value.quantize(PLACES, rounding=ROUND_HALF_EVEN)
