"""Finding artifacts within a project."""

import time
from typing import Any

import pytest

from evidence.models import Artifact
from evidence.search import Vector, search_artifacts
from evidence.services.artifacts import embed_artifact
from evidence.services.artifacts.drafts import part_body
from tests.services.artifacts import rewritten, taken_apart, written
from tests.world import World


def found(world: World, who: str = "engineer", **asked: Any) -> list[str]:
    with world.as_(who):
        return [hit.artifact.path for hit in search_artifacts(project_id=world.project.id, **asked)]


def placed(world: World, path: str, *vector: float, model: str = "m", text: str = "nothing") -> Artifact:
    artifact = written(world, path, text=text)
    with world.as_("engineer"):
        return embed_artifact(artifact=artifact, model=model, vector=vector)


def test_words_are_found_in_their_forms_and_titles_come_first(world: World) -> None:
    written(world, "body", text="An agent holds a lease.")
    written(world, "title", text="nothing", title="Leases")
    written(world, "other", text="nothing")
    assert found(world, words="lease") == ["title", "body"]
    assert found(world, words='"holds a lease" -title') == ["body"]
    assert found(world, words="absent") == []


def test_a_find_shows_how_it_begins_and_not_its_content(world: World) -> None:
    written(world, text="lease " * 100)
    with world.as_("engineer"):
        [hit] = search_artifacts(project_id=world.project.id, words="lease")
    assert hit.excerpt == ("lease " * 100)[:300]
    assert "content_text" in hit.artifact.get_deferred_fields()


def test_a_search_is_narrowed_by_grain_and_sees_current_versions_only(world: World) -> None:
    artifact = written(world)
    taken_apart(world, artifact)
    assert sorted(found(world, words="lease")) == ["prd", "prd/1"]
    assert found(world, words="lease", granularity="section") == ["prd/1"]
    rewritten(world, artifact)
    assert found(world, words="lease") == []


def test_vectors_are_ranked_exactly_within_model_and_dimension(world: World) -> None:
    placed(world, "east", 1, 0)
    placed(world, "north east", 2, 2)
    placed(world, "north", 0, 9)
    placed(world, "other model", 1, 0, model="n")
    placed(world, "other dimension", 1, 0, 0)
    with world.as_("engineer"):
        hits = search_artifacts(project_id=world.project.id, vector=Vector("m", [1.0, 0.0]))
    assert [hit.artifact.path for hit in hits] == ["east", "north east", "north"]
    assert [round(hit.score, 3) for hit in hits] == [1, 0.707, 0]


def test_words_and_a_vector_are_fused_by_rank(world: World) -> None:
    both = placed(world, "both", 1, 0.1, text="lease")
    placed(world, "near", 1, 0)
    written(world, "words", text="lease lease lease")
    assert found(world, words="lease", vector=Vector("m", [1.0, 0.0]))[0] == both.path


def test_another_tenant_and_another_project_have_no_part_in_it(world: World, other_world: World) -> None:
    placed(other_world, "theirs", 1, 0, text="lease")
    with world.as_("engineer"):
        for asked in ({"words": "lease"}, {"vector": Vector("m", [1.0, 0.0])}):
            assert search_artifacts(project_id=other_world.project.id, **asked) == []


@pytest.mark.parametrize("words", ["'", '"', "\\", "<->", "!!", ":*", "a & | b", "  ", "x" * 1000, "🙂"])
def test_any_words_may_be_asked_for(world: World, words: str) -> None:
    assert found(world, words=words) == []


def test_a_thousand_artifacts_are_searched_within_a_second(world: World) -> None:
    with world.as_("engineer"):
        Artifact.objects.bulk_create(
            Artifact(
                project=world.project,
                artifact_type="project_plan",
                path=f"p{at}",
                created_by=world.engineer,
                embedding=[0.01 * (at % 7)] * 768,
                embedding_model="m",
                embedding_dimension=768,
                **part_body(text=f"lease number {at} " * 100),
            )
            for at in range(1000)
        )
    started = time.monotonic()
    assert len(found(world, words="lease", most=100)) == 100
    assert len(found(world, vector=Vector("m", [0.5] * 768), most=100)) == 100
    assert time.monotonic() - started < 2
