"""All current artifacts of a project as one zip, made while it is sent: no temporary file, little memory."""

import hashlib
import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from audit.services import Subject, record
from common.files.serving import open_stored
from evidence import events
from evidence.models import Artifact, ArtifactType
from evidence.services.artifacts.bodies import stored_body
from evidence.services.artifacts.repository import DatabaseArtifacts
from projects.models import Project

PAGE = 20
"""rows whose content is in memory at a time"""
SUMMARY, MANIFEST = "project_summary.md", "manifest.json"
ENDINGS = {
    "application/json": ".json",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "text/html": ".html.txt",
    "image/svg+xml": ".svg.txt",
}
Context = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Export:
    """What is to be exported, listed in the transaction that notes it."""

    project: Project
    artifacts: list[Artifact]


@transaction.atomic
def export_artifacts(*, project: Project) -> Export:
    """List a project's current artifacts, and note that they were exported. `zipped` makes the file."""
    artifacts = sorted(DatabaseArtifacts(project.id).current(), key=lambda each: (each.artifact_type, each.path))
    subject = Subject(type="project", id=project.id, label=project.name, project_id=project.id)
    record(events.ARTIFACTS_EXPORTED, subject, artifacts=len(artifacts))
    return Export(project, artifacts)


def zipped(export: Export, in_context: Context) -> Iterator[bytes]:
    """Yield the zip. Between two looks at the database, each inside `in_context`, it holds no connection.

    `manifest.json` comes last and has the SHA-256 of every file before it. Raises `FileDamaged` in the middle.
    """
    sink = Sink()
    known: list[dict[str, Any]] = []
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        yield from put(archive, sink, SUMMARY, [summary(export).encode()], hashlib.sha256())
        for artifact, name in contents(export, in_context):
            digest = hashlib.sha256()
            yield from put(archive, sink, name, bytes_of(artifact), digest)
            known.append(described(artifact) | {"file": name, "sha256": digest.hexdigest()})
        manifest = {"project": {"id": str(export.project.id), "key": export.project.key}, "artifacts": known}
        yield from put(archive, sink, MANIFEST, [json.dumps(manifest, indent=1).encode()], hashlib.sha256())
    yield sink.take()


class Sink(io.RawIOBase):
    """Keeps what is written until it is taken; the zip's writer never goes back."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self.pieces.append(bytes(piece))
        return len(piece)

    def take(self) -> bytes:
        taken = b"".join(self.pieces)
        self.pieces.clear()
        return taken


def put(archive: zipfile.ZipFile, sink: Sink, name: str, pieces: Iterable[bytes], digest: Any) -> Iterator[bytes]:
    """Write one file of the zip, yielding what has become of it so far."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w") as target:
        for piece in pieces:
            digest.update(piece)
            target.write(piece)
            yield sink.take()


def contents(export: Export, in_context: Context) -> Iterator[tuple[Artifact, str]]:
    """Yield each artifact that is still there, with its content and its name in the zip."""
    names = file_names(export.artifacts)
    for start in range(0, len(export.artifacts), PAGE):
        ids = [artifact.id for artifact in export.artifacts[start : start + PAGE]]
        with in_context():
            found = DatabaseArtifacts(export.project.id).get(ids)
        yield from ((found[each], names[each]) for each in ids if each in found)


def bytes_of(artifact: Artifact) -> Iterable[bytes]:
    stored = stored_body(artifact)
    return open_stored(stored.key, stored.size) if stored else [artifact.content_text.encode()]


def file_names(artifacts: Iterable[Artifact]) -> dict[Any, str]:
    """Return a name for each: its type and path, with an ending where it has none. No name is also a folder's."""
    paths = {artifact.id: f"artifacts/{artifact.artifact_type}/{artifact.path}" for artifact in artifacts}
    taken = {
        "/".join(steps[:end]).lower()
        for steps in (path.split("/") for path in paths.values())
        for end in range(1, len(steps))
    }
    names = {}
    for artifact in artifacts:
        name = paths[artifact.id]
        ending = ENDINGS.get(artifact.media_type, ".bin")
        if "." not in name.rpartition("/")[2][1:] or artifact.parent_id:
            name += ending
        while name.lower() in taken:
            name += ending
        taken.add(name.lower())
        names[artifact.id] = name
    return names


def described(artifact: Artifact) -> dict[str, Any]:
    return {
        "id": str(artifact.id),
        "artifact_type": artifact.artifact_type,
        "granularity": artifact.granularity,
        "parent": str(artifact.parent_id) if artifact.parent_id else None,
        "path": artifact.path,
        "title": artifact.title,
        "version": artifact.version,
        "media_type": artifact.media_type,
        "content": artifact.content,
        "content_sha256": artifact.content_sha256,
        "tags": artifact.tags,
        "created_at": artifact.created_at.isoformat(),
    }


def summary(export: Export) -> str:
    """Return the first page: what the project is and which documents it has."""
    project = export.project
    documents = [artifact for artifact in export.artifacts if artifact.parent_id is None]
    counts = Counter(artifact.artifact_type for artifact in documents)
    lines = [f"# {line(project.name)}", "", project.description, "", "| what | how many |", "|---|---|"]
    lines += [f"| {ArtifactType(kind).label} | {count} |" for kind, count in sorted(counts.items())]
    lines += ["", "## Documents", ""]
    lines += [
        f"- {line(artifact.title) or artifact.path} (`{artifact.artifact_type}/{artifact.path}`,"
        f" version {artifact.version})"
        for artifact in documents
    ]
    return "\n".join(lines) + "\n"


def line(text: str) -> str:
    return " ".join(text.split())
