"""Taking documents apart and putting context together: the rules, in memory, with texts drawn at random."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Conflict, Invalid
from common.ids import uuid7
from evidence.models import Artifact
from evidence.services.artifacts.assembly import Why, assemble
from evidence.services.artifacts.decomposition import MAX_LINES, decompose
from evidence.services.artifacts.drafts import Author, part_body
from evidence.services.artifacts.markdown import sections_of
from evidence.services.artifacts.tokens import estimate_tokens
from evidence.tests.in_memory import ArtifactsInMemory

PROJECT, PERSON = uuid7(), Author(user_id=uuid7())
PRD = "# PRD\n\nWhat it is.\n\n## Scope\nin\n\n### Out\nout\n\n## Risks\nmany\n"

LINES = st.one_of(
    st.sampled_from(["", "# One", "## Two", "### Three", "Title", "=====", "-----", "```", "> # quoted", "- # listed"]),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
MARKDOWN = st.lists(st.tuples(LINES, ENDS), max_size=25).map(lambda lines: "".join(map("".join, lines)))


@pytest.fixture
def store() -> ArtifactsInMemory:
    return ArtifactsInMemory(PROJECT)


def document(store: ArtifactsInMemory, path: str = "prd", text: str = PRD, **content: Any) -> Artifact:
    made = Artifact(
        project_id=PROJECT, artifact_type="project_plan", path=path, **part_body(text=text, content=content)
    )
    store.add([made])
    return made


def taken_apart(store: ArtifactsInMemory, whole: Artifact, *keys: str) -> list[Artifact]:
    return decompose(store, whole, author=PERSON, keys=keys or None).parts


# --- sections -------------------------------------------------------------------------------------------------------


def test_sections_are_numbered_like_a_table_of_contents(store: ArtifactsInMemory) -> None:
    parts = taken_apart(store, document(store))
    assert [(part.path, part.title) for part in parts] == [
        ("prd/0", "PRD"),
        ("prd/1", "Scope"),
        ("prd/1.1", "Out"),
        ("prd/2", "Risks"),
    ]
    assert [part.ordinal for part in parts] == [0, 1, 2, 3]
    assert {part.granularity for part in parts} == {"section"}
    assert [part.token_estimate for part in parts] == [estimate_tokens(part.content_text) for part in parts]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", []),
        (" \n \n", []),
        ("no heading", ["0"]),
        ("## a\n## b", ["1", "2"]),
        ("before\n## a", ["0", "1"]),
        ("before\n# title\n## a", ["0", "1"]),
        ("# a\n# b\n## c", ["1", "2", "2.1"]),
        ("### a\n## b\n# c", ["1", "2", "3"]),
        ("# t\n## a\n#### deep\n### less deep\n## b", ["0", "1", "1.1", "1.2", "2"]),
        ("```\n# code\n```\n> # quoted\n\n- # listed\n", ["0"]),
        ("a\n=\nb\n-", ["0", "1"]),
    ],
)
def test_only_headings_of_the_text_itself_begin_a_section(text: str, numbers: list[str]) -> None:
    assert [section.number for section in sections_of(text)] == numbers


@given(MARKDOWN)
def test_sections_together_are_the_text(text: str) -> None:
    sections = sections_of(text)
    assert "".join(section.text for section in sections) == (text if text.strip() else "")
    numbers = [section.number for section in sections]
    assert len(set(numbers)) == len(numbers)


def test_a_text_of_too_many_lines_is_not_taken_apart(store: ArtifactsInMemory) -> None:
    with pytest.raises(Invalid) as refusal:
        taken_apart(store, document(store, text="#\n" * (MAX_LINES + 1)))
    assert refusal.value.code == "too_many_lines"


def test_a_document_has_at_most_a_thousand_parts(store: ArtifactsInMemory) -> None:
    with pytest.raises(Invalid) as refusal:
        taken_apart(store, document(store, text="## a\n" * 1001))
    assert refusal.value.code == "too_many_parts"


# --- concepts -------------------------------------------------------------------------------------------------------


def test_concepts_are_the_members_of_the_json_that_are_named(store: ArtifactsInMemory) -> None:
    whole = document(store, lease="a promise", stack=["Django"], rest={"a": 1})
    *_, lease, stack = taken_apart(store, whole, "lease", "stack")
    assert (lease.path, lease.title, lease.granularity) == ("prd/lease", "lease", "concept")
    assert (lease.content_text, lease.media_type) == ("a promise", "text/markdown")
    assert (stack.content, stack.media_type) == ({"value": ["Django"]}, "application/json")


def test_without_names_they_are_the_members_of_concepts(store: ArtifactsInMemory) -> None:
    whole = document(store, concepts={"lease": {"meaning": "a promise"}}, other=1)
    assert [part.path for part in taken_apart(store, whole)][-1] == "prd/lease"


@pytest.mark.parametrize("key", ["missing", "3.2", "a/b", "../x", "ü", ""])
def test_a_key_that_cannot_be_a_concept_is_refused(store: ArtifactsInMemory, key: str) -> None:
    content = {} if key == "missing" else {key: "x"}
    with pytest.raises(Invalid) as refusal:
        taken_apart(store, document(store, **content), key)
    assert list(refusal.value.extra["errors"]) == ["keys"]


def test_json_has_concepts_and_no_sections(store: ArtifactsInMemory) -> None:
    whole = document(store, text="", concepts={"a": "# not a heading"})
    assert [part.path for part in taken_apart(store, whole)] == ["prd/a"]


# --- again ----------------------------------------------------------------------------------------------------------


def test_the_same_document_again_makes_nothing(store: ArtifactsInMemory) -> None:
    whole = document(store, concepts={"lease": "a promise"})
    first = decompose(store, whole, author=PERSON)
    again = decompose(store, whole, author=PERSON)
    assert (first.made, again.made) == (5, 0)
    assert [part.id for part in first.parts] == [part.id for part in again.parts]


def test_a_part_that_somebody_changed_is_made_as_the_document_has_it(store: ArtifactsInMemory) -> None:
    whole = document(store)
    before = taken_apart(store, whole)[1]
    store.retire(before)
    edited = Artifact(
        project_id=PROJECT,
        artifact_type=before.artifact_type,
        granularity="section",
        parent_id=whole.id,
        path=before.path,
        version=2,
        supersedes_id=before.id,
        **part_body(text="edited"),
    )
    store.add([edited])
    found = decompose(store, whole, author=PERSON)
    assert found.made == 1
    assert (found.parts[1].version, found.parts[1].supersedes_id) == (3, edited.id)
    assert found.parts[1].content_text == before.content_text


def test_a_new_version_has_parts_of_its_own_at_the_same_paths(store: ArtifactsInMemory) -> None:
    first = document(store)
    old = taken_apart(store, first)
    store.retire(first)
    second = Artifact(
        project_id=PROJECT,
        artifact_type="project_plan",
        path="prd",
        version=2,
        supersedes_id=first.id,
        **part_body(text=PRD.replace("many", "few")),
    )
    store.add([second])
    new = taken_apart(store, second)
    assert [part.path for part in new] == [part.path for part in old]
    assert {part.version for part in new} == {2}
    assert [part.supersedes_id for part in new] == [part.id for part in old]
    with pytest.raises(Conflict, match="newer version"):
        taken_apart(store, store.get([first.id])[first.id])


def test_what_has_a_path_already_keeps_it(store: ArtifactsInMemory) -> None:
    document(store, "prd/1", "something else")
    with pytest.raises(Conflict) as refusal:
        taken_apart(store, document(store))
    assert refusal.value.code == "path_taken"


def test_only_a_document_is_taken_apart(store: ArtifactsInMemory) -> None:
    section, *_ = taken_apart(store, document(store))
    with pytest.raises(Invalid) as refusal:
        taken_apart(store, section)
    assert refusal.value.code == "not_a_document"


# --- putting together -----------------------------------------------------------------------------------------------


def words(text: str) -> list[str]:
    return text.split()


def given_texts(store: ArtifactsInMemory, ids: list[UUID], room: int) -> list[str]:
    return [outcome.artifact.content_text for outcome in assemble(store, ids, room).given]


def test_what_fits_is_given_whole(store: ArtifactsInMemory) -> None:
    whole = document(store)
    taken_apart(store, whole)
    assembly = assemble(store, [whole.id], whole.token_estimate)
    assert [outcome.artifact.id for outcome in assembly.given] == [whole.id]
    assert assembly.dropped == []
    assert assembly.tokens == whole.token_estimate


def test_what_does_not_fit_is_given_in_the_parts_that_do(store: ArtifactsInMemory) -> None:
    whole = document(store)
    preface, scope, *_ = taken_apart(store, whole)
    assembly = assemble(store, [whole.id], preface.token_estimate + scope.token_estimate)
    assert [outcome.artifact.path for outcome in assembly.given] == ["prd/0", "prd/1"]
    assert [(outcome.artifact.path, outcome.why) for outcome in assembly.dropped] == [
        ("prd", Why.IN_PARTS),
        ("prd/1.1", Why.NO_ROOM),
        ("prd/2", Why.NO_ROOM),
    ]


def test_a_section_that_does_not_fit_is_given_by_its_concepts(store: ArtifactsInMemory) -> None:
    whole = document(store, text="x" * 300)
    [section] = taken_apart(store, whole)
    concept = Artifact(
        project_id=PROJECT,
        artifact_type="project_plan",
        granularity="concept",
        parent_id=section.id,
        path="prd/0/short",
        **part_body(text="short"),
    )
    store.add([concept])
    assembly = assemble(store, [whole.id], 10)
    assert [outcome.artifact.id for outcome in assembly.given] == [concept.id]
    assert [outcome.why for outcome in assembly.dropped] == [Why.IN_PARTS, Why.IN_PARTS]


def test_what_has_neither_room_nor_parts_is_dropped_and_the_next_is_tried(store: ArtifactsInMemory) -> None:
    long, short = document(store, "long", "x" * 100), document(store, "short", "x")
    assembly = assemble(store, [long.id, short.id], 5)
    assert [outcome.artifact.id for outcome in assembly.given] == [short.id]
    assert [(outcome.artifact.id, outcome.why) for outcome in assembly.dropped] == [(long.id, Why.NO_ROOM)]


def test_nothing_is_given_twice(store: ArtifactsInMemory) -> None:
    whole = document(store)
    section, *_ = taken_apart(store, whole)
    assembly = assemble(store, [whole.id, whole.id, section.id], 1000)
    assert [outcome.artifact.id for outcome in assembly.given] == [whole.id]
    assert [outcome.why for outcome in assembly.dropped] == [Why.REPEATED, Why.REPEATED]


def test_a_whole_after_one_of_its_sections_gives_the_others(store: ArtifactsInMemory) -> None:
    whole = document(store)
    parts = taken_apart(store, whole)
    assembly = assemble(store, [parts[2].id, whole.id], 1000)
    assert [outcome.artifact.path for outcome in assembly.given] == ["prd/1.1", "prd/0", "prd/1", "prd/2"]
    assert [outcome.why for outcome in assembly.dropped] == [Why.IN_PARTS, Why.REPEATED]


def test_a_concept_of_a_text_is_given_beside_it(store: ArtifactsInMemory) -> None:
    whole = document(store, concepts={"lease": "a promise"})
    lease = taken_apart(store, whole)[-1]
    assert given_texts(store, [whole.id, lease.id], 1000) == [PRD, "a promise"]


def test_a_concept_of_json_is_within_it(store: ArtifactsInMemory) -> None:
    whole = document(store, text="", concepts={"lease": "a promise"})
    [lease] = taken_apart(store, whole)
    assert [outcome.why for outcome in assemble(store, [whole.id, lease.id], 1000).outcomes] == [None, Why.REPEATED]


def test_a_file_without_text_is_dropped_with_the_reason(store: ArtifactsInMemory) -> None:
    picture = document(store, text="x")
    store.change(picture, content_text="", token_estimate=0)
    assert [outcome.why for outcome in assemble(store, [picture.id], 10).outcomes] == [Why.NO_TEXT]


def test_ids_of_elsewhere_are_refused_by_name(store: ArtifactsInMemory) -> None:
    mine, stranger = document(store), uuid4()
    with pytest.raises(Invalid, match=str(stranger)) as refusal:
        assemble(store, [mine.id, stranger], 1000)
    assert refusal.value.extra["unknown"] == [str(stranger)]
    assert list(refusal.value.extra["errors"]) == ["ids[1]"]


@given(MARKDOWN)
def test_apart_and_together_again_keeps_every_word(text: str) -> None:
    store = ArtifactsInMemory(PROJECT)
    whole = document(store, text=text or "x")
    parts = taken_apart(store, whole)
    by_parts = given_texts(store, [part.id for part in parts], 10_000)
    assert words("".join(by_parts)) == words(whole.content_text) or not whole.content_text.strip()
    assert given_texts(store, [whole.id], 10_000) == [whole.content_text]


@given(st.lists(MARKDOWN, min_size=1, max_size=4), st.integers(0, 400), st.randoms())
def test_there_is_never_more_than_the_room_and_nothing_twice(texts: list[str], room: int, chance: Any) -> None:
    store = ArtifactsInMemory(PROJECT)
    wholes = [document(store, f"d{at}", text or "x") for at, text in enumerate(texts)]
    everything = wholes + [part for whole in wholes for part in taken_apart(store, whole)]
    asked = chance.sample(everything, chance.randint(1, len(everything)))
    assembly = assemble(store, [each.id for each in asked], room)
    assert sum(estimate_tokens(outcome.artifact.content_text) for outcome in assembly.given) <= room
    shown = [outcome.artifact.id for outcome in assembly.given]
    assert len(set(shown)) == len(shown)
    assert {each.id for each in asked} <= {outcome.artifact.id for outcome in assembly.outcomes}


@given(st.permutations(range(6)))
def test_what_is_given_is_in_the_order_asked_for(order: list[int]) -> None:
    store = ArtifactsInMemory(PROJECT)
    wholes = [document(store, f"d{at}", "x" * (at + 1) * 3) for at in range(6)]
    assembly = assemble(store, [wholes[at].id for at in order], 12)
    shown = [int(outcome.artifact.path[1:]) for outcome in assembly.given]
    assert shown == [at for at in order if at in shown]
    assert [int(outcome.artifact.path[1:]) for outcome in assembly.outcomes] == list(order)
