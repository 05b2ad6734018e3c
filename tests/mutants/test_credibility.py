"""Credibility can turn red: each shortcut that would let evidence speak for itself is found."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from evidence import dsse, permissions
from evidence.credibility import Check, Piece, Policy, formula
from evidence.services import evidence as judging
from evidence.tests import test_attestations, test_links, test_services
from tests.world import World

pytestmark = pytest.mark.mutant


def test_checks_of_one_family_counted_as_if_they_were_independent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = formula.weigh_checks

    def each_alone(piece: Piece, policy: Policy, as_of: Any) -> Any:
        apart: list[Check] = [replace(check, group=check.id) for check in piece.checks]
        return real(replace(piece, checks=apart), policy, as_of)

    monkeypatch.setattr(formula, "weigh_checks", each_alone)
    with pytest.raises(AssertionError):
        test_attestations.test_three_reviews_of_one_model_count_for_little_more_than_one(world)


def test_an_issuer_who_may_judge_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permissions, "is_independent", lambda *_: True)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        test_attestations.test_contributors_attest_and_never_their_agents_evidence(world, "engineer", "own_evidence")


def test_an_issuer_who_may_verify_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "can_review", lambda principal, evidence: True)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        test_services.test_maintainers_judge_what_is_not_their_own(world, "agent", "stranger", False)


def test_supporters_believed_for_their_base_rate(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then ten reports that nobody has checked would lift an eleventh."""
    monkeypatch.setattr("evidence.queries.facts.own_belief", lambda *_: Decimal(".25"))
    with pytest.raises(AssertionError):
        test_links.test_checked_evidence_lifts_what_it_supports_and_unchecked_evidence_does_not(world)


def test_an_envelope_that_is_not_checked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dsse, "is_signed", lambda *_: True)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        test_attestations.test_an_envelope_that_proves_nothing_is_refused(world, "another key")
