"""What a claim carries to read, and what a run leaves."""

from typing import Any
from uuid import uuid4

import pytest

from common.errors import LeaseLost
from evidence.models import Artifact, ArtifactUse
from evidence.services.artifacts import delete_artifact
from tasks.models import QuarantinedWrite
from tasks.services import leave_run_artifact
from tasks.services.leases import LeaseClaim
from tests.services.artifacts import PRD, taken_apart, written
from tests.work import acting, events_of, make_task, run_out, started
from tests.world import Client, World


def claimed_context(world: World, **given_input: Any) -> Any:
    make_task(world, input=given_input)
    answer = Client(world.token).send("POST", "tasks/claim/", {})
    assert answer.status_code == 200, answer.content
    return answer.json()[0]["context"]


def test_a_task_that_names_nothing_carries_nothing(world: World) -> None:
    context = claimed_context(world)
    assert (context["artifacts"], context["dropped"]) == ([], [])
    assert "context.given" not in events_of(world)


def test_a_claim_carries_what_the_task_names_in_that_order(world: World) -> None:
    first, second = written(world, "a", text="one"), written(world, "b", text="two")
    context = claimed_context(world, artifacts=[str(second.id), str(first.id)])
    assert [(each["path"], each["text"], each["version"]) for each in context["artifacts"]] == [
        ("b", "two", 1),
        ("a", "one", 1),
    ]
    with world.as_("engineer"):
        assert list(ArtifactUse.objects.order_by("rank").values_list("artifact_id", flat=True)) == [
            second.id,
            first.id,
        ]


def test_what_has_no_room_comes_in_parts_and_the_rest_is_reported(world: World) -> None:
    whole = written(world)
    parts = taken_apart(world, whole)
    room = parts[0].token_estimate
    context = claimed_context(world, artifacts=[str(whole.id)], context_tokens=room)
    assert [each["path"] for each in context["artifacts"]] == ["prd/0"]
    assert [(each["path"], each["why"]) for each in context["dropped"]] == [
        ("prd", "in_parts"),
        ("prd/1", "no_room"),
        ("prd/2", "no_room"),
    ]


def test_names_that_are_no_artifacts_stop_nobody(world: World, other_world: World) -> None:
    mine, gone, theirs = written(world), written(world, "gone"), written(other_world)
    with world.as_("engineer"):
        delete_artifact(artifact=gone)
    named = ["odd", str(theirs.id), str(mine.id), str(gone.id), 7, None]
    context = claimed_context(world, artifacts=named)
    assert [each["text"] for each in context["artifacts"]] == [PRD]
    assert {each["id"]: each["why"] for each in context["dropped"]} == {
        name: "unknown" for name in ("odd", str(theirs.id), str(gone.id), "7", "None")
    }


@pytest.mark.parametrize("named", [{}, "x", 3, None, []])
def test_an_input_that_means_nothing_gives_nothing(world: World, named: Any) -> None:
    assert claimed_context(world, artifacts=named)["artifacts"] == []


@pytest.mark.parametrize("room", [True, "many", None, -5, 10**9])
def test_any_room_may_be_asked_for(world: World, room: Any) -> None:
    artifact = written(world, text="x")
    context = claimed_context(world, artifacts=[str(artifact.id)], context_tokens=room)
    assert [each["text"] for each in context["artifacts"]] == ["x"]


def test_a_replayed_claim_carries_the_same_and_is_noted_once(world: World) -> None:
    artifact = written(world)
    make_task(world, input={"artifacts": [str(artifact.id)]})
    client = Client(world.token)
    first, again = (client.send("POST", "tasks/claim/", {}, **{"Idempotency-Key": str(7)}) for _ in range(2))
    assert first.json() == again.json()
    with world.as_("engineer"):
        assert ArtifactUse.objects.count() == 1


def test_nobody_names_more_than_a_hundred(world: World) -> None:
    context = claimed_context(world, artifacts=[str(uuid4()) for _ in range(150)])
    assert len(context["dropped"]) == 100


def test_a_run_leaves_an_artifact_and_then_its_next_version(world: World) -> None:
    _, claim = started(world)
    piece = {"artifact_type": "agent_output", "path": "notes", "text": "one"}
    first, second = (left(world, claim, **piece | {"text": text}) for text in ("one", "two"))
    assert (first.version, second.version, second.supersedes_id) == (1, 2, first.id)
    assert (second.source_agent_id, second.source_execution_id) == (world.agent.id, claim.execution_id)
    assert second.created_by_id is None


def test_what_comes_late_is_kept_in_quarantine_and_not_in_the_store(world: World) -> None:
    _, claim = started(world)
    run_out(world, claim.execution_id)
    with pytest.raises(LeaseLost):
        left(world, claim, artifact_type="agent_output", path="notes", text="late")
    with world.as_("engineer"):
        assert not Artifact.objects.exists()
        assert QuarantinedWrite.objects.get().payload["text"] == "late"


def left(world: World, claim: LeaseClaim, **piece: Any) -> Artifact:
    with acting(world, "agent"):
        return leave_run_artifact(claim=claim, **piece)
