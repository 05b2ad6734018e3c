"""Attestations: who may give them, what a signature must cover, what they change, and how they are taken back."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from agents.models import AgentKey
from common.errors import Conflict, DomainError, Forbidden, Invalid
from evidence import dsse
from evidence.models import Attestation, CredibilityChange, Evidence
from evidence.services import (
    attest_as_platform,
    override_credibility,
    reject_evidence,
    revoke_attestation,
    verify_evidence,
)
from tests.checked import Signer, fresh, piece, say
from tests.work import acting, events_of, newest_event
from tests.world import World


def reported(world: World, evidence: Evidence) -> Decimal:
    credibility: Decimal = fresh(world, evidence).credibility
    return credibility


def rerun(world: World, evidence: Any, verdict: str = "confirm", tool: str = "rerunner") -> Attestation:
    with world.as_("system"):
        return attest_as_platform(evidence=evidence, method="platform_rerun", verdict=verdict, toolchain=tool)


def test_checks_lift_a_self_report_as_the_worked_examples_say(world: World) -> None:
    evidence = piece(world)
    assert reported(world, evidence) == Decimal(".2500")
    rerun(world, evidence)
    assert reported(world, evidence) == Decimal(".8082")
    say(world, evidence)
    assert reported(world, evidence) == Decimal(".8687")
    rerun(world, evidence, "refute", tool="another party")
    after = fresh(world, evidence)
    assert (after.credibility, after.disputed) == (Decimal(".5754"), True)
    assert after.credibility_factors["admiralty"] == "F3"
    assert after.credibility_factors["stix"] == 57


def test_every_change_of_a_score_has_its_line_and_its_event(world: World) -> None:
    evidence = piece(world)
    say(world, evidence, note="read it")
    event = newest_event(world, "evidence.credibility_changed")
    with world.as_("system"):
        created, attested = CredibilityChange.objects.filter(evidence=evidence).order_by("id")
        assert (created.reason_code, created.previous_credibility, created.new_credibility) == (
            "created",
            None,
            Decimal(".2500"),
        )
        assert (attested.previous_credibility, attested.new_credibility) == (Decimal(".2500"), Decimal(".7321"))
        assert (attested.user_id, attested.reason, attested.event_id) == (world.reviewer.id, "read it", event.id)
        assert [entry["counted"] for entry in attested.inputs] == ["3.6000"]
        assert attested.policy.sha256 in event.body
        stored = fresh(world, evidence)
        assert (stored.credibility, stored.as_of) == (attested.new_credibility, attested.as_of)


def test_three_reviews_of_one_model_count_for_little_more_than_one(world: World) -> None:
    evidence = piece(world)
    for number, who in enumerate(("reviewer", "viewer", "stranger")):
        signer = Signer(world, world.people[who], f"checker {number}", model_name="same-model")
        signer.attest(evidence, independence={"model_family": f"pretends to be {number}"})
    assert reported(world, evidence) == Decimal(".3273")


def test_two_agents_of_one_person_are_one_principal(world: World) -> None:
    evidence = piece(world)
    for name in ("one", "two"):
        Signer(world, world.reviewer, name, model_name=name).attest(evidence)
    with world.as_("system"):
        assert Attestation.objects.values("independence_group").distinct().count() == 1


@pytest.mark.parametrize(
    ("who", "refused"),
    [("engineer", "own_evidence"), ("viewer", "own_evidence"), ("stranger", "own_evidence"), ("reviewer", "")],
)
def test_contributors_attest_and_never_their_agents_evidence(world: World, who: str, refused: str) -> None:
    evidence = piece(world)
    if not refused:
        say(world, evidence, who)
        return
    with pytest.raises(Forbidden) as refusal:
        say(world, evidence, who)
    assert refusal.value.code == refused
    assert "evidence.attested" not in events_of(world)


def test_an_agent_does_not_attest_its_owners_evidence(world: World) -> None:
    with pytest.raises(Forbidden):
        Signer(world, world.engineer, "twin").attest(piece(world))


@pytest.mark.parametrize("method", ["platform_rerun", "llm_review", "human_override", "signature_valid"])
def test_a_person_attests_by_a_persons_methods(world: World, method: str) -> None:
    with pytest.raises(Forbidden):
        say(world, piece(world), method=method)


@pytest.mark.parametrize("method", ["platform_rerun", "human_review", "human_override"])
def test_no_agent_says_that_the_platform_or_a_person_looked(world: World, method: str) -> None:
    with pytest.raises(Forbidden):
        Signer(world, world.reviewer).attest(piece(world), method=method)


def test_a_persons_word_is_kept_under_the_platforms_signature(world: World) -> None:
    evidence = piece(world)
    attestation = say(world, evidence, note="read it")
    payload = dsse.decode(attestation.envelope["payload"])
    assert evidence.content_sha256.encode() in payload
    assert str(world.reviewer.id).encode() in payload
    assert attestation.envelope_sha256 == dsse.digest_of(attestation.envelope, attestation.key_fingerprint)


def test_an_agents_envelope_is_kept_as_it_was_signed(world: World) -> None:
    evidence, signer = piece(world), Signer(world, world.reviewer)
    envelope = signer.envelope(
        evidence, verdict="refute", startedOn="2026-01-01T10:00:00Z", finishedOn="2026-01-01T11:00:00Z"
    )
    attestation = signer.attest(evidence, envelope | {"smuggled": "x" * 100})
    assert (attestation.verdict, attestation.agent_id) == ("refute", signer.agent.id)
    assert attestation.key_fingerprint == signer.registered.fingerprint
    assert attestation.envelope == envelope
    assert attestation.envelope_sha256 in newest_event(world, "evidence.attested").body
    payload, _ = dsse.open_envelope(attestation.envelope, {"k": bytes(signer.registered.public_key)})
    assert b"refute" in payload


def broken(signer: Signer, evidence: Any, how: str) -> dict[str, Any]:
    envelope = signer.envelope(evidence)
    future = (timezone.now() + timedelta(hours=1)).isoformat()
    return {
        "no signature": lambda: envelope | {"signatures": []},
        "another payload": lambda: envelope | {"payload": envelope["payload"][4:]},
        "another key": lambda: Signer(signer.world, signer.world.viewer, "other").envelope(evidence),
        "another subject": lambda: signer.envelope(evidence, digest="0" * 64),
        "no verdict": lambda: signer.envelope(evidence, verdict="maybe"),
        "from the future": lambda: signer.envelope(evidence, finishedOn=future),
        "backwards": lambda: signer.envelope(
            evidence, startedOn="2026-01-02T00:00:00Z", finishedOn="2026-01-01T00:00:00Z"
        ),
    }[how]()


@pytest.mark.parametrize(
    "how",
    ["no signature", "another payload", "another key", "another subject", "no verdict", "from the future", "backwards"],
)
def test_an_envelope_that_proves_nothing_is_refused(world: World, how: str) -> None:
    evidence, signer = piece(world), Signer(world, world.reviewer)
    with pytest.raises(Invalid):
        signer.attest(evidence, broken(signer, evidence, how))
    assert reported(world, evidence) == Decimal(".2500")


def test_a_revoked_key_signs_nothing_any_more(world: World) -> None:
    evidence, signer = piece(world), Signer(world, world.reviewer)
    with world.as_("admin"):
        keys = AgentKey.objects.filter(id=signer.registered.id)
        keys.update(revoked_at=timezone.now(), revoked_reason="lost")
    with pytest.raises(Invalid) as refusal:
        signer.attest(evidence)
    assert refusal.value.code == "bad_signature"


def test_an_attestation_is_given_once_however_it_is_written_down(world: World) -> None:
    evidence, signer = piece(world), Signer(world, world.reviewer)
    envelope = signer.envelope(evidence)
    signer.attest(evidence, envelope)
    other = {"signatures": envelope["signatures"] * 2, "payloadType": envelope["payloadType"]}
    with pytest.raises(Conflict) as refusal:
        signer.attest(evidence, other | {"payload": envelope["payload"].replace("+", "-").replace("/", "_")})
    assert refusal.value.code == "already_attested"


def revoke(world: World, attestation: Attestation, who: str) -> None:
    with acting(world, who):
        found = Attestation.objects.select_related("agent", "evidence__agent").get(id=attestation.id)
        revoke_attestation(attestation=found, principal=world.people[who].principal(), reason="mistaken")


def test_what_is_revoked_counts_for_nothing_and_stays(world: World) -> None:
    evidence = piece(world)
    attestation = say(world, evidence)
    revoke(world, attestation, "reviewer")
    assert reported(world, evidence) == Decimal(".2500")
    with world.as_("system"):
        assert Attestation.objects.count() == 1
        assert not Attestation.objects.standing().exists()
        assert CredibilityChange.objects.latest("id").reason_code == "attestation_revoked"
    with pytest.raises(Conflict, match="already"):
        revoke(world, attestation, "reviewer")


@pytest.mark.parametrize(("who", "may"), [("engineer", False), ("viewer", False), ("admin", True)])
def test_nobody_hides_what_refutes_their_own(world: World, who: str, may: bool) -> None:
    attestation = say(world, piece(world), verdict="refute")
    if may:
        revoke(world, attestation, who)
        return
    with pytest.raises(Forbidden):
        revoke(world, attestation, who)


def test_a_verdict_lies_on_an_attestation_that_is_not_taken_back(world: World) -> None:
    evidence = piece(world)
    with acting(world, "reviewer"):
        verify_evidence(evidence=fresh(world, evidence), principal=world.reviewer.principal(), note="ran it")
    assert reported(world, evidence) == Decimal(".7321")
    with world.as_("system"):
        attestation = Attestation.objects.get()
        assert (attestation.method, attestation.note) == ("human_review", "ran it")
    with pytest.raises(Conflict) as refusal:
        revoke(world, attestation, "admin")
    assert refusal.value.code == "verdict_is_final"


def test_a_rejection_refutes(world: World) -> None:
    evidence = piece(world, source_type="test_result")
    with acting(world, "reviewer"):
        reject_evidence(evidence=fresh(world, evidence), principal=world.reviewer.principal(), note="no")
    assert reported(world, evidence) == Decimal(".2857")


def override(world: World, evidence: Any, who: str, **values: Any) -> None:
    with acting(world, who):
        override_credibility(
            evidence=fresh(world, evidence),
            principal=world.people[who].principal(),
            **{"verdict": "refute", "reason": "I wrote the test, it proves nothing", **values},
        )


def test_an_override_is_a_persons_word_with_a_reason_and_outweighs_two_checks(world: World) -> None:
    evidence = piece(world, source_type="ci_test_run")
    rerun(world, evidence)
    say(world, evidence)
    override(world, evidence, "admin")
    after = fresh(world, evidence)
    assert after.credibility == Decimal(".3780")
    with world.as_("system"):
        change = CredibilityChange.objects.latest("id")
        assert (change.reason_code, change.user_id) == ("human_override", world.admin.id)
        assert Attestation.objects.latest("id").method == "human_override"


@pytest.mark.parametrize(
    ("who", "values"),
    [("engineer", {}), ("viewer", {}), ("reviewer", {"reason": " "}), ("reviewer", {"verdict": "inconclusive"})],
)
def test_an_override_needs_a_maintainer_and_a_reason(world: World, who: str, values: dict[str, Any]) -> None:
    evidence = piece(world)
    with pytest.raises(DomainError):
        override(world, evidence, who, **values)
    assert reported(world, evidence) == Decimal(".2500")
