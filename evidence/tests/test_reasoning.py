"""Claims, decisions and chains: what they rest on, at the time and later."""

from decimal import Decimal
from typing import Any

import pytest

from common.errors import Conflict, DomainError, Forbidden, Invalid
from evidence.credibility import POLICY_V1
from evidence.models import Claim, ClaimEvidence, Decision, DecisionBasis, Evidence, EvidenceChain
from evidence.services import (
    Basis,
    add_to_chain,
    argue_claim,
    assert_claim,
    make_chain,
    make_decision,
    reject_evidence,
    remove_from_chain,
    retract_argument,
    withdraw_claim,
    withdraw_decision,
)
from tests.checked import fresh, piece, say
from tests.work import acting, events_of, newest_event
from tests.world import World


def claim(world: World) -> Claim:
    with acting(world, "engineer"):
        return assert_claim(
            project=world.project,
            principal=world.engineer.principal(),
            subject="main",
            predicate="passes its tests",
            value=True,
        )


def argue(world: World, about: Claim, evidence: Evidence, role: str = "supports", **values: Any) -> ClaimEvidence:
    with acting(world, "engineer"):
        principal = world.engineer.principal()
        return argue_claim(claim=about, evidence=evidence, principal=principal, role=role, **values)


def decide(world: World, *basis: Basis, who: str = "engineer", **values: Any) -> Decision:
    with acting(world, who):
        return make_decision(
            project=world.project,
            principal=world.people[who].principal(),
            question="Release?",
            outcome="Yes.",
            basis=basis,
            **values,
        )


def reject(world: World, evidence: Evidence) -> None:
    with acting(world, "reviewer"):
        reject_evidence(evidence=fresh(world, evidence), principal=world.reviewer.principal(), note="another commit")


def again(world: World, row: Any) -> Any:
    with world.as_("system"):
        return type(row).objects.get(id=row.id)


# --- claims -----------------------------------------------------------------------------------------------------------


def test_a_claim_follows_the_evidence_for_and_against_it(world: World) -> None:
    made, good, bad = claim(world), piece(world), piece(world)
    argue(world, made, good)
    assert again(world, made).status == "open"
    say(world, good)
    assert again(world, made).status == "supported"
    say(world, bad, verdict="confirm")
    argument = argue(world, made, bad, "opposes")
    assert again(world, made).status == "disputed"
    with acting(world, "engineer"):
        entry = ClaimEvidence.objects.select_related("claim").get(id=argument.id)
        retract_argument(entry=entry, principal=world.engineer.principal(), reason="of another branch")
    assert again(world, made).status == "supported"
    reject(world, good)
    assert again(world, made).status == "open"
    assert events_of(world, resource_id=made.id) == [
        "claim.asserted",
        "claim.evidence_added",
        "claim.supported",
        "claim.evidence_added",
        "claim.disputed",
        "claim.evidence_retracted",
        "claim.supported",
        "claim.reopened",
    ]


def test_what_opposes_alone_refutes(world: World) -> None:
    made, evidence = claim(world), piece(world)
    say(world, evidence)
    argue(world, made, evidence, "context")
    with pytest.raises(Conflict):
        argue(world, made, evidence, "opposes")
    other = piece(world)
    say(world, other)
    argue(world, made, other, "opposes")
    assert again(world, made).status == "refuted"


def test_a_withdrawn_claim_takes_no_evidence(world: World) -> None:
    made = claim(world)
    with acting(world, "engineer"):
        withdraw_claim(claim=made, principal=world.engineer.principal(), reason="badly put")
    with pytest.raises(Conflict):
        argue(world, made, piece(world))


def test_a_viewer_claims_decides_and_orders_nothing(world: World) -> None:
    made, evidence, principal = claim(world), piece(world), world.viewer.principal()
    with acting(world, "viewer"):
        with pytest.raises(Forbidden):
            assert_claim(project=world.project, principal=principal, subject="s", predicate="p", value=1)
        with pytest.raises(Forbidden):
            argue_claim(claim=made, evidence=evidence, principal=principal, role="supports")
        with pytest.raises(Forbidden):
            make_chain(project=world.project, principal=principal, primary=evidence)
    with pytest.raises(Forbidden):
        decide(world, Basis(evidence=evidence), who="viewer")


# --- decisions --------------------------------------------------------------------------------------------------------


def test_a_decision_keeps_what_its_basis_was_worth(world: World) -> None:
    strong, weak = piece(world, source_type="ci_test_run"), piece(world)
    made = decide(world, Basis(evidence=strong), Basis(evidence=weak), Basis(claim=claim(world), role="context"))
    with world.as_("system"):
        rows = list(DecisionBasis.objects.filter(decision=made))
    assert [(row.credibility, row.uncertainty, row.load_bearing) for row in rows] == [
        (Decimal(".8500"), Decimal(1), True),
        (Decimal(".2500"), Decimal(1), True),
        (Decimal(".5000"), Decimal(1), False),
    ]
    assert '"credibility":"0.2500"' in newest_event(world, "decision.made").body
    reject(world, strong)
    assert again(world, rows[0]).credibility == Decimal(".8500")


def test_all_of_a_basis_carries_as_much_as_its_weakest_and_any_as_its_strongest(world: World) -> None:
    basis = [Basis(evidence=piece(world, source_type="ci_test_run")), Basis(evidence=piece(world))]
    with pytest.raises(Conflict) as refusal:
        decide(world, *basis, threshold=Decimal(".5"))
    assert refusal.value.code == "support_too_weak"
    assert refusal.value.extra["weakest"] == str(basis[1].evidence.id)  # type: ignore[union-attr]
    decide(world, *basis, threshold=Decimal(".5"), combination="any")


