"""The context store in the database: versions, parts, uses, who sees what, and what it costs."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from common.errors import Conflict, DomainError, Invalid, NotFound
from evidence.models import Artifact, ArtifactUse, Granularity
from evidence.services.artifacts import (
    DatabaseArtifacts,
    Why,
    assemble,
    create_version,
    delete_artifact,
    embed_artifact,
    give_context,
    leave_artifact,
    tag_artifact,
)
from tests.services.artifacts import PNG, PRD, author, given_by_hand, rewritten, taken_apart, uploaded, written
from tests.work import claim_one, events_of, make_task, newest_event
from tests.world import World


def read(world: World, artifact: Artifact) -> Artifact:
    with world.as_("engineer"):
        return Artifact.all_objects.get(id=artifact.id)


def current(world: World) -> list[tuple[str, int]]:
    with world.as_("engineer"):
        return list(Artifact.objects.current().order_by("path").values_list("path", "version"))


def test_what_is_written_is_kept_with_its_measures(world: World) -> None:
    artifact = read(world, written(world, title="PRD", tags=["a"], metadata={"b": 1}))
    assert (artifact.content_text, artifact.media_type, artifact.version) == (PRD, "text/markdown", 1)
    assert artifact.token_estimate == -(-len(PRD) // 3)
    assert (artifact.tags, artifact.metadata, artifact.created_by_id) == (["a"], {"b": 1}, world.engineer.id)
    event = newest_event(world, "artifact.created")
    assert (event.resource_id, event.project_id, event.resource_label) == (artifact.id, world.project.id, "PRD")
    assert "What it is" not in event.body


def test_json_is_kept_as_it_came_and_as_text(world: World) -> None:
    artifact = read(world, written(world, content={"summary": "short", "goals": ["ä"]}, artifact_type="project_plan"))
    assert artifact.content == {"summary": "short", "goals": ["ä"]}
    assert '"ä"' in artifact.content_text
    assert artifact.media_type == "application/json"


def test_a_new_version_leaves_the_old_one_as_it_was(world: World) -> None:
    first = written(world, title="PRD", tags=["a"])
    second = read(world, rewritten(world, first))
    old = read(world, first)
    assert (old.is_current, old.content_text, old.version) == (False, PRD, 1)
    assert (second.version, second.supersedes_id, second.title, second.tags) == (2, first.id, "PRD", ["a"])
    assert newest_event(world, "artifact.updated").resource_id == second.id


def test_the_same_content_again_is_no_new_version(world: World) -> None:
    first = written(world)
    assert rewritten(world, first, PRD).id == first.id
    assert "artifact.updated" not in events_of(world)


def test_another_title_is_a_new_version(world: World) -> None:
    first = written(world)
    with world.as_("engineer"):
        assert create_version(artifact=first, author=author(world), text=PRD, title="PRD").version == 2


def test_two_cannot_both_follow_the_same_version(world: World) -> None:
    first = written(world)
    rewritten(world, first, "one")
    with pytest.raises(Conflict) as refusal:
        rewritten(world, first, "two")
    assert refusal.value.code == "superseded"
    assert current(world) == [("prd", 2)]


def test_parts_are_made_once_and_retired_with_their_version(world: World) -> None:
    first = written(world)
    parts = taken_apart(world, first)
    assert [part.id for part in taken_apart(world, first)] == [part.id for part in parts]
    assert events_of(world).count("artifact.decomposed") == 1
    assert current(world) == [("prd", 1), ("prd/0", 1), ("prd/1", 1), ("prd/2", 1)]
    second = rewritten(world, first, PRD.replace("many", "few"))
    assert current(world) == [("prd", 2)]
    taken_apart(world, second)
    assert current(world) == [("prd", 2), ("prd/0", 2), ("prd/1", 2), ("prd/2", 2)]


def test_taking_apart_costs_the_same_for_few_parts_and_for_many(world: World) -> None:
    few, many = written(world, "few"), written(world, "many", text="## a\n" * 200)
    counts = []
    for artifact in (few, many):
        with CaptureQueriesContext(connection) as captured:
            taken_apart(world, artifact)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_putting_together_costs_the_same_for_few_and_for_many(world: World) -> None:
    wholes = [written(world, f"d{at}") for at in range(8)]
    for whole in wholes:
        taken_apart(world, whole)
    with world.as_("engineer"):
        store = DatabaseArtifacts(world.project.id)
        for asked in (wholes[:1], wholes):
            with CaptureQueriesContext(connection) as captured:
                assemble(store, [each.id for each in asked], 20)
            assert len(captured) == 4


def test_a_part_lies_below_something_coarser_of_the_same_project_and_type(world: World) -> None:
    whole = written(world)
    section = written(world, "prd/a", parent=whole, granularity=Granularity.SECTION)
    concept: dict[str, Any] = {"granularity": Granularity.CONCEPT}
    written(world, "prd/a/b", parent=section, **concept)
    for values in (
        {"path": "elsewhere", "parent": whole, **concept},
        {"path": "prd/x", "parent": section, "granularity": Granularity.SECTION},
        {"path": "prd/x", "parent": whole},
        {"path": "prd/x", **concept},
        {"path": "prd/x", "parent": whole, "artifact_type": "source_code", **concept},
    ):
        with pytest.raises(Invalid):
            written(world, **values)
    rewritten(world, whole)
    with pytest.raises(Conflict):
        written(world, "prd/x", parent=whole, **concept)


def test_a_path_has_one_current_artifact_of_a_type(world: World) -> None:
    written(world)
    with pytest.raises(Conflict) as refusal:
        written(world, "PRD")
    assert refusal.value.code == "path_taken"


def test_leaving_makes_the_next_version_where_there_is_one(world: World) -> None:
    where: dict[str, Any] = {"project": world.project, "artifact_type": "agent_output", "path": "out"}
    with world.as_("engineer"):
        first = leave_artifact(author=author(world), text="a", **where)
        second = leave_artifact(author=author(world), text="b", tags=["x"], **where)
    assert (second.version, second.supersedes_id) == (2, first.id)
    part: dict[str, Any] = {"artifact_type": "agent_output", "parent": second, "granularity": Granularity.SECTION}
    written(world, "out/x", **part)
    with world.as_("engineer"), pytest.raises(Conflict):
        leave_artifact(author=author(world), text="c", **where | {"path": "out/x"})


def test_tags_change_in_place(world: World) -> None:
    artifact = written(world)
    with world.as_("engineer"):
        tag_artifact(artifact=artifact, tags=["x", "y"])
        tag_artifact(artifact=artifact, tags=["x", "y"])
    assert read(world, artifact).tags == ["x", "y"]
    assert events_of(world).count("artifact.updated") == 1


def test_an_embedding_is_kept_with_length_one(world: World) -> None:
    artifact = written(world)
    with world.as_("engineer"):
        embed_artifact(artifact=artifact, model="m", vector=[3, 4])
        assert artifact.embedding == [0.6, 0.8]
        for nothing in ([0.0, 0.0], [], [1.0] * 5000):
            with pytest.raises(Invalid):
                embed_artifact(artifact=artifact, model="m", vector=nothing)


def test_what_is_deleted_is_gone_with_versions_and_parts_and_leaves_its_path(world: World) -> None:
    first = written(world)
    taken_apart(world, first)
    second = rewritten(world, first)
    with world.as_("engineer"):
        delete_artifact(artifact=second, reason="old")
        with pytest.raises(NotFound):
            delete_artifact(artifact=second)
    assert current(world) == []
    event = newest_event(world, "artifact.deleted")
    assert (event.reason, '"rows":5' in event.body) == ("old", True)
    assert read(world, second).content_text == "anew"
    assert written(world).version == 1


def test_a_run_that_saw_a_deleted_artifact_still_names_it(world: World) -> None:
    artifact = written(world)
    with world.as_("engineer"):
        given_by_hand(world, artifact)
        delete_artifact(artifact=artifact)
        assert ArtifactUse.objects.get().artifact.path == "prd"


def test_what_a_run_is_given_is_kept_version_by_version(world: World) -> None:
    first = written(world)
    second = rewritten(world, first, "x" * 60)
    make_task(world)
    execution = claim_one(world).execution
    run: dict[str, Any] = {"project_id": world.project.id, "task_id": execution.task_id, "label": "run"}
    with world.as_("engineer"):
        for ids in ([first.id, second.id], [second.id]):
            give_context(execution_id=execution.id, ids=ids, max_tokens=first.token_estimate, **run)
        uses = list(ArtifactUse.objects.order_by("rank").values_list("artifact_id", "rank", "tokens", "was_dropped"))
    assert uses == [
        (first.id, 0, first.token_estimate, False),
        (second.id, 1, 20, True),
        (second.id, 2, 20, False),
    ]
    event = newest_event(world, "context.given")
    assert (event.resource_id, event.task_id) == (execution.id, execution.task_id)


def test_ids_of_another_project_are_refused_by_name(world: World, other_world: World) -> None:
    mine, theirs = written(world), written(other_world)
    with world.as_("engineer"), pytest.raises(Invalid, match=str(theirs.id)):
        assemble(DatabaseArtifacts(world.project.id), [mine.id, theirs.id], 1000)


def test_a_file_is_read_where_it_is_text(world: World) -> None:
    code, picture = uploaded(world), uploaded(world, PNG, "a.png")
    with world.as_("engineer"):
        assembly = assemble(DatabaseArtifacts(world.project.id), [code.id, picture.id], 1000)
    assert [each.artifact.content_text for each in assembly.given] == ["print()\n"]
    assert [each.why for each in assembly.dropped] == [Why.NO_TEXT]


def test_members_see_artifacts_and_strangers_do_not(world: World) -> None:
    written(world)
    with world.as_("engineer"):
        seen = {name: Artifact.objects.visible_to(person.principal()).count() for name, person in world.people.items()}
    assert seen == {"admin": 1, "engineer": 1, "reviewer": 1, "viewer": 1, "stranger": 0}


def test_of_many_who_follow_a_version_at_once_one_succeeds(committed_world: World) -> None:
    first = written(committed_world)
    outcomes = together(8, lambda at: rewritten(committed_world, first, f"by {at}"))
    assert outcomes.count("Conflict") == 7
    assert current(committed_world) == [("prd", 2)]


def test_a_document_taken_apart_by_many_at_once_has_its_parts_once(committed_world: World) -> None:
    first = written(committed_world)
    outcomes = together(4, lambda at: taken_apart(committed_world, first))
    assert set(outcomes) == {"list"}
    assert [version for _, version in current(committed_world)] == [1, 1, 1, 1]


def together(many: int, call: Callable[[int], Any]) -> list[str]:
    """Call from many threads at the same time; return the type of what each got, or of its refusal."""
    barrier = threading.Barrier(many)

    def one(at: int) -> str:
        barrier.wait()
        try:
            return type(call(at)).__name__
        except DomainError as refusal:
            return type(refusal).__name__
        finally:
            connections.close_all()

    with ThreadPoolExecutor(many) as pool:
        return list(pool.map(one, range(many)))
