"""Evidence in the admin: read, verify, reject."""

from audit.models import Event
from evidence.models import Evidence
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
