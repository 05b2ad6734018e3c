"""The context store: what people and agents write down for each other (docs/decisions/0009-context-store.md)."""

from evidence.services.artifacts.assembly import Assembly, Outcome, Why, assemble
from evidence.services.artifacts.bodies import (
    ARTIFACT_BODIES,
    download_artifact,
    sweep_artifact_bodies,
    upload_artifact,
)
from evidence.services.artifacts.drafts import Author
from evidence.services.artifacts.export import export_artifacts, zipped
from evidence.services.artifacts.repository import ArtifactRepository, DatabaseArtifacts
from evidence.services.artifacts.uses import give_context
from evidence.services.artifacts.writing import (
    create_artifact,
    create_version,
    decompose_artifact,
    delete_artifact,
    embed_artifact,
    leave_artifact,
    tag_artifact,
    unit_vector,
)

__all__ = [
    "ARTIFACT_BODIES",
    "ArtifactRepository",
    "Assembly",
    "Author",
    "DatabaseArtifacts",
    "Outcome",
    "Why",
    "assemble",
    "create_artifact",
    "create_version",
    "decompose_artifact",
    "delete_artifact",
    "download_artifact",
    "embed_artifact",
    "export_artifacts",
    "give_context",
    "leave_artifact",
    "sweep_artifact_bodies",
    "tag_artifact",
    "unit_vector",
    "upload_artifact",
    "zipped",
]
