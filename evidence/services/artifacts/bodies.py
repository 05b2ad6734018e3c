"""Bodies in storage: what is too large for a row, or no text."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from common.context import SYSTEM
from common.files.kinds import EVERYDAY, MIB, TEXTS, Kind, Stored
from common.files.serving import read_stored
from common.files.sweep import sweep_orphans
from common.tenancy import tenant_context
from evidence import events
from evidence.models import Artifact, Granularity
from evidence.services.artifacts.drafts import MAX_TEXT, Author, check_path, file_body
from evidence.services.artifacts.repository import DatabaseArtifacts
from evidence.services.artifacts.writing import current_at, note, replace
from projects.models import Project

ARTIFACT_BODIES = Kind("artifacts", limit=64 * MIB, accepts=EVERYDAY)
ORPHAN_AGE = timedelta(days=1)


def stored_body(artifact: Artifact) -> Stored | None:
    """Return what is in storage of an artifact; None where its body is in the row."""
    if artifact.file_sha256 is None or artifact.file_size is None:
        return None
    return ARTIFACT_BODIES.stored(
        tenant_id=artifact.tenant_id,
        sha256=artifact.file_sha256,
        size=artifact.file_size,
        media_type=artifact.media_type,
        file_name=artifact.path.rpartition("/")[2],
    )


def readable_text(stored: Stored) -> str:
    """Return the words of a text that is small enough for a row; "" for anything else. Raises `FileDamaged`."""
    if stored.media_type not in TEXTS or stored.size > MAX_TEXT:
        return ""
    return read_stored(stored).decode()


@transaction.atomic
def upload_artifact(
    *, project: Project, author: Author, artifact_type: str, path: str, stored: Stored, title: str = ""
) -> Artifact:
    """Keep a document whose body is a file that has been received: something new, or the next version at its path.

    The same bytes and title again change nothing. Raises `Invalid` for a bad path, `Conflict` where a part lies there.
    """
    check_path(path)
    before = current_at(project, artifact_type, path)
    body = file_body(stored, readable_text(stored))
    if before is not None:
        artifact = replace(before, author, body, title=title or before.title)
        is_new = artifact.id != before.id
    else:
        artifact = Artifact(
            project=project,
            artifact_type=artifact_type,
            granularity=Granularity.DOCUMENT,
            path=path,
            title=title,
            **body,
            **author.values(),
        )
        DatabaseArtifacts(project.id).add([artifact])
        note(events.ARTIFACT_CREATED, artifact)
        is_new = True
    if is_new:
        note(events.ARTIFACT_UPLOADED, artifact, size=stored.size, media_type=stored.media_type)
    return artifact


def download_artifact(*, artifact: Artifact) -> Stored | bytes:
    """Return the body that is asked for, a file or the bytes of the row, and note who took it."""
    note(events.ARTIFACT_DOWNLOADED, artifact)
    return stored_body(artifact) or artifact.content_text.encode()


def named_bodies(tenant_id: UUID, digests: Collection[str]) -> set[str]:
    """Return which of the digests an artifact of the tenant has, deleted ones included: runs saw them."""
    with tenant_context(tenant_id, actor=SYSTEM):
        named = Artifact.all_objects.filter(file_sha256__in=digests).values_list("file_sha256", flat=True)
        return {digest for digest in named if digest}


def sweep_artifact_bodies() -> int:
    """Remove bodies whose row was refused after they were stored; return how many."""
    return sweep_orphans(ARTIFACT_BODIES, named_bodies, ORPHAN_AGE)
