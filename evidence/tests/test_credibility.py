"""The formula: the worked examples to four places, and what holds for every input."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.credibility import (
    DOCUMENT_V1,
    POLICY_V1,
    Check,
    Link,
    Opinion,
    Piece,
    PolicyError,
    admiralty,
    assess,
    digest_of,
    missing_checks,
    own_belief,
    read_policy,
    stix,
)
from evidence.models import Method, SourceType

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def check(method: str, verdict: str = "confirm", attester: str = "platform", **values: Any) -> Check:
    facts: dict[str, Any] = {"id": method, "group": f"{attester} {method}", "finished_on": NOON}
    return Check(method=method, verdict=verdict, attester=attester, **facts | values)


def piece(source_type: str, *checks: Check, links: Any = (), **values: Any) -> Piece:
    return Piece(source_type=source_type, collected_at=NOON, checks=checks, links=links, **values)


def judged(source_type: str, *checks: Check, links: Any = (), days: float = 0, **values: Any) -> Opinion:
    return assess(piece(source_type, *checks, links=links, **values), POLICY_V1, NOON + timedelta(days=days))


RERUN = check("platform_rerun")
REVIEW = check("human_review", attester="person")
FAMILY = [check("llm_review", attester="agent", id=str(number), group="one family") for number in range(3)]
REFUTING = check("platform_rerun", "refute", id="other", group="another party")
SUPPORTERS = [Link(str(number), True, Decimal(".8"), Decimal(".7")) for number in range(2)]
SYBILS = [
    Link(str(number), True, Decimal(1), own_belief(piece("agent_self_report"), POLICY_V1, NOON)) for number in range(10)
]

# reference/evidence_audit.md §4.2. The sixth subject starts at .45 there; a web page starts at .40 in the same text.
WORKED: list[tuple[str, Opinion, str, str | None]] = [
    ("a self-report", judged("agent_self_report"), ".2500", "1.0000"),
    ("three reviews of one model family", judged("agent_self_report", *FAMILY), ".3273", None),
    ("run again by the platform", judged("agent_self_report", RERUN), ".8082", ".2558"),
    ("and reviewed by a person", judged("agent_self_report", RERUN, REVIEW), ".8687", None),
    ("and refuted by another party", judged("agent_self_report", RERUN, REVIEW, REFUTING), ".5754", None),
    (
        "a CI run with signature and reproduced build",
        judged("ci_test_run", check("signature_valid"), check("reproduced_build")),
        ".9707",
        ".1952",
    ),
    ("two supporters", judged("issue_report", links=SUPPORTERS), ".7406", None),
    ("two supporters of a web page", judged("web_page", links=SUPPORTERS), ".7170", None),
    ("ten sybil self-reports", judged("agent_self_report", links=SYBILS), ".2500", "1.0000"),
]


@pytest.mark.parametrize(("opinion", "credibility", "uncertainty"), [row[1:] for row in WORKED], ids=[
    row[0] for row in WORKED
])  # fmt: skip
def test_the_worked_examples_hold_to_four_places(opinion: Opinion, credibility: str, uncertainty: str | None) -> None:
    assert opinion.credibility == Decimal(credibility)
    assert opinion.credibility.as_tuple().exponent == -4
    assert uncertainty is None or opinion.uncertainty == Decimal(uncertainty)


def test_what_is_confirmed_and_refuted_about_as_much_is_disputed() -> None:
    disputed = [name for name, opinion, *_ in WORKED if opinion.disputed]
    assert disputed == ["and refuted by another party"]


def test_belief_disbelief_and_uncertainty_are_the_whole() -> None:
    for _, opinion, *_ in WORKED:
        whole = opinion.belief + opinion.disbelief + opinion.uncertainty
        assert abs(whole - 1) <= Decimal("0.0002")


def test_the_policy_names_every_source_type_and_method() -> None:
    assert set(POLICY_V1.base_rates) == set(SourceType)
    assert set(POLICY_V1.strengths) == set(Method)


# --- what holds for every input ---------------------------------------------------------------------------------------

CHECKS = st.builds(
    Check,
    id=st.uuids().map(str),
    method=st.sampled_from(sorted(POLICY_V1.strengths)),
    verdict=st.sampled_from(["confirm", "refute", "inconclusive"]),
    attester=st.sampled_from(sorted(POLICY_V1.reliability)),
    group=st.sampled_from(["a", "b", "c", "d"]),
    finished_on=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),
    upheld=st.integers(0, 20),
    overturned=st.integers(0, 20),
    by_issuer=st.booleans(),
)
SHARES = st.decimals(0, 1, places=4)
LINKS = st.builds(Link, id=st.uuids().map(str), supports=st.booleans(), strength=SHARES, belief=SHARES)
PIECES = st.builds(
    Piece,
    source_type=st.sampled_from(sorted(POLICY_V1.base_rates)),
    collected_at=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),
    mutable=st.booleans(),
    checks=st.lists(CHECKS, max_size=8),
    links=st.lists(LINKS, max_size=5),
    derived_from=st.lists(SHARES, max_size=3),
)
every = settings(max_examples=200, deadline=None)


def now(subject: Piece) -> Opinion:
    return assess(subject, POLICY_V1, NOON)


@every
@given(PIECES)
def test_scores_stay_within_their_bounds(subject: Piece) -> None:
    opinion = now(subject)
    for value in (opinion.credibility, opinion.belief, opinion.disbelief):
        assert 0 <= value <= 1
    assert 0 < opinion.uncertainty <= 1
    assert (opinion.uncertainty == 1) or opinion.confirming + opinion.refuting > 0
    assert 0 <= stix(opinion) <= 100


@every
@given(PIECES, CHECKS)
def test_one_more_check_moves_the_score_its_own_way_or_not_at_all(subject: Piece, more: Check) -> None:
    before, after = now(subject).credibility, now(replace(subject, checks=[*subject.checks, more])).credibility
    if more.verdict == "confirm":
        assert after >= before
    elif more.verdict == "refute":
        assert after <= before
    else:
        assert after == before


@every
@given(PIECES, LINKS)
def test_one_more_link_moves_the_score_its_own_way_or_not_at_all(subject: Piece, more: Link) -> None:
    before, after = now(subject).credibility, now(replace(subject, links=[*subject.links, more])).credibility
    assert after >= before if more.supports else after <= before


@every
@given(PIECES, st.randoms())
def test_the_order_of_what_is_counted_does_not_matter(subject: Piece, random: Any) -> None:
    shuffled = replace(
        subject, checks=random.sample(subject.checks, k=len(subject.checks)), links=list(reversed(subject.links))
    )
    assert now(shuffled) == now(subject)


@every
@given(PIECES, st.integers(1, 400))
def test_checks_only_lose_weight_with_time(subject: Piece, days: int) -> None:
    later = assess(subject, POLICY_V1, NOON + timedelta(days=days))
    assert later.confirming <= now(subject).confirming
    assert later.refuting <= now(subject).refuting


@every
@given(st.integers(1, 50), st.sampled_from(sorted(POLICY_V1.strengths)))
def test_copies_together_count_for_at_most_a_third_more_than_one(copies: int, method: str) -> None:
    one = judged("unknown", check(method)).confirming
    many = judged("unknown", *(check(method, id=str(number), group="one") for number in range(copies))).confirming
    assert many <= one * Decimal("1.3334") + Decimal("0.0001")


# --- the rest of the rules --------------------------------------------------------------------------------------------


def test_independent_checks_count_fully_and_dependent_ones_a_quarter() -> None:
    apart = judged("unknown", check("static_check", id="1", group="a"), check("static_check", id="2", group="b"))
    together = judged("unknown", check("static_check", id="1", group="a"), check("static_check", id="2", group="a"))
    assert (apart.confirming, apart.groups) == (Decimal("1.9400"), 2)
    assert (together.confirming, together.groups) == (Decimal("1.2125"), 1)


def test_the_issuers_own_check_comes_to_nothing() -> None:
    assert judged("agent_self_report", check("platform_rerun", by_issuer=True)).credibility == Decimal(".25")


def test_a_record_corrects_the_trust_in_an_attester() -> None:
    fresh = judged("unknown", REVIEW).confirming
    assert judged("unknown", replace(REVIEW, upheld=20)).confirming > fresh
    assert judged("unknown", replace(REVIEW, overturned=18)).confirming == Decimal("0.3600")  # 4 · 1.8 / 20


def test_reviews_halve_in_180_days_and_digests_do_not_age() -> None:
    assert judged("unknown", REVIEW, days=180).confirming == Decimal("1.8000")
    assert judged("unknown", RERUN, days=1800).confirming == judged("unknown", RERUN).confirming


def test_what_is_known_of_a_changing_thing_halves_in_30_days() -> None:
    assert judged("web_page", RERUN, days=30, mutable=True).confirming == Decimal("2.9100")
    assert judged("platform_observation", days=30, mutable=True).credibility == Decimal(".7000")
    assert judged("platform_observation", days=3000, mutable=True).credibility == Decimal(".5000")
    assert judged("web_page", days=3000, mutable=True).credibility == Decimal(".4000")


def test_a_broken_digest_leaves_nothing() -> None:
    assert judged("formal_proof", RERUN, broken=True).credibility == 0
    assert own_belief(piece("formal_proof", RERUN, broken=True), POLICY_V1, NOON) == 0


def test_what_is_derived_starts_with_the_least_of_its_inputs() -> None:
    assert judged("derived_aggregate", derived_from=[Decimal(".9"), Decimal(".4")]).credibility == Decimal(".4000")
    assert judged("derived_aggregate").credibility == Decimal(".2000")


@pytest.mark.parametrize(
    ("opinion", "upheld", "overturned", "pair"),
    [
        (judged("formal_proof"), 0, 0, "F6"),
        (judged("ci_test_run", RERUN, REVIEW), 9, 0, "A1"),
        (judged("ci_test_run", RERUN), 3, 1, "B2"),
        (judged("agent_self_report", RERUN, REVIEW, REFUTING), 1, 1, "D3"),
        (judged("agent_self_report", *FAMILY), 0, 9, "E4"),
        (judged("agent_self_report", REFUTING), 0, 0, "F5"),
    ],
)
def test_the_admiralty_pair_keeps_source_and_content_apart(
    opinion: Opinion, upheld: int, overturned: int, pair: str
) -> None:
    assert admiralty(opinion, POLICY_V1, upheld=upheld, overturned=overturned) == pair


def test_the_checks_that_are_missing_are_named_best_first() -> None:
    found = missing_checks(piece("agent_self_report", RERUN), POLICY_V1, NOON)
    assert [missing.method for missing in found] == ["proof_checked", "reproduced_build", "human_review"]
    assert found[2].credibility == Decimal(".8687")
    assert all(missing.gain > 0 for missing in found)
    assert missing_checks(piece("agent_self_report", broken=True), POLICY_V1, NOON) == []


def test_the_policy_is_named_by_the_digest_of_its_canonical_form() -> None:
    assert digest_of(dict(reversed(DOCUMENT_V1.items()))) == POLICY_V1.sha256
    assert POLICY_V1.sha256 == "78176181efbe33ae12af924172404a6b2db92a5b898150a6ac397ebc93c4b7f2"
    assert read_policy({**DOCUMENT_V1, "step": ".10"}).sha256 != POLICY_V1.sha256


Change = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.mark.parametrize(
    "change",
    [
        lambda document: {"step": 0.05},
        lambda document: {"step": "0"},
        lambda document: {"step": "-1"},
        lambda document: {"step": "NaN"},
        lambda document: {"step": "much"},
        lambda document: {"version": "1"},
        lambda document: {"ladder": [".9"]},
        lambda document: {"reviews": "human_review"},
        lambda document: {"surplus": "1"},
        lambda document: {"dependence": "1.5"},
        lambda document: {"base_rates": {"unknown": ".2"}},
        lambda document: {"reliability": {**document["reliability"], "agent": "2"}},
        lambda document: {"strengths": {**document["strengths"], "prayer": "1"}},
    ],
)
def test_a_policy_that_is_not_whole_is_refused(change: Change) -> None:
    with pytest.raises(PolicyError):
        read_policy({**DOCUMENT_V1, **change(DOCUMENT_V1)})
