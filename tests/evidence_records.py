"""What each service of evidence leaves in the log: scenes for tests/test_services_record.py."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from evidence import services as evidence
from evidence.credibility import DOCUMENT_V1
from evidence.models import Attestation, ClaimEvidence, Decision, Evidence, EvidenceLink
from tests.checked import Signer, fresh, join, piece, say
from tests.work import acting
from tests.world import World

Scene = Callable[[World], Any]
SCENES: dict[str, tuple[Scene, list[str]]] = {}

HANDED_IN = ("evidence.registered",)
SCORED = "evidence.credibility_changed"
ATTESTED = ("evidence.attested", SCORED)
SIGNER = ("project.member_added", "agent.registered")
DECIDED = (*HANDED_IN, "decision.made")
CLAIMED = ("claim.asserted",)
ARGUED = (*CLAIMED, *HANDED_IN, "claim.evidence_added")


def leaves(name: str, *events: str) -> Callable[[Scene], Scene]:
    def remember(scene: Scene) -> Scene:
        SCENES[f"evidence.{name}"] = (scene, list(events))
        return scene

    return remember


def as_engineer(world: World, call: Callable[..., Any], **values: Any) -> Any:
    with acting(world, "engineer"):
        return call(principal=world.engineer.principal(), **values)


@leaves("submit_evidence", *HANDED_IN)
def submit_evidence(world: World) -> None:
    piece(world)


def contributed(world: World) -> dict[str, Any]:
    return {"source_type": "test_result", "title": "t", "content": "c"}


@leaves("contribute_evidence", *HANDED_IN)
def contribute_evidence(world: World) -> None:
    about = evidence.About(project_id=world.project.id)
    as_engineer(world, evidence.contribute_evidence, about=about, **contributed(world))


@leaves("contribute_all", *HANDED_IN, *HANDED_IN)
def contribute_all(world: World) -> None:
    about = evidence.About(project_id=world.project.id)
    as_engineer(world, evidence.contribute_all, pieces=[(about, contributed(world)) for _ in range(2)])


@leaves("tag_evidence", *HANDED_IN, "evidence.tagged")
def tag_evidence(world: World) -> None:
    made = piece(world)
    with acting(world, "engineer"):
        evidence.tag_evidence(evidence=made, tags=["ci"])


def judged(world: World, service: Callable[..., Any]) -> None:
    made = piece(world)
    with acting(world, "reviewer"):
        service(evidence=made, principal=world.reviewer.principal(), note="looked")


@leaves("verify_evidence", *HANDED_IN, *ATTESTED, "evidence.verified")
def verify_evidence(world: World) -> None:
    judged(world, evidence.verify_evidence)


@leaves("reject_evidence", *HANDED_IN, *ATTESTED, "evidence.rejected")
def reject_evidence(world: World) -> None:
    judged(world, evidence.reject_evidence)


@leaves("attest", *HANDED_IN, *ATTESTED)
def attest(world: World) -> None:
    say(world, piece(world))


@leaves("attest_signed", *HANDED_IN, *SIGNER, *ATTESTED)
def attest_signed(world: World) -> None:
    made = piece(world)
    Signer(world, world.stranger).attest(made)


@leaves("attest_as_platform", *HANDED_IN, *ATTESTED)
def attest_as_platform(world: World) -> None:
    made = piece(world)
    with acting(world, "system"):
        evidence.attest_as_platform(evidence=made, method="platform_rerun", verdict="confirm", toolchain="pytest")


@leaves("override_credibility", *HANDED_IN, *ATTESTED)
def override_credibility(world: World) -> None:
    made = piece(world)
    with acting(world, "reviewer"):
        principal = world.reviewer.principal()
        evidence.override_credibility(evidence=made, principal=principal, verdict="refute", reason="no")


@leaves("revoke_attestation", *HANDED_IN, *ATTESTED, "evidence.attestation_revoked", SCORED)
def revoke_attestation(world: World) -> None:
    attestation: Attestation = say(world, piece(world))
    with acting(world, "reviewer"):
        evidence.revoke_attestation(attestation=attestation, principal=world.reviewer.principal(), reason="mistaken")


def linked(world: World) -> EvidenceLink:
    link: EvidenceLink = join(world, piece(world), piece(world))
    return link


@leaves("link_evidence", *HANDED_IN, *HANDED_IN, "evidence.linked")
def link_evidence(world: World) -> None:
    linked(world)


@leaves("retract_link", *HANDED_IN, *HANDED_IN, "evidence.linked", "evidence.link_retracted")
def retract_link(world: World) -> None:
    link = linked(world)
    as_engineer(world, evidence.retract_link, link=link, reason="mistaken")


def claimed(world: World) -> Any:
    claim = {"subject": "main", "predicate": "passes", "value": True}
    return as_engineer(world, evidence.assert_claim, project=world.project, **claim)


@leaves("assert_claim", *CLAIMED)
def assert_claim(world: World) -> None:
    claimed(world)


def argued(world: World) -> ClaimEvidence:
    claim, made = claimed(world), piece(world)
    entry: ClaimEvidence = as_engineer(world, evidence.argue_claim, claim=claim, evidence=made, role="supports")
    return entry


@leaves("argue_claim", *ARGUED)
def argue_claim(world: World) -> None:
    argued(world)


@leaves("retract_argument", *ARGUED, "claim.evidence_retracted")
def retract_argument(world: World) -> None:
    entry = argued(world)
    as_engineer(world, evidence.retract_argument, entry=entry, reason="mistaken")


@leaves("withdraw_claim", *CLAIMED, "claim.withdrawn")
def withdraw_claim(world: World) -> None:
    claim = claimed(world)
    as_engineer(world, evidence.withdraw_claim, claim=claim, reason="badly put")


def decided(world: World) -> Decision:
    basis = [evidence.Basis(evidence=piece(world))]
    made: Decision = as_engineer(
        world, evidence.make_decision, project=world.project, question="?", outcome="!", basis=basis
    )
    return made


@leaves("make_decision", *DECIDED)
def make_decision(world: World) -> None:
    decided(world)


@leaves("withdraw_decision", *DECIDED, "decision.withdrawn")
def withdraw_decision(world: World) -> None:
    decision = decided(world)
    as_engineer(world, evidence.withdraw_decision, decision=decision, reason="no")


def chained(world: World) -> Any:
    return as_engineer(world, evidence.make_chain, project=world.project, primary=piece(world))


@leaves("make_chain", *HANDED_IN, "chain.created")
def make_chain(world: World) -> None:
    chained(world)


def grown(world: World) -> tuple[Any, Evidence]:
    chain, other = chained(world), piece(world, source_type="test_result")
    as_engineer(world, evidence.add_to_chain, chain=chain, evidence=other, role="supporting")
    return chain, other


GROWN = (*HANDED_IN, "chain.created", *HANDED_IN, "chain.changed")


@leaves("add_to_chain", *GROWN)
def add_to_chain(world: World) -> None:
    grown(world)


@leaves("remove_from_chain", *GROWN, "chain.changed")
def remove_from_chain(world: World) -> None:
    chain, other = grown(world)
    as_engineer(world, evidence.remove_from_chain, chain=chain, evidence=other)


@leaves("publish_policy", "credibility_policy.published")
def publish_policy(world: World) -> None:
    with acting(world, "admin"):
        evidence.publish_policy(principal=world.admin.principal(), document={**DOCUMENT_V1, "version": 2})


@leaves("apply_policy", *HANDED_IN, "credibility_policy.published", SCORED)
def apply_policy(world: World) -> None:
    piece(world)
    rates = {**DOCUMENT_V1["base_rates"], "agent_self_report": ".1"}
    with acting(world, "admin"):
        document = {**DOCUMENT_V1, "version": 2, "base_rates": rates}
        evidence.publish_policy(principal=world.admin.principal(), document=document)
    with acting(world, "system"):
        evidence.apply_policy()


@leaves("apply_records", *HANDED_IN, *HANDED_IN, *SIGNER, *ATTESTED, *ATTESTED, *ATTESTED, "evidence.verified", SCORED)
def apply_records(world: World) -> None:
    first, second = piece(world), piece(world)
    signer = Signer(world, world.stranger)
    for made in (first, second):
        signer.attest(made)
    with acting(world, "reviewer"):
        evidence.verify_evidence(evidence=fresh(world, first), principal=world.reviewer.principal())
    with acting(world, "system"):
        evidence.apply_records()


@leaves("apply_decay", *HANDED_IN, SCORED)
def apply_decay(world: World) -> None:
    long_ago = timezone.now() - timedelta(days=300)
    made = piece(world, source_type="platform_observation", mutable=True, collected_at=long_ago)
    with acting(world, "system"):
        Evidence.objects.filter(id=made.id).update(credibility=".9")
        evidence.apply_decay()


@leaves("expire_evidence", *HANDED_IN, "evidence.expired")
def expire_evidence(world: World) -> None:
    made = piece(world, expires_at=timezone.now() + timedelta(milliseconds=500))
    with acting(world, "system"):
        while not evidence.expire_evidence():
            assert fresh(world, made).status == "current"


@leaves("scrub_content", *HANDED_IN, "evidence.content_verified")
def scrub_content(world: World) -> None:
    made = piece(world)
    with acting(world, "system"):
        evidence.scrub_content(slice_of=made.content_sha256[0])
