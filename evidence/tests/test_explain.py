"""Explanations: what is stored can be computed again, at its moment and at every one before."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import DomainError, Invalid
from evidence.models import Attestation, CredibilityChange, Evidence
from evidence.queries import explain
from evidence.services import attest_as_platform, reject_evidence, revoke_attestation, verify_evidence
from tests.checked import fresh, join, piece, say
from tests.work import acting
from tests.world import World


def test_an_explanation_names_every_input_with_its_weight(world: World) -> None:
    evidence, supporter = piece(world), piece(world, title="supporter")
    say(world, supporter)
    join(world, supporter, evidence)
    say(world, evidence, "admin", "refute")
    with world.as_("system"):
        stored = fresh(world, evidence)
        told = explain(stored, stored.as_of)
        assert told.matches(stored)
        inputs = {entry.label: entry.weight for entry in told.inputs}
        assert inputs == {
            "Reviewed by a person: Refutes": Decimal("-3.6000"),
            "Supports: supporter": Decimal("1.2858"),
        }
        assert told.policy_version == 1
        assert [missing.method for missing in told.missing] == ["proof_checked", "reproduced_build", "platform_rerun"]
        now = explain(stored)
        assert now.matches(stored) is None
        assert now.opinion.credibility == told.opinion.credibility


def test_a_moment_before_the_evidence_is_refused(world: World) -> None:
    evidence = piece(world)
    with world.as_("system"), pytest.raises(Invalid):
        explain(evidence, evidence.created_at - timedelta(seconds=1))


def step(world: World, pieces: list[Evidence], kind: str, which: int, other: int) -> None:
    """Do one thing to evidence; what the state does not allow changes nothing."""
    subject, second = fresh(world, pieces[which]), fresh(world, pieces[other])
    principal = world.reviewer.principal()
    try:
        if kind in {"supports", "contradicts", "derived_from"}:
            join(world, subject, second, kind)
        elif kind == "rerun":
            with acting(world, "system"):
                attest_as_platform(evidence=subject, method="platform_rerun", verdict="confirm", toolchain="rerunner")
        elif kind == "revoke":
            with acting(world, "reviewer"):
                found = Attestation.objects.filter(evidence=subject, user=world.reviewer)
                attestation: Any = found.select_related("evidence__agent", "agent").first()
                if attestation:
                    revoke_attestation(attestation=attestation, principal=principal, reason="mistaken")
        elif kind in {"verify", "reject"}:
            with acting(world, "reviewer"):
                service: Any = verify_evidence if kind == "verify" else reject_evidence
                service(evidence=subject, principal=principal, note="looked")
        else:
            say(world, subject, verdict=kind)
    except DomainError:
        return


KINDS = ["supports", "contradicts", "derived_from", "rerun", "revoke", "verify", "reject", "confirm", "refute"]
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 2), st.integers(0, 2)), min_size=3, max_size=9)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_every_line_of_every_history_is_computed_again_exactly(world: World, steps: list[tuple[str, int, int]]) -> None:
    pieces = [piece(world, source_type=kind) for kind in ("agent_self_report", "ci_test_run", "derived_aggregate")]
    for kind, which, other in steps:
        step(world, pieces, kind, which, other)
    with world.as_("system"):
        for evidence in pieces:
            stored = fresh(world, evidence)
            assert explain(stored, stored.as_of).matches(stored), steps
            for change in CredibilityChange.objects.filter(evidence=evidence):
                opinion = explain(stored, change.as_of).opinion
                assert (opinion.credibility, opinion.uncertainty) == (change.new_credibility, change.new_uncertainty)
                assert (opinion.confirming, opinion.refuting) == (change.confirming, change.refuting)
            newest = CredibilityChange.objects.filter(evidence=evidence).latest("id")
            assert newest.new_credibility == stored.credibility
