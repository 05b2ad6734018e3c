"""Artifacts without a database: the same answers as `DatabaseArtifacts`, for tests of the rules above it."""

from collections.abc import Collection, Sequence
from copy import copy
from typing import Any
from uuid import UUID

from common.errors import Conflict
from evidence.models import Artifact
from evidence.services.artifacts.repository import Place, place_of


class ArtifactsInMemory:
    """The artifacts of one project, in a dictionary."""

    def __init__(self, project_id: UUID) -> None:
        self.project_id = project_id
        self.rows: dict[UUID, Artifact] = {}

    def add(self, artifacts: Sequence[Artifact]) -> None:
        taken = {place_of(row) for row in self.rows.values() if row.is_current}
        for artifact in artifacts:
            if place_of(artifact) in taken:
                raise Conflict(f"There is a current artifact of this type at: {artifact.path}.", code="path_taken")
            taken.add(place_of(artifact))
        for artifact in artifacts:
            artifact._state.adding = False
            self.rows[artifact.id] = copy(artifact)

    def get(self, ids: Collection[UUID], *, with_content: bool = True) -> dict[UUID, Artifact]:
        return {each: copy(self.rows[each]) for each in ids if each in self.rows}

    def current(
        self, *, artifact_type: str = "", granularity: str = "", agent_id: UUID | None = None
    ) -> list[Artifact]:
        found = [
            copy(row)
            for row in self.rows.values()
            if row.is_current
            and artifact_type in {"", row.artifact_type}
            and granularity in {"", row.granularity}
            and agent_id in {None, row.source_agent_id}
        ]
        return sorted(found, key=lambda row: row.id, reverse=True)

    def newest(self, places: Collection[Place]) -> dict[Place, Artifact]:
        found = sorted(self.rows.values(), key=lambda row: row.version)
        return {place_of(row): copy(row) for row in found if place_of(row) in places}

    def versions(self, artifact: Artifact) -> list[Artifact]:
        found = [copy(row) for row in self.rows.values() if place_of(row) == place_of(artifact)]
        return sorted(found, key=lambda row: -row.version)

    def parts(self, ids: Collection[UUID]) -> list[Artifact]:
        newest: dict[tuple[Any, str], Artifact] = {}
        for row in sorted(self.rows.values(), key=lambda row: row.version):
            if row.parent_id in ids:
                newest[row.parent_id, row.path] = copy(row)
        return sorted(newest.values(), key=lambda row: (row.ordinal, row.id))

    def retire(self, artifact: Artifact) -> bool:
        row = self.rows.get(artifact.id)
        if row is None or not row.is_current:
            return False
        row.is_current = False
        for each in self.within({artifact.id}):
            self.rows[each].is_current = False
        return True

    def remove(self, artifact: Artifact) -> int:
        ids = {row.id for row in self.versions(artifact)}
        doomed = ids | self.within(ids)
        for each in doomed:
            del self.rows[each]
        return len(doomed)

    def change(self, artifact: Artifact, **values: Any) -> None:
        for name, value in values.items():
            setattr(self.rows[artifact.id], name, value)

    def within(self, ids: Collection[UUID]) -> set[UUID]:
        """Return the ids of the parts of these, and of the parts of those."""
        direct = {row.id for row in self.rows.values() if row.parent_id in ids}
        return direct | {row.id for row in self.rows.values() if row.parent_id in direct}
