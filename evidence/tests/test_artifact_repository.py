"""What every repository of artifacts does: one list of tests, for PostgreSQL and for memory."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from common.errors import Conflict
from evidence.models import Artifact, Granularity
from evidence.services.artifacts.drafts import part_body
from evidence.services.artifacts.repository import ArtifactRepository, DatabaseArtifacts, place_of
from evidence.tests.in_memory import ArtifactsInMemory
from tests.world import World


@pytest.fixture(params=["database", "memory"])
def store(request: pytest.FixtureRequest, world: World) -> Iterator[ArtifactRepository]:
    with world.as_("engineer"):
        make: Any = DatabaseArtifacts if request.param == "database" else ArtifactsInMemory
        yield make(world.project.id)


@pytest.fixture
def author(world: World) -> dict[str, Any]:
    return {"created_by_id": world.engineer.id}


def artifact(store: ArtifactRepository, path: str, author: dict[str, Any], **values: Any) -> Artifact:
    facts: dict[str, Any] = {"artifact_type": "project_plan", **part_body(text=values.pop("text", path)), **author}
    return Artifact(project_id=store.project_id, path=path, **facts | values)


def kept(store: ArtifactRepository, path: str, author: dict[str, Any], **values: Any) -> Artifact:
    made = artifact(store, path, author, **values)
    store.add([made])
    return made


def section(store: ArtifactRepository, path: str, author: dict[str, Any], whole: Artifact, **values: Any) -> Artifact:
    return kept(store, path, author, granularity=Granularity.SECTION, parent_id=whole.id, **values)


def successor(store: ArtifactRepository, before: Artifact, author: dict[str, Any], **values: Any) -> Artifact:
    store.retire(before)
    facts = {"version": before.version + 1, "supersedes_id": before.id, "granularity": before.granularity}
    return kept(store, before.path, author, **facts, parent_id=before.parent_id, **values)


Author = dict[str, Any]


def test_what_is_added_is_got_back_with_its_content(store: ArtifactRepository, author: Author) -> None:
    made = kept(store, "prd", author, text="words", title="PRD")
    got = store.get([made.id])[made.id]
    assert (got.path, got.title, got.content_text, got.version, got.is_current) == ("prd", "PRD", "words", 1, True)
    assert got.content_sha256 == made.content_sha256


def test_ids_that_are_not_there_are_left_out(store: ArtifactRepository, author: Author) -> None:
    made = kept(store, "prd", author)
    assert set(store.get([made.id, uuid4()])) == {made.id}
    assert store.get([]) == {}


def test_an_outline_has_everything_but_the_content(store: ArtifactRepository, author: Author) -> None:
    made = kept(store, "prd", author, text="words")
    assert store.get([made.id], with_content=False)[made.id].token_estimate == 2


def test_several_are_added_at_once(store: ArtifactRepository, author: Author) -> None:
    store.add([artifact(store, path, author) for path in ("a", "b", "c")])
    assert [row.path for row in store.current()] == ["c", "b", "a"]


def test_nothing_is_added_where_nothing_is_given(store: ArtifactRepository) -> None:
    store.add([])
    assert store.current() == []


def test_a_path_has_one_current_artifact(store: ArtifactRepository, author: Author) -> None:
    kept(store, "prd", author)
    with pytest.raises(Conflict) as refusal:
        kept(store, "prd", author)
    assert refusal.value.code == "path_taken"


def test_the_case_of_a_path_does_not_count(store: ArtifactRepository, author: Author) -> None:
    kept(store, "prd", author)
    with pytest.raises(Conflict):
        kept(store, "PRD", author)


def test_another_type_may_have_the_same_path(store: ArtifactRepository, author: Author) -> None:
    kept(store, "prd", author)
    kept(store, "prd", author, artifact_type="source_code")
    assert len(store.current()) == 2


def test_nothing_of_a_refused_batch_is_kept(store: ArtifactRepository, author: Author) -> None:
    kept(store, "b", author)
    with pytest.raises(Conflict):
        store.add([artifact(store, path, author) for path in ("a", "b")])
    assert [row.path for row in store.current()] == ["b"]


def test_the_current_ones_are_listed_newest_first(store: ArtifactRepository, author: Author) -> None:
    first, second = kept(store, "a", author), kept(store, "b", author)
    assert [row.id for row in store.current()] == [second.id, first.id]


def test_a_list_is_narrowed_by_type(store: ArtifactRepository, author: Author) -> None:
    kept(store, "a", author)
    code = kept(store, "b", author, artifact_type="source_code")
    assert [row.id for row in store.current(artifact_type="source_code")] == [code.id]


def test_a_list_is_narrowed_by_grain(store: ArtifactRepository, author: Author) -> None:
    whole = kept(store, "prd", author)
    part = section(store, "prd/1", author, whole)
    assert [row.id for row in store.current(granularity="section")] == [part.id]


def test_a_list_is_narrowed_by_the_agent_who_wrote(store: ArtifactRepository, author: Author, world: World) -> None:
    kept(store, "a", author)
    mine = kept(store, "b", {"source_agent_id": world.agent.id})
    assert [row.id for row in store.current(agent_id=world.agent.id)] == [mine.id]


def test_retiring_takes_an_artifact_from_the_list_and_keeps_it(store: ArtifactRepository, author: Author) -> None:
    made = kept(store, "prd", author)
    assert store.retire(made)
    assert store.current() == []
    assert not store.get([made.id])[made.id].is_current


def test_only_the_first_to_retire_succeeds(store: ArtifactRepository, author: Author) -> None:
    made = kept(store, "prd", author)
    assert [store.retire(made), store.retire(made)] == [True, False]


def test_the_parts_are_retired_with_the_whole(store: ArtifactRepository, author: Author) -> None:
    whole, other = kept(store, "prd", author), kept(store, "other", author)
    part = section(store, "prd/1", author, whole)
    kept(store, "prd/1/a", author, granularity=Granularity.CONCEPT, parent_id=part.id)
    store.retire(whole)
    assert [row.id for row in store.current()] == [other.id]


def test_versions_are_listed_newest_first(store: ArtifactRepository, author: Author) -> None:
    first = kept(store, "prd", author)
    second = successor(store, first, author)
    assert [row.id for row in store.versions(second)] == [second.id, first.id]
    assert [row.version for row in store.versions(first)] == [2, 1]


def test_the_newest_version_is_found_by_place(store: ArtifactRepository, author: Author) -> None:
    first = kept(store, "Prd", author)
    second = successor(store, first, author)
    place = place_of(first)
    assert place == ("project_plan", "prd")
    assert store.newest([place, ("project_plan", "none")])[place].id == second.id
    assert set(store.newest([place, ("source_code", "prd")])) == {place}


def test_a_retired_artifact_is_still_the_newest(store: ArtifactRepository, author: Author) -> None:
    made = kept(store, "prd", author)
    store.retire(made)
    assert not store.newest([place_of(made)])[place_of(made)].is_current


def test_parts_come_in_their_order(store: ArtifactRepository, author: Author) -> None:
    whole = kept(store, "prd", author)
    second = section(store, "prd/2", author, whole, ordinal=1)
    first = section(store, "prd/1", author, whole, ordinal=0)
    assert [row.id for row in store.parts([whole.id])] == [first.id, second.id]
    assert store.parts([first.id]) == []


def test_a_part_is_given_in_its_last_version(store: ArtifactRepository, author: Author) -> None:
    whole = kept(store, "prd", author)
    before = section(store, "prd/1", author, whole)
    after = successor(store, before, author, text="anew")
    assert [row.id for row in store.parts([whole.id])] == [after.id]


def test_an_old_version_keeps_its_parts(store: ArtifactRepository, author: Author) -> None:
    first = kept(store, "prd", author)
    part = section(store, "prd/1", author, first)
    second = successor(store, first, author)
    assert [row.id for row in store.parts([first.id])] == [part.id]
    assert store.parts([second.id]) == []


def test_removing_takes_all_versions_and_their_parts(store: ArtifactRepository, author: Author) -> None:
    other = kept(store, "other", author)
    first = kept(store, "prd", author)
    section(store, "prd/1", author, first)
    second = successor(store, first, author)
    assert store.remove(second) == 3
    assert store.get([first.id, second.id]) == {}
    assert [row.id for row in store.current()] == [other.id]
    assert store.remove(second) == 0


def test_a_removed_path_is_free_again(store: ArtifactRepository, author: Author) -> None:
    made = kept(store, "prd", author)
    store.remove(made)
    assert store.newest([place_of(made)]) == {}
    assert kept(store, "prd", author).version == 1


def test_tags_are_changed(store: ArtifactRepository, author: Author) -> None:
    made = kept(store, "prd", author)
    store.change(made, tags=["a"])
    assert store.get([made.id])[made.id].tags == ["a"]


def test_another_project_has_none_of_it(world: World, author: Author) -> None:
    with world.as_("engineer"):
        made = kept(DatabaseArtifacts(world.project.id), "prd", author)
        elsewhere = DatabaseArtifacts(uuid4())
        assert elsewhere.get([made.id]) == {}
        assert elsewhere.current() == elsewhere.versions(made) == elsewhere.parts([made.id]) == []
        assert elsewhere.newest([place_of(made)]) == {}
        assert not elsewhere.retire(made)
        assert elsewhere.remove(made) == 0
