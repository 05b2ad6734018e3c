"""Taking a document apart: its sections by headings, its concepts by explicit keys, at paths that stay."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from common.errors import Conflict, Invalid
from evidence.models import Artifact, Granularity
from evidence.services.artifacts.drafts import MARKDOWN, Author, Values, check_path, part_body
from evidence.services.artifacts.markdown import sections_of
from evidence.services.artifacts.repository import ArtifactRepository, place_of

CONCEPTS = "concepts"
"""the member of a document's JSON whose members are its concepts, where no keys are given"""
MAX_PARTS = 1000
MAX_LINES = 20_000
PROSE = frozenset({MARKDOWN, "text/plain"})


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The parts of a document in order, and how many of them had to be made."""

    parts: list[Artifact]
    made: int


def decompose(
    store: ArtifactRepository, document: Artifact, *, author: Author, keys: Sequence[str] | None = None
) -> Decomposition:
    """Make what parts the document has not. The same document again makes none.

    Raises `Conflict` for a superseded document and for a path that something else has, `Invalid` for what is no
    document, for more than a thousand parts, or for a key that the document's JSON has not.
    """
    if document.granularity != Granularity.DOCUMENT:
        raise Invalid("Only a document has parts to find.", code="not_a_document", errors={"id": ["Not a document."]})
    if not document.is_current:
        raise Conflict("There is a newer version; take that apart.", code="superseded")
    planned = [*sections(document), *concepts(document, keys)]
    if len(planned) > MAX_PARTS:
        raise Invalid(f"It would have {len(planned)} parts; at most {MAX_PARTS} are made.", code="too_many_parts")
    newest = store.newest([place_of(part) for part in planned])
    parts = [follow(part, newest.get(place_of(part))) for part in planned]
    made = [part for part in parts if part._state.adding]
    for part in made:
        for name, value in author.values().items():
            setattr(part, name, value)
        before = newest.get(place_of(part))
        if before is not None and before.is_current:
            store.retire(before)
    store.add(made)
    return Decomposition(parts, len(made))


def sections(document: Artifact) -> Iterator[Artifact]:
    """Yield the sections of a document's prose; other texts have none."""
    if document.media_type not in PROSE:
        return
    if document.content_text.count("\n") + document.content_text.count("\r") > MAX_LINES:
        raise Invalid(f"Only a text of at most {MAX_LINES} lines is taken apart.", code="too_many_lines")
    for ordinal, section in enumerate(sections_of(document.content_text)):
        body = part_body(text=section.text, media_type=document.media_type)
        yield part_of(document, section.number, Granularity.SECTION, ordinal=ordinal, title=section.title[:500], **body)


def concepts(document: Artifact, keys: Sequence[str] | None) -> Iterator[Artifact]:
    """Yield a concept for each chosen member of a document's JSON. They come after its sections."""
    for ordinal, (key, value) in enumerate(chosen(document.content, keys)):
        try:
            check_path(key, longest=100)
        except Invalid as refusal:
            raise Invalid(f"{key[:100]!r} cannot be a step of a path.", errors={"keys": refusal.detail}) from refusal
        if key[0].isdigit() or "/" in key:
            raise Invalid(f"{key!r} begins like a section's number, or holds a slash.", errors={"keys": ["Not a key."]})
        yield part_of(document, key, Granularity.CONCEPT, ordinal=MAX_PARTS + ordinal, title=key, **concept_body(value))


def chosen(content: Values, keys: Sequence[str] | None) -> list[tuple[str, Any]]:
    if keys is None:
        found = content.get(CONCEPTS)
        return list(found.items()) if isinstance(found, dict) else []
    missing = [key for key in keys if key not in content]
    if missing:
        raise Invalid(f"The document's JSON has no {missing[0][:100]!r}.", errors={"keys": ["Not in the content."]})
    return [(key, content[key]) for key in dict.fromkeys(keys)]


def concept_body(value: Any) -> Values:
    if isinstance(value, str) and value:
        return part_body(text=value)
    return part_body(content=value if isinstance(value, dict) else {"value": value})


def part_of(document: Artifact, step: str, granularity: Granularity, **values: Any) -> Artifact:
    return Artifact(
        tenant_id=document.tenant_id,
        project_id=document.project_id,
        artifact_type=document.artifact_type,
        granularity=granularity,
        parent_id=document.id,
        path=f"{document.path}/{step}",
        **values,
    )


def follow(part: Artifact, before: Artifact | None) -> Artifact:
    """Return the part as it is kept already, or as the next version of what is at its path."""
    if before is None:
        return part
    if before.granularity != part.granularity or (before.is_current and before.parent_id != part.parent_id):
        raise Conflict(f"Something else has the path {part.path}.", code="path_taken")
    if before.is_current and contents(before) == contents(part):
        return before
    part.path = before.path
    part.version = before.version + 1
    part.supersedes_id = before.id
    return part


def contents(part: Artifact) -> tuple[Any, ...]:
    return part.content_sha256, part.title, part.ordinal
