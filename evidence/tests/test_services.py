"""Evidence: what is handed in, how it is graded, who may judge it, and that it stays."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import Error, IntegrityError, transaction

from common.errors import Conflict, Forbidden, Invalid
from common.ids import sha256_hex
from evidence.credibility import POLICY_V1
from evidence.models import Evidence, Grade, SourceType
from evidence.permissions import can_review
from evidence.services import (
    MAX_CONTENT,
    About,
    reject_evidence,
    submit_evidence,
    verify_evidence,
)
from tests.work import events_of, newest_event, set_raw, sql
from tests.world import World


def submit(world: World, who: str = "agent", **values: Any) -> Evidence:
    author = {"agent_id": world.agent.id} if who == "agent" else {"author_id": world.people[who].id}
    piece = {"source_type": "test_result", "title": "pytest", "content": "42 passed", **author, **values}
    with world.as_(who):
        return submit_evidence(about=About(project_id=world.project.id), **piece)


def test_what_an_agent_hands_in_is_hashed_here_and_reported_by_a_runner(world: World) -> None:
    evidence = submit(world, data={"exit_code": 0})
    assert evidence.content_sha256 == sha256_hex(b"42 passed")
    assert (evidence.grade, evidence.content_size) == (Grade.RUNNER_REPORTED, 9)
    event = newest_event(world, "evidence.registered")
    assert (event.resource_id, event.project_id) == (evidence.id, world.project.id)
    assert '"exit_code":0' in event.body
    assert "42 passed" not in event.body


def test_a_bare_digest_is_only_asserted(world: World) -> None:
    evidence = submit(world, content=None, content_sha256="a" * 64)
    assert (evidence.grade, evidence.content, evidence.content_size) == (Grade.SELF_ASSERTED, None, None)


def test_what_a_person_hands_in_is_by_a_person(world: World) -> None:
    assert submit(world, "reviewer").grade == Grade.HUMAN


def test_nobody_claims_a_grade(world: World) -> None:
    with pytest.raises(TypeError):
        submit(world, grade="human")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"content": None}, "invalid"),
        ({"content": "x", "content_sha256": "0" * 64}, "digest_mismatch"),
        ({"content": "x" * (MAX_CONTENT + 1)}, "content_too_large"),
    ],
)
def test_bad_content_is_refused_and_nothing_is_kept(world: World, values: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        submit(world, **values)
    assert refusal.value.code == code
    assert "evidence.registered" not in events_of(world)


def test_a_digest_that_matches_is_accepted(world: World) -> None:
    assert submit(world, content_sha256=sha256_hex(b"42 passed")).content == "42 passed"


def test_every_source_type_has_a_base_rate(world: World) -> None:
    for source_type in SourceType:
        evidence = submit(world, source_type=source_type)
        assert evidence.credibility == POLICY_V1.base_rates[source_type]
        assert evidence.uncertainty == 1


# --- judging --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("author", "who", "may"),
    [
        ("agent", "reviewer", True),
        ("agent", "admin", True),
        ("agent", "engineer", False),
        ("agent", "viewer", False),
        ("agent", "stranger", False),
        ("reviewer", "reviewer", False),
        ("reviewer", "engineer", True),
    ],
)
def test_maintainers_judge_what_is_not_their_own(world: World, author: str, who: str, may: bool) -> None:
    evidence = submit(world, author)
    with world.as_(who):
        assert can_review(world.people[who].principal(), evidence) is may
        if not may:
            with pytest.raises(Forbidden):
                verify_evidence(evidence=evidence, principal=world.people[who].principal())


def test_no_agent_judges_evidence(world: World) -> None:
    evidence = submit(world, "reviewer")
    with world.as_("agent"), pytest.raises(Forbidden):
        verify_evidence(evidence=evidence, principal=world.agent_principal)


def test_a_verdict_is_given_once(world: World) -> None:
    evidence = submit(world)
    with world.as_("reviewer"):
        principal = world.reviewer.principal()
        verify_evidence(evidence=evidence, principal=principal, note="ran it again")
        assert (evidence.verified_by_id, evidence.review_note) == (world.reviewer.id, "ran it again")
        with pytest.raises(Conflict) as refusal:
            reject_evidence(evidence=evidence, principal=principal, note="no")
    assert refusal.value.code == "already_reviewed"
    assert events_of(world, resource_id=evidence.id) == [
        "evidence.registered",
        "evidence.attested",
        "evidence.credibility_changed",
        "evidence.verified",
    ]


def test_a_rejection_is_recorded_with_its_note(world: World) -> None:
    evidence = submit(world)
    with world.as_("reviewer"):
        reject_evidence(evidence=evidence, principal=world.reviewer.principal(), note="another commit")
        assert not Evidence.objects.counting().exists()
    assert newest_event(world, "evidence.rejected").reason == "another commit"


# --- it stays as it was handed in -----------------------------------------------------------------------------------


FIXED = (
    ("title", "'other'"),
    ("content", "'other'"),
    ("content_sha256", "repeat('0', 64)"),
    ("content_size", "1"),
    ("data", "'{}'"),
    ("grade", "'human'"),
    ("source_type", "'formal_proof'"),
    ("description", "'other'"),
    ("agent_id", "NULL"),
    ("author_id", "'{user}'"),
    ("execution_id", "'{random}'"),
    ("task_id", "'{random}'"),
    ("created_at", "now() - interval '1 year'"),
)


@pytest.mark.parametrize(("column", "value"), FIXED)
def test_the_database_refuses_to_change_what_was_handed_in(world: World, column: str, value: str) -> None:
    evidence = submit(world, data={"exit_code": 0})
    value = value.replace("{user}", str(world.viewer.id)).replace("{random}", str(uuid4()))
    with pytest.raises(Error, match="fixed"), transaction.atomic():
        set_raw(world, "evidence_evidence", f"{column} = {value}", evidence.id)


def test_evidence_cannot_be_deleted(world: World) -> None:
    evidence = submit(world)
    with pytest.raises(Error, match="permission denied"), transaction.atomic():
        sql(world, "DELETE FROM evidence_evidence WHERE id = %s", evidence.id)


@pytest.mark.parametrize("later", ["verified_at = NULL, verified_by_id = NULL", "review_note = 'other'"])
def test_a_verdict_is_not_taken_back_or_rewritten(world: World, later: str) -> None:
    evidence = submit(world)
    with world.as_("reviewer"):
        verify_evidence(evidence=evidence, principal=world.reviewer.principal(), note="ran it again")
    with pytest.raises(Error, match="fixed"), transaction.atomic():
        set_raw(world, "evidence_evidence", later, evidence.id)


def test_the_database_refuses_a_verifier_who_is_the_author(world: World) -> None:
    evidence = submit(world, "reviewer")
    with pytest.raises(IntegrityError, match="other_verifier"), transaction.atomic():
        sql(
            world,
            "UPDATE evidence_evidence SET verified_at = now(), verified_by_id = author_id WHERE id = %s",
            evidence.id,
        )


def test_evidence_without_an_author_is_refused_by_the_database(world: World) -> None:
    with pytest.raises(IntegrityError, match="has_author"), transaction.atomic():
        submit(world, agent_id=None)


def test_evidence_is_seen_by_members_of_its_project(world: World) -> None:
    submit(world)
    for who, sees in (("viewer", 1), ("stranger", 0), ("admin", 1)):
        with world.as_(who):
            assert Evidence.objects.visible_to(world.people[who].principal()).count() == sees
