"""Where artifacts are kept: what the rules of the context store ask of it, and the database's answer.

`evidence/tests/in_memory.py` gives the same answers without a database; one set of tests holds both to them.
"""

from collections.abc import Collection, Sequence
from typing import Any, Protocol
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from common.duplicates import refusing_duplicates
from evidence.models import Artifact

Place = tuple[str, str]
"""an artifact's type and its path in lower case: what its versions share"""


def place_of(artifact: Artifact) -> Place:
    return artifact.artifact_type, artifact.path.lower()


class ArtifactRepository(Protocol):
    """The artifacts of one project. Nothing of another project, and nothing deleted, is ever found in it."""

    project_id: UUID

    def add(self, artifacts: Sequence[Artifact]) -> None:
        """Keep new artifacts. Raises `Conflict` where a path has a current artifact."""

    def get(self, ids: Collection[UUID], *, with_content: bool = True) -> dict[UUID, Artifact]:
        """Return those of the ids that there are."""

    def current(
        self, *, artifact_type: str = "", granularity: str = "", agent_id: UUID | None = None
    ) -> list[Artifact]:
        """Return the last versions, newest first, without their content."""

    def newest(self, places: Collection[Place]) -> dict[Place, Artifact]:
        """Return the newest version at each place, current or not, without its content."""

    def versions(self, artifact: Artifact) -> list[Artifact]:
        """Return all versions of an artifact, newest first, without their content."""

    def parts(self, ids: Collection[UUID]) -> list[Artifact]:
        """Return the direct parts of these, in order, each in its last version, without their content."""

    def retire(self, artifact: Artifact) -> bool:
        """Let an artifact and its parts be current no more. False: it was not current, and nothing is changed."""

    def remove(self, artifact: Artifact) -> int:
        """Delete all versions of an artifact with their parts, softly; return how many rows that were."""

    def change(self, artifact: Artifact, **values: Any) -> None:
        """Change what may change: tags and embedding."""


class DatabaseArtifacts:
    """Artifacts in PostgreSQL, in the running tenant context."""

    def __init__(self, project_id: UUID) -> None:
        self.project_id = project_id
        self.rows = Artifact.objects.filter(project_id=project_id)

    def add(self, artifacts: Sequence[Artifact]) -> None:
        taken = ", ".join(artifact.path for artifact in artifacts[:5])
        with refusing_duplicates(f"There is a current artifact of this type at: {taken}.", code="path_taken"):
            Artifact.objects.bulk_create(artifacts)

    def get(self, ids: Collection[UUID], *, with_content: bool = True) -> dict[UUID, Artifact]:
        found = self.rows.filter(id__in=ids)
        return {artifact.id: artifact for artifact in (found if with_content else found.without_content())}

    def current(
        self, *, artifact_type: str = "", granularity: str = "", agent_id: UUID | None = None
    ) -> list[Artifact]:
        wanted = {"artifact_type": artifact_type, "granularity": granularity, "source_agent_id": agent_id}
        narrowed = {name: value for name, value in wanted.items() if value}
        return list(self.rows.current().filter(**narrowed).without_content().order_by("-id"))

    def newest(self, places: Collection[Place]) -> dict[Place, Artifact]:
        types = {artifact_type for artifact_type, _ in places}
        lowered = self.rows.annotate(place=Lower("path"))
        found = lowered.filter(artifact_type__in=types, place__in={path for _, path in places})
        return {place_of(artifact): artifact for artifact in found.without_content().order_by("version")}

    def versions(self, artifact: Artifact) -> list[Artifact]:
        return list(self.rows.versions_of(artifact).without_content().order_by("-version"))

    def parts(self, ids: Collection[UUID]) -> list[Artifact]:
        newest = self.rows.filter(parent_id__in=ids).order_by("parent_id", "path", "-version")
        return sorted(newest.distinct("parent_id", "path").without_content(), key=lambda part: (part.ordinal, part.id))

    def retire(self, artifact: Artifact) -> bool:
        if not self.rows.filter(id=artifact.id, is_current=True).update(is_current=False):
            return False
        within = Q(parent_id=artifact.id) | Q(parent__parent_id=artifact.id)
        self.rows.current().filter(within).update(is_current=False)
        return True

    def remove(self, artifact: Artifact) -> int:
        ids = list(self.rows.versions_of(artifact).values_list("id", flat=True))
        doomed = self.rows.filter(Q(id__in=ids) | Q(parent_id__in=ids) | Q(parent__parent_id__in=ids))
        return doomed.update(deleted_at=timezone.now())

    def change(self, artifact: Artifact, **values: Any) -> None:
        self.rows.filter(id=artifact.id).update(**values)
