"""Putting context together: what is asked for, in that order, as much of it as there is room for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from common.errors import Invalid
from evidence.models import Artifact, Granularity
from evidence.services.artifacts.drafts import JSON_TYPE
from evidence.services.artifacts.repository import ArtifactRepository


class Why(StrEnum):
    """Why something that was asked for is not given whole."""

    NO_ROOM = "no_room"
    """it has more tokens than are left, and no parts"""
    IN_PARTS = "in_parts"
    """it has more tokens than are left, so its parts were tried instead: they follow"""
    NO_TEXT = "no_text"
    """it is a file that cannot be read as text"""
    REPEATED = "repeated"
    """it was given before, by itself or within what it is a part of"""
    UNKNOWN = "unknown"
    """there is no such artifact in the project (any more)"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one artifact: given whole, or why not."""

    artifact: Artifact
    why: Why | None = None

    @property
    def tokens(self) -> int:
        return self.artifact.token_estimate


@dataclass(frozen=True, slots=True)
class Assembly:
    """What is given within `max_tokens`, and what is not, in the order asked for."""

    max_tokens: int
    outcomes: list[Outcome]
    unknown: list[str] = field(default_factory=list)

    @property
    def given(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.why is None]

    @property
    def dropped(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.why is not None]

    @property
    def tokens(self) -> int:
        return sum(outcome.tokens for outcome in self.given)


def assemble(store: ArtifactRepository, ids: Sequence[UUID], max_tokens: int) -> Assembly:
    """Give each artifact whole where it fits into what is left, else the sections of it that do, else their concepts.

    What comes first is served first; what does not fit is passed over and later, smaller things are still tried.
    Raises `Invalid` that names the ids which are not of this project.
    """
    outlines = store.get(ids, with_content=False)
    unknown = [str(each) for each in ids if each not in outlines]
    if unknown:
        raise Invalid(
            f"Not artifacts of this project: {', '.join(unknown)}.",
            code="unknown_artifacts",
            unknown=unknown,
            errors={f"ids[{at}]": ["Not of this project."] for at, each in enumerate(ids) if each not in outlines},
        )
    packing = Packing(store, outlines, max_tokens)
    for each in ids:
        packing.offer(outlines[each])
    texts = store.get([outcome.artifact.id for outcome in packing.outcomes if outcome.why is None])
    return Assembly(
        max_tokens,
        [Outcome(texts.get(outcome.artifact.id, outcome.artifact), outcome.why) for outcome in packing.outcomes],
    )


class Packing:
    """One go at filling the room. It decides by outlines; texts are read once it is known which are given."""

    def __init__(self, store: ArtifactRepository, asked: dict[UUID, Artifact], max_tokens: int) -> None:
        self.left = max_tokens
        self.outcomes: list[Outcome] = []
        self.given: set[UUID] = set()
        self.parts: dict[UUID, list[Artifact]] = {}
        level = list(asked)
        while level:
            found = store.parts(level)
            for part in found:
                self.parts.setdefault(part.parent_id or part.id, []).append(part)
            level = [part.id for part in found if part.granularity == Granularity.SECTION and part.id not in asked]

    def offer(self, artifact: Artifact) -> None:
        parts = self.parts.get(artifact.id, [])
        if artifact.id in self.given:
            self.drop(artifact, Why.REPEATED)
        elif artifact.token_estimate <= self.left and artifact.token_estimate and not self.begun(parts):
            self.left -= artifact.token_estimate
            self.outcomes.append(Outcome(artifact))
            self.cover(artifact)
        elif parts:
            self.drop(artifact, Why.IN_PARTS)
            for part in parts:
                self.offer(part)
        else:
            self.drop(artifact, Why.NO_ROOM if artifact.token_estimate else Why.NO_TEXT)

    def begun(self, parts: Sequence[Artifact]) -> bool:
        """Whether a section of it was given already: then only the rest is."""
        return any(part.granularity == Granularity.SECTION and part.id in self.given for part in parts)

    def cover(self, artifact: Artifact) -> None:
        """Remember that an artifact was given, and with it the parts whose words are among its own."""
        self.given.add(artifact.id)
        for part in self.parts.get(artifact.id, []):
            if part.granularity == Granularity.SECTION or artifact.media_type == JSON_TYPE:
                self.cover(part)

    def drop(self, artifact: Artifact, why: Why) -> None:
        self.outcomes.append(Outcome(artifact, why))