def test_when_support_falls_later_the_decision_is_marked_once_and_not_rewritten(world: World) -> None:
    evidence = piece(world, source_type="ci_test_run")
    made = decide(world, Basis(evidence=evidence), threshold=Decimal(".6"))
    reject(world, evidence)
    marked = again(world, made)
    assert marked.support_degraded_at is not None
    assert (marked.status, marked.outcome) == ("standing", "Yes.")
    event = newest_event(world, "decision.support_degraded")
    assert f'"weakest":"{evidence.id}"' in event.body
    assert '"at_use":"0.8500"' in event.body
    say(world, evidence, "admin", "refute")
    assert events_of(world).count("decision.support_degraded") == 1


def test_a_decision_on_a_claim_is_marked_when_the_claim_falls(world: World) -> None:
    made, evidence = claim(world), piece(world)
    say(world, evidence)
    argument = argue(world, made, evidence)
    decision = decide(world, Basis(claim=made))
    with acting(world, "engineer"):
        entry = ClaimEvidence.objects.select_related("claim").get(id=argument.id)
        retract_argument(entry=entry, principal=world.engineer.principal(), reason="mistaken")
    assert again(world, decision).support_degraded_at is not None


def test_a_small_fall_marks_nothing(world: World) -> None:
    evidence = piece(world, source_type="ci_test_run")
    say(world, evidence)
    decision = decide(world, Basis(evidence=evidence))
    say(world, evidence, "admin", "refute", method="static_check")
    assert again(world, decision).support_degraded_at is not None
    other = decide(world, Basis(evidence=evidence), threshold=Decimal(".1"))
    say(world, evidence, "admin", "refute", method="source_lookup")
    assert again(world, other).support_degraded_at is None


@pytest.mark.parametrize("fault", ["empty", "context only", "twice", "both", "neither"])
def test_a_decision_rests_on_something_named_once(world: World, fault: str) -> None:
    evidence = piece(world)
    basis = {
        "empty": [],
        "context only": [Basis(evidence=evidence, role="context")],
        "twice": [Basis(evidence=evidence), Basis(evidence=evidence)],
        "both": [Basis(evidence=evidence), Basis(evidence=evidence, claim=claim(world))],
        "neither": [Basis(evidence=evidence), Basis()],
    }[fault]
    with pytest.raises(Invalid):
        decide(world, *basis)


def test_a_policy_decides_in_its_own_name(world: World) -> None:
    evidence = piece(world)
    with world.as_("system"):
        made = make_decision(
            project=world.project, principal=None, question="?", outcome="!", basis=[Basis(evidence=evidence)]
        )
        assert (made.authority, made.user_id) == ("policy", None)
        assert made.policy_sha256 == POLICY_V1.sha256


def test_a_decision_is_superseded_or_withdrawn_once(world: World) -> None:
    basis = Basis(evidence=piece(world))
    first = decide(world, basis)
    second = decide(world, basis, supersedes=first)
    assert again(world, first).status == "superseded"
    with pytest.raises(Conflict):
        decide(world, basis, supersedes=first)
    with acting(world, "viewer"), pytest.raises(Forbidden):
        withdraw_decision(decision=second, principal=world.viewer.principal(), reason="no")
    with acting(world, "engineer"):
        assert (
            withdraw_decision(decision=second, principal=world.engineer.principal(), reason="no").status == "withdrawn"
        )
    assert events_of(world, resource_type="decision") == [
        "decision.made",
        "decision.made",
        "decision.superseded",
        "decision.withdrawn",
    ]


# --- chains -----------------------------------------------------------------------------------------------------------


def chain(world: World, primary: Evidence, *members: tuple[Evidence, str]) -> EvidenceChain:
    with acting(world, "engineer"):
        principal = world.engineer.principal()
        return make_chain(project=world.project, principal=principal, primary=primary, members=members)


def test_a_chain_is_as_strong_as_its_weakest_member_and_follows_it(world: World) -> None:
    strong, weak = piece(world, source_type="ci_test_run"), piece(world)
    made = chain(world, strong, (weak, "supporting"))
    assert made.confidence == Decimal(".2500")
    say(world, weak)
    assert again(world, made).confidence == Decimal(".7321")
    reject(world, strong)
    assert again(world, made).confidence == 0
    assert events_of(world, resource_type="evidence_chain") == [
        "chain.created",
        "chain.recalculated",
        "chain.recalculated",
    ]


def test_what_contradicts_limits_a_chain(world: World) -> None:
    primary, against = piece(world, source_type="ci_test_run"), piece(world, source_type="test_result")
    assert chain(world, primary, (against, "contradicting")).confidence == Decimal(".2000")


def test_members_come_and_go_and_the_primary_stays(world: World) -> None:
    primary, other = piece(world, source_type="ci_test_run"), piece(world)
    made, principal = chain(world, primary), world.engineer.principal()
    with acting(world, "engineer"):
        changed = add_to_chain(chain=made, principal=principal, evidence=other, role="supporting")
        assert changed.confidence == Decimal(".2500")
        with pytest.raises(Conflict):
            add_to_chain(chain=made, principal=principal, evidence=other, role="supporting")
        changed = remove_from_chain(chain=made, principal=principal, evidence=other)
        assert changed.confidence == Decimal(".8500")
        for evidence in (primary, other):
            with pytest.raises(DomainError):
                remove_from_chain(chain=made, principal=principal, evidence=evidence)
    with pytest.raises(Invalid):
        chain(world, primary, (primary, "supporting"))
