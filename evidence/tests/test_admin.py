"""Evidence in the admin: read, verify, reject."""

from decimal import Decimal

from audit.models import Event
from evidence.models import AttestationRevocation, Evidence, EvidenceLink
from evidence.services import Basis
from evidence.tests.test_reasoning import argue, claim, decide
from tests.checked import join, piece, say
from tests.staff import AdminPages, assert_cheap, shown_rows, signed_in, told
from tests.work import hand_in, started
from tests.world import World


def pages(world: World) -> AdminPages:
    return AdminPages(signed_in(world.admin), "evidence_evidence")


def handed_in(world: World) -> Evidence:
    _, claim = started(world)
    return hand_in(world, claim)


def test_the_change_list_is_cheap_and_leaves_the_content_in_the_database(world: World) -> None:
    handed_in(world)
    assert_cheap(pages(world))
    assert "content" in shown_rows(pages(world).list())[0].get_deferred_fields()


def test_evidence_is_verified_in_the_name_of_the_person(world: World) -> None:
    evidence = handed_in(world)
    pages(world).run("verify", evidence.id, reason="ran it again")
    with world.as_("system"):
        verified = Evidence.objects.get(id=evidence.id)
        assert (verified.verified_by_id, verified.review_note) == (world.admin.id, "ran it again")
        assert Event.objects.get(event_type="evidence.verified").actor_id == world.admin.id


def test_what_was_reviewed_already_is_refused_and_said(world: World) -> None:
    evidence = handed_in(world)
    pages(world).run("reject", evidence.id, reason="another commit")
    answer = pages(world).run("verify", evidence.id, reason="no, it is fine")
    assert "reviewed already" in told(answer)
    with world.as_("system"):
        assert Evidence.objects.get(id=evidence.id).verified_at is None


def test_evidence_cannot_be_added_changed_or_deleted(world: World) -> None:
    evidence = handed_in(world)
    rows = pages(world)
    assert rows.show(evidence.id).status_code == 200
    assert rows.add(title="forged").status_code == 403
    assert rows.change(evidence.id, title="forged").status_code == 403
    assert rows.client.post(rows.address("delete", evidence.id), {"post": "yes"}).status_code == 403
    with world.as_("system"):
        assert Evidence.objects.get(id=evidence.id).title == "pytest"


def test_an_attestation_is_revoked_and_a_link_retracted_with_a_reason(world: World) -> None:
    subject, supporter = piece(world), piece(world)
    attestation, link = say(world, supporter), join(world, supporter, subject)
    client = signed_in(world.admin)
    assert "done for 1" in told(
        AdminPages(client, "evidence_attestation").run("revoke", attestation.id, reason="hasty")
    )
    assert "done for 1" in told(AdminPages(client, "evidence_evidencelink").run("retract", link.id, reason="mistaken"))
    with world.as_("system"):
        assert AttestationRevocation.objects.get().reason == "hasty"
        assert EvidenceLink.objects.get().retraction_reason == "mistaken"
        assert Evidence.objects.get(id=supporter.id).credibility == Decimal(".2500")


def test_claims_and_decisions_are_withdrawn_and_arguments_taken_back(world: World) -> None:
    made, evidence = claim(world), piece(world)
    entry, decision = argue(world, made, evidence), decide(world, Basis(evidence=evidence))
    client = signed_in(world.admin)
    for model, action, row in (
        ("evidence_claimevidence", "take_back", entry),
        ("evidence_claim", "withdraw", made),
        ("evidence_decision", "withdraw", decision),
    ):
        assert "done for 1" in told(AdminPages(client, model).run(action, row.id, reason="mistaken")), model


def test_a_page_shows_the_newest_of_what_belongs_to_it(world: World) -> None:
    subject, supporter = piece(world), piece(world)
    say(world, subject)
    join(world, supporter, subject)
    titles = [panel["title"] for panel in pages(world).show(subject.id).context["panels"] if panel["rows"]]
    assert titles == ["Newest credibility changes", "Newest attestations", "Linked from"]
