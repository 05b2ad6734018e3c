"""Links: where they may point, and what they make of scores."""

from decimal import Decimal

import pytest

from common.errors import Conflict, Forbidden, Invalid
from evidence.models import EvidenceLink, EvidenceStatus
from evidence.services import link_evidence, retract_link
from projects.services import create_project
from tests.checked import fresh, join, piece, say
from tests.work import acting, events_of
from tests.world import World


def retract(world: World, link: EvidenceLink, who: str = "engineer") -> None:
    with acting(world, who):
        found = EvidenceLink.objects.select_related("agent", "from_evidence__agent", "to_evidence__agent").get(
            id=link.id
        )
        retract_link(link=found, principal=world.people[who].principal(), reason="mistaken")


def test_checked_evidence_lifts_what_it_supports_and_unchecked_evidence_does_not(world: World) -> None:
    subject = piece(world)
    supporters = [piece(world) for _ in range(10)]
    for supporter in supporters:
        join(world, supporter, subject)
    assert fresh(world, subject).credibility == Decimal(".2500")
    say(world, supporters[0])
    # b0 = 3.6 / 5.6; p = 2 b0
    assert fresh(world, supporters[0]).credibility_factors["belief"] == "0.6429"
    assert fresh(world, subject).credibility == Decimal(".5435")


def test_support_leads_one_step_and_no_further(world: World) -> None:
    first, second, third = piece(world), piece(world), piece(world)
    join(world, first, second)
    join(world, second, third)
    join(world, third, first)
    say(world, first)
    assert fresh(world, second).credibility == Decimal(".5435")
    assert fresh(world, third).credibility == Decimal(".2500")
    assert fresh(world, first).credibility == Decimal(".7321")


@pytest.mark.parametrize(
    ("kind", "credibility"), [("corroborates", ".5435"), ("contradicts", ".1522"), ("related", ".2500")]
)
def test_what_holds_both_ways_is_stored_once_and_speaks_both_ways(world: World, kind: str, credibility: str) -> None:
    older, newer = piece(world), piece(world)
    link = join(world, older, newer, kind)
    assert (link.from_evidence_id, link.to_evidence_id) == (newer.id, older.id)
    with pytest.raises(Conflict):
        join(world, newer, older, kind)
    say(world, older)
    assert fresh(world, newer).credibility == Decimal(credibility)


def test_the_strength_scales_what_a_link_adds(world: World) -> None:
    subject, supporter = piece(world), piece(world)
    say(world, supporter)
    join(world, supporter, subject, strength=Decimal(".5"))
    assert fresh(world, subject).credibility == Decimal(".4324")


def test_what_is_derived_starts_with_its_weakest_input(world: World) -> None:
    weak, strong = piece(world), piece(world, source_type="ci_test_run")
    derived = piece(world, source_type="derived_aggregate")
    join(world, derived, strong, "derived_from")
    assert fresh(world, derived).credibility == Decimal(".8500")
    join(world, derived, weak, "derived_from")
    assert fresh(world, derived).credibility == Decimal(".2500")


@pytest.mark.parametrize("kind", ["derived_from", "supersedes"])
def test_lineage_that_points_forward_is_refused_and_says_why(world: World, kind: str) -> None:
    older, newer = piece(world), piece(world)
    with pytest.raises(Invalid) as refusal:
        join(world, older, newer, kind)
    assert refusal.value.code == "newer_to_older"
    assert "evidence.linked" not in events_of(world)


def test_evidence_of_two_projects_is_not_linked_nor_any_to_itself(world: World) -> None:
    here = piece(world)
    with world.as_("engineer"):
        elsewhere = create_project(owner=world.engineer, name="Other", key="OTH", slug="other")
        principal = world.engineer.principal()
        there = fresh(world, piece(world))
        there.project_id = elsewhere.id
        for target in (there, here):
            with pytest.raises(Invalid):
                link_evidence(source=here, target=target, kind="supports", principal=principal)


def test_a_viewer_links_nothing(world: World) -> None:
    one, other = piece(world), piece(world)
    with acting(world, "viewer"), pytest.raises(Forbidden):
        link_evidence(source=one, target=other, kind="supports", principal=world.viewer.principal())


def test_a_link_is_retracted_once_by_its_maker_or_somebody_to_whom_neither_end_belongs(world: World) -> None:
    subject, supporter = piece(world), piece(world)
    say(world, supporter)
    link = join(world, supporter, subject)
    with pytest.raises(Forbidden):
        retract(world, link, "viewer")
    retract(world, link, "reviewer")
    assert fresh(world, subject).credibility == Decimal(".2500")
    with pytest.raises(Conflict):
        retract(world, link)
    assert events_of(world, resource_id=subject.id)[-1] == "evidence.credibility_changed"


def test_what_is_superseded_says_so_until_the_link_is_retracted(world: World) -> None:
    older, newer = piece(world), piece(world)
    link = join(world, newer, older, "supersedes")
    assert fresh(world, older).status == EvidenceStatus.SUPERSEDED
    retract(world, link)
    assert fresh(world, older).status == EvidenceStatus.CURRENT
    assert events_of(world, resource_id=older.id)[-2:] == ["evidence.superseded", "evidence.restored"]
