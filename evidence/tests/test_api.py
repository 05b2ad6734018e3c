"""Evidence over HTTP: handing in, relations, explanations."""

from typing import Any

import pytest

from evidence.models import Evidence
from projects.services import create_project
from tests.checked import Signer, fresh, join, piece, say
from tests.work import make_task
from tests.world import Client, World

BODY = {"source_type": "test_result", "title": "pytest", "content": "42 passed"}


@pytest.fixture
def client(world: World) -> Client:
    return Client(world.tokens["engineer"])


def test_what_a_person_hands_in_is_that_persons_assertion(world: World, client: Client) -> None:
    task = make_task(world)
    more = {"task": str(task.id), "data": {"verdict": "approved", "exit_code": 0}, "tags": ["ci", "ci"]}
    answer = client.send("POST", "evidence/", {**BODY, "project": str(world.project.id), **more})
    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert (shown["grade"], shown["author"], shown["task"]) == ("self_asserted", str(world.engineer.id), str(task.id))
    assert (shown["credibility"], shown["confidence"], shown["is_verified"]) == ("0.8000", "high", False)
    assert shown["related_evidence"] == shown["contradicting_evidence"] == []


def test_a_task_of_another_project_is_as_unknown_as_none(world: World, client: Client) -> None:
    with world.as_("engineer"):
        elsewhere = create_project(owner=world.engineer, name="Other", key="OTH", slug="other")
    body = {**BODY, "project": str(elsewhere.id), "task": str(make_task(world).id)}
    answer = client.send("POST", "evidence/", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["task"])
    with world.as_("system"):
        assert not Evidence.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [({"title": " "}, "items[1].title"), ({"content_sha256": "0" * 64}, "items[1].content_sha256")],
)
def test_many_pieces_come_all_or_none(world: World, client: Client, wrong: dict[str, Any], named: str) -> None:
    one = {**BODY, "project": str(world.project.id)}
    answer = client.send("POST", "evidence/bulk/", {"items": [one, one | wrong]})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [named])
    with world.as_("system"):
        assert not Evidence.objects.exists()
    answer = client.send("POST", "evidence/bulk/", {"items": [one, one]})
    assert [item["title"] for item in answer.json()["items"]] == ["pytest", "pytest"]
    assert client.send("POST", "evidence/bulk/", {"items": [one] * 101}).status_code == 422


def test_relations_are_arrays_of_what_stands(world: World, client: Client) -> None:
    subject, supporter, contrary = piece(world), piece(world), piece(world)
    join(world, supporter, subject)
    link = join(world, subject, contrary, "contradicts")
    shown = client.send("GET", f"evidence/{subject.id}/").json()
    assert shown["related_evidence"] == [str(supporter.id)]
    assert shown["contradicting_evidence"] == [str(contrary.id)]
    path = f"evidence/{contrary.id}/links/{link.id}/retract/"
    assert client.send("POST", path, {"reason": "mistaken"}).status_code == 200
    assert client.send("GET", f"evidence/{subject.id}/").json()["contradicting_evidence"] == []


def test_an_explanation_answers_for_now_and_for_then(world: World, client: Client) -> None:
    evidence = piece(world)
    handed_in = fresh(world, evidence).as_of
    say(world, evidence)
    told = client.send("GET", f"evidence/{evidence.id}/explain/").json()
    assert (told["credibility"], told["confirming"], told["base_rate"]) == ("0.7321", "3.6000", "0.2500")
    assert told["stored"]["matches"] is True
    assert [entry["weight"] for entry in told["inputs"]] == ["3.6000"]
    assert len(told["missing_checks"]) == 3
    assert handed_in is not None
    then = client.send("GET", f"evidence/{evidence.id}/explain/?as_of={handed_in.isoformat().replace('+', '%2B')}")
    assert (then.json()["credibility"], then.json()["inputs"]) == ("0.2500", [])
    for wrong in ("yesterday", "2001-01-01T00:00:00Z"):
        refused = client.send("GET", f"evidence/{evidence.id}/explain/?as_of={wrong}")
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["as_of"])


def test_tags_narrow_by_all_or_by_any(world: World, client: Client) -> None:
    both, one = piece(world, tags=["ci", "nightly"]), piece(world, tags=["ci"])
    piece(world)

    def found(query: str) -> set[str]:
        return {row["id"] for row in client.send("GET", f"evidence/?{query}").json()["results"]}

    assert found("tag=ci&tag=nightly") == {str(both.id)}
    assert found("tag=ci&tag=nightly&tag_match=any") == {str(both.id), str(one.id)}
    assert client.send("PATCH", f"evidence/{one.id}/", {"tags": ["nightly"]}).json()["tags"] == ["nightly"]
    assert found("tag=nightly") == {str(both.id), str(one.id)}


def test_confidence_and_dispute_narrow(world: World, client: Client) -> None:
    weak, strong = piece(world), piece(world, source_type="formal_proof")
    say(world, weak)
    say(world, weak, "admin", "refute")

    def found(query: str) -> list[str]:
        return [row["id"] for row in client.send("GET", f"evidence/?{query}").json()["results"]]

    assert found("confidence=very_high&confidence=high") == [str(strong.id)]
    assert found("disputed=true") == [str(weak.id)]
    assert found("ordering=credibility") == [str(weak.id), str(strong.id)]


def test_an_agent_attests_by_its_signature_and_a_person_does_not(world: World) -> None:
    evidence, signer = piece(world), Signer(world, world.reviewer)
    from_agent = {"envelope": signer.envelope(evidence)}
    path = f"evidence/{evidence.id}/attestations/"
    answer = Client(world.tokens["reviewer"]).send("POST", path, from_agent)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_an_agent")
    token = signer.token()
    assert Client(token).send("POST", path, {"method": "llm_review", "verdict": "confirm"}).status_code == 403
    made = Client(token).send("POST", path, from_agent)
    assert made.status_code == 201, made.content
    assert made.json()["agent"] == str(signer.agent.id)
    assert made.json()["envelope"] == from_agent["envelope"]
    assert "envelope" not in Client(token).send("GET", path).json()["results"][0]


def test_a_decision_names_what_carries_it(world: World, client: Client) -> None:
    weak, strong = piece(world), piece(world, source_type="formal_proof")
    basis = [{"evidence": str(weak.id)}, {"evidence": str(strong.id)}]
    body = {"project": str(world.project.id), "question": "Release?", "outcome": "Yes.", "basis": basis}
    made = client.send("POST", "decisions/", body).json()
    [carrying] = [item for item in made["basis"] if item["id"] == made["weakest"]]
    assert (carrying["evidence"], made["credibility"]) == (str(weak.id), "0.2500")
    refused = client.send("POST", "decisions/", {**body, "threshold": "0.5"})
    assert (refused.status_code, refused.json()["code"]) == (409, "support_too_weak")
    assert refused.json()["weakest"] == str(weak.id)
