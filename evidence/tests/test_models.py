"""What the database holds about evidence and artifacts, whoever writes."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from common.ids import sha256_hex
from evidence.models import (
    Artifact,
    Attestation,
    Claim,
    Confidence,
    Decision,
    DecisionBasis,
    Evidence,
    EvidenceLink,
    EvidenceStatus,
)
from tests.world import World

DIGEST = sha256_hex(b"42 passed")


def piece(world: World, **values: Any) -> Evidence:
    facts = {"source_type": "test_result", "grade": "human", "title": "pytest", "content": "42 passed"}
    rest = {"content_sha256": DIGEST, "credibility": Decimal("0.8"), "author": world.engineer}
    return Evidence.objects.create(project=world.project, **facts | rest | values)


def artifact(world: World, path: str, **values: Any) -> Artifact:
    facts = {"artifact_type": "project_plan", "content_sha256": DIGEST, "created_by": world.engineer}
    made: Artifact = Artifact.objects.create(project=world.project, path=path, **facts | values)
    return made


def refused(call: Any, *arguments: Any, **values: Any) -> bool:
    try:
        with transaction.atomic():
            call(*arguments, **values)
    except Error:
        return True
    return False


@pytest.mark.parametrize(
    ("credibility", "word"),
    [
        ("1", Confidence.VERY_HIGH),
        ("0.9", Confidence.VERY_HIGH),
        ("0.8999", Confidence.HIGH),
        ("0.75", Confidence.HIGH),
        ("0.7499", Confidence.MEDIUM),
        ("0.5", Confidence.MEDIUM),
        ("0.4999", Confidence.LOW),
        ("0.25", Confidence.LOW),
        ("0.2499", Confidence.VERY_LOW),
        ("0", Confidence.VERY_LOW),
    ],
)
def test_the_word_for_credibility_follows_its_number(world: World, credibility: str, word: str) -> None:
    with world.as_("engineer"):
        evidence = piece(world, credibility=Decimal(credibility))
        assert evidence.confidence == word
        assert Evidence.objects.get(confidence=word) == evidence


def test_verified_means_by_somebody_at_some_time(world: World) -> None:
    with world.as_("engineer"):
        evidence = Evidence.objects.filter(id=piece(world).id)
        assert refused(evidence.update, verified_at=timezone.now())
        assert refused(evidence.update, verified_by=world.reviewer)
        assert not evidence.get().is_verified
        evidence.update(verified_at=timezone.now(), verified_by=world.reviewer)
        assert evidence.get().is_verified


@pytest.mark.parametrize(
    "values", [{"source_name": "x"}, {"metadata": {"a": 1}}, {"mutable": True}, {"expires_at": timezone.now()}]
)
def test_what_was_handed_in_stays(world: World, values: dict[str, Any]) -> None:
    with world.as_("engineer"):
        assert refused(Evidence.objects.filter(id=piece(world).id).update, **values)


def test_scores_status_and_tags_may_change(world: World) -> None:
    with world.as_("engineer"):
        evidence = Evidence.objects.filter(id=piece(world).id)
        assert refused(evidence.update, status=EvidenceStatus.INTEGRITY_FAILED)
        evidence.update(status=EvidenceStatus.INTEGRITY_FAILED, credibility=0, tags=["broken"], disputed=True)
        assert evidence.get().confidence == Confidence.VERY_LOW


@pytest.mark.parametrize("kind", ["contradicts", "corroborates", "related", "derived_from", "supersedes"])
def test_lineage_and_what_holds_both_ways_point_from_newer_to_older(world: World, kind: str) -> None:
    with world.as_("engineer"):
        older, newer = piece(world), piece(world)
        link = {"kind": kind, "user": world.engineer}
        assert refused(EvidenceLink.objects.create, from_evidence=older, to_evidence=newer, **link)
        EvidenceLink.objects.create(from_evidence=newer, to_evidence=older, **link)


def test_support_points_either_way_but_not_at_itself(world: World) -> None:
    with world.as_("engineer"):
        older, newer = piece(world), piece(world)
        link = {"kind": "supports", "user": world.engineer}
        EvidenceLink.objects.create(from_evidence=older, to_evidence=newer, **link)
        EvidenceLink.objects.create(from_evidence=newer, to_evidence=older, **link)
        assert refused(EvidenceLink.objects.create, from_evidence=newer, to_evidence=newer, **link)


def test_a_link_is_retracted_once_and_may_be_made_again(world: World) -> None:
    with world.as_("engineer"):
        older, newer = piece(world), piece(world)
        values = {"from_evidence": newer, "to_evidence": older, "kind": "related", "user": world.engineer}
        link = EvidenceLink.objects.filter(id=EvidenceLink.objects.create(**values).id)
        assert refused(EvidenceLink.objects.create, **values)
        assert refused(link.update, strength=Decimal("0.5"))
        assert refused(link.delete)
        link.update(retracted_at=timezone.now(), retracted_by=world.engineer, retraction_reason="mistaken")
        assert refused(link.update, retraction_reason="changed my mind")
        EvidenceLink.objects.create(**values)


def test_a_review_by_a_person_has_a_person(world: World) -> None:
    with world.as_("reviewer"):
        values = {
            "evidence": piece(world),
            "method": "human_review",
            "verdict": "confirm",
            "envelope": {"payload": ""},
            "envelope_sha256": DIGEST,
            "key_fingerprint": "k",
            "predicate_type": "p",
            "independence_group": "g",
            "finished_on": timezone.now(),
        }
        assert refused(Attestation.objects.create, **values)
        assert refused(Attestation.objects.create, **values, agent=world.agent)
        assert refused(Attestation.objects.create, **values, agent=world.agent, user=world.reviewer)
        Attestation.objects.create(**values, user=world.reviewer)
        assert refused(Attestation.objects.create, **values, user=world.reviewer)
        Attestation.objects.create(**values | {"method": "platform_rerun", "envelope_sha256": sha256_hex(b"other")})


def test_a_decision_names_its_authority_and_rests_on_one_thing_at_a_time(world: World) -> None:
    with world.as_("engineer"):
        made = {"project": world.project, "question": "?", "outcome": "!", "made_at": timezone.now()}
        assert refused(Decision.objects.create, **made, authority="human")
        assert refused(Decision.objects.create, **made, authority="agent", user=world.engineer)
        assert refused(Decision.objects.create, **made, authority="policy")
        decision = Decision.objects.create(**made, authority="policy", policy_sha256=DIGEST)
        assert refused(Decision.objects.filter(id=decision.id).update, outcome="?")
        claim = Claim.objects.create(
            project=world.project, subject="main", predicate="passes", value=True, user=world.engineer
        )
        basis = {"decision": decision, "role": "supports", "credibility": 1, "uncertainty": 0}
        assert refused(DecisionBasis.objects.create, **basis)
        assert refused(DecisionBasis.objects.create, **basis, claim=claim, evidence=piece(world))
        DecisionBasis.objects.create(**basis, claim=claim)
        assert refused(DecisionBasis.objects.create, **basis, claim=claim)


def test_a_part_belongs_to_something_coarser(world: World) -> None:
    with world.as_("engineer"):
        document = artifact(world, "prd")
        section = artifact(world, "prd/1", granularity="section", parent=document)
        concept = artifact(world, "prd/1/a", granularity="concept", parent=section)
        artifact(world, "prd/b", granularity="concept", parent=document)
        assert refused(artifact, world, "x", parent=document)
        assert refused(artifact, world, "x", granularity="section")
        assert refused(artifact, world, "x", granularity="section", parent=section)
        assert refused(artifact, world, "x", granularity="concept", parent=concept)


def test_one_version_of_an_artifact_is_current(world: World) -> None:
    with world.as_("engineer"):
        first = artifact(world, "PRD", title="first")
        rows = Artifact.objects.filter(id=first.id)
        assert refused(artifact, world, "prd")
        assert refused(rows.update, title="second")
        rows.update(is_current=False)
        assert refused(artifact, world, "prd", version=2)
        second = artifact(world, "prd", version=2, supersedes=first)
        Artifact.objects.filter(id=second.id).update(deleted_at=timezone.now())
        assert list(Artifact.objects.all()) == [first]
        assert Artifact.all_objects.count() == 2


def test_an_embedding_has_its_model_and_dimension(world: World) -> None:
    with world.as_("engineer"):
        rows = Artifact.objects.filter(id=artifact(world, "prd").id)
        assert refused(rows.update, embedding=[0.1, 0.2])
        assert refused(rows.update, embedding=[0.1, 0.2], embedding_model="m", embedding_dimension=3)
        rows.update(embedding=[0.1, 0.2], embedding_model="m", embedding_dimension=2)


def found(world: World, words: str, grain: str | None = None) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT path FROM sec.search_artifacts(%s, %s, %s, 10) JOIN evidence_artifact ON id = artifact_id"
            " ORDER BY score DESC",
            [world.project.id, words, grain],
        )
        return [path for (path,) in cursor.fetchall()]


def test_artifacts_are_found_by_their_words_within_tenant_and_project(world: World, other_world: World) -> None:
    with world.as_("engineer"):
        document = artifact(world, "prd", content_text="The lease of an agent expires.")
        artifact(world, "prd/1", title="Leases", granularity="section", parent=document)
        artifact(world, "old", content_text="leases", is_current=False)
        assert found(world, "expired lease") == ["prd"]
        assert found(world, "lease") == ["prd/1", "prd"]  # a title weighs more
        assert found(world, "lease", "document") == ["prd"]
        assert found(world, "nothing of the kind") == found(world, "the") == []
    with other_world.as_("engineer"):
        assert found(world, "lease") == []


def test_evidence_is_found_by_tags_within_the_tenant(world: World, other_world: World) -> None:
    with other_world.as_("engineer"):
        piece(other_world, tags=["ci", "nightly"])
    with world.as_("engineer"):
        both, one = piece(world, tags=["ci", "nightly"]), piece(world, tags=["ci"])
        piece(world)
        assert set(Evidence.objects.tagged(["ci", "nightly"], with_all=True)) == {both}
        assert set(Evidence.objects.tagged(["ci", "nightly"], with_all=False)) == {both, one}
        assert set(Evidence.objects.tagged(["ci"], with_all=True)) == {both, one}
        assert not Evidence.objects.tagged(["none"], with_all=False)
