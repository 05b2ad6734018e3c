"""Making, changing and deleting artifacts. A change of content is a new version; the old one stays as it was."""

import math
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from audit.events import EventType
from audit.services import Subject, record
from common.errors import Conflict, Invalid, NotFound
from evidence import events
from evidence.models import Artifact, Granularity
from evidence.services.artifacts.decomposition import decompose
from evidence.services.artifacts.drafts import Author, Values, body_of, check_path, part_body
from evidence.services.artifacts.repository import DatabaseArtifacts, place_of
from projects.models import Project

MAX_DIMENSION = 4096


def subject_of(artifact: Artifact) -> Subject:
    return Subject(
        type="artifact", id=artifact.id, label=artifact.title or artifact.path, project_id=artifact.project_id
    )


def note(event: EventType, artifact: Artifact, **more: Any) -> None:
    """Record that a version came to be."""
    record(
        event,
        subject_of(artifact),
        artifact_type=str(artifact.artifact_type),
        granularity=str(artifact.granularity),
        path=artifact.path,
        version=artifact.version,
        content_sha256=artifact.content_sha256,
        **more,
    )


@transaction.atomic
def create_artifact(
    *,
    project: Project,
    author: Author,
    artifact_type: str,
    path: str,
    title: str = "",
    content: dict[str, Any] | None = None,
    text: str = "",
    media_type: str = "",
    parent: Artifact | None = None,
    granularity: str = Granularity.DOCUMENT,
    metadata: dict[str, Any] | None = None,
    tags: Sequence[str] = (),
) -> Artifact:
    """Keep something new. A part names what it is a part of, and its path begins with that one's.

    Raises `Invalid` for a path or content that is not taken, `Conflict` where the path has a current artifact.
    """
    check_path(path)
    check_place(project, artifact_type, path, parent, granularity)
    if parent is not None:
        hold_current(parent)
    make_body = body_of if parent is None else part_of_body
    artifact = Artifact(
        project=project,
        artifact_type=artifact_type,
        granularity=granularity,
        parent=parent,
        path=path,
        title=title,
        metadata=metadata or {},
        tags=list(tags),
        **make_body(artifact_type, content=content, text=text, media_type=media_type),
        **author.values(),
    )
    DatabaseArtifacts(project.id).add([artifact])
    note(events.ARTIFACT_CREATED, artifact)
    return artifact


def part_of_body(artifact_type: str, **body: Any) -> Values:
    """Parts have no schema of their own, but they are not empty."""
    if not body["content"] and not body["text"]:
        return body_of(artifact_type, **body)
    return part_body(**body)


def check_place(project: Project, artifact_type: str, path: str, parent: Artifact | None, granularity: str) -> None:
    """Raise `Invalid` unless a part lies in something coarser, of the same project and type, and below its path."""
    coarser = {
        Granularity.DOCUMENT: (),
        Granularity.SECTION: (Granularity.DOCUMENT,),
        Granularity.CONCEPT: (Granularity.DOCUMENT, Granularity.SECTION),
    }[Granularity(granularity)]
    if parent is None:
        if coarser:
            raise Invalid(f"A {granularity} is part of something.", errors={"parent": ["Required."]})
        return
    if parent.granularity not in coarser or parent.project_id != project.id or parent.artifact_type != artifact_type:
        raise Invalid(
            f"A {granularity} belongs to something coarser, of the same project and type.",
            errors={"parent": ["Not what this can be a part of."]},
        )
    if not path.lower().startswith(f"{parent.path.lower()}/"):
        raise Invalid("The path of a part begins with its whole's.", errors={"path": [f"Not below {parent.path}/."]})


def hold_current(artifact: Artifact) -> None:
    """Lock an artifact, so that nobody else follows it. Raises `Conflict` where somebody did."""
    if not Artifact.objects.current().select_for_update(of=("self",)).filter(id=artifact.id).values("id"):
        raise Conflict("There is a newer version; begin with that.", code="superseded")


@transaction.atomic
def create_version(
    *,
    artifact: Artifact,
    author: Author,
    title: str | None = None,
    content: dict[str, Any] | None = None,
    text: str = "",
    media_type: str = "",
    metadata: dict[str, Any] | None = None,
) -> Artifact:
    """Put a new version in the place of a current one. Its parts belong to the old version and are current no more.

    The same title and content again change nothing. Raises `Invalid`, or `Conflict` where there is a newer one.
    """
    make_body = body_of if artifact.parent_id is None else part_of_body
    body = make_body(artifact.artifact_type, content=content, text=text, media_type=media_type)
    return replace(artifact, author, body, title=title, metadata=metadata)


def replace(
    artifact: Artifact, author: Author, body: Values, *, title: str | None = None, metadata: Values | None = None
) -> Artifact:
    """Make the next version of `artifact` with this body, unless nothing differs. Raises `Conflict`."""
    hold_current(artifact)
    title = artifact.title if title is None else title
    if (artifact.content_sha256, artifact.title) == (body["content_sha256"], title):
        return artifact
    store = DatabaseArtifacts(artifact.project_id)
    store.retire(artifact)
    successor = Artifact(
        project_id=artifact.project_id,
        artifact_type=artifact.artifact_type,
        granularity=artifact.granularity,
        parent_id=artifact.parent_id,
        path=artifact.path,
        ordinal=artifact.ordinal,
        title=title,
        metadata=artifact.metadata if metadata is None else metadata,
        tags=artifact.tags,
        version=artifact.version + 1,
        supersedes_id=artifact.id,
        **body,
        **author.values(),
    )
    store.add([successor])
    note(events.ARTIFACT_UPDATED, successor, changed=["version"])
    return successor


@transaction.atomic
def leave_artifact(*, project: Project, author: Author, artifact_type: str, path: str, **values: Any) -> Artifact:
    """Keep a document at a path, whatever is there: something new, or the next version of it.

    Raises what `create_artifact` and `create_version` raise.
    """
    before = current_at(project, artifact_type, path)
    if before is None:
        return create_artifact(project=project, author=author, artifact_type=artifact_type, path=path, **values)
    values.pop("tags", None)
    return create_version(artifact=before, author=author, **values)


def current_at(project: Project, artifact_type: str, path: str) -> Artifact | None:
    """Return the current document at a path; raises `Conflict` where a part of one lies there."""
    place = place_of(Artifact(artifact_type=artifact_type, path=path))
    found = DatabaseArtifacts(project.id).newest([place]).get(place)
    if found is not None and found.granularity != Granularity.DOCUMENT:
        raise Conflict(f"At {path} lies a part of a document.", code="path_taken")
    return found


@transaction.atomic
def tag_artifact(*, artifact: Artifact, tags: Sequence[str]) -> Artifact:
    """Give a version these tags instead of those it has."""
    if list(tags) != artifact.tags:
        DatabaseArtifacts(artifact.project_id).change(artifact, tags=list(tags))
        artifact.refresh_from_db()
        note(events.ARTIFACT_UPDATED, artifact, changed=["tags"])
    return artifact


@transaction.atomic
def embed_artifact(*, artifact: Artifact, model: str, vector: Sequence[float]) -> Artifact:
    """Give a version its place in the space of an embedding model; it is kept with length one.

    Raises `Invalid` for a vector without direction.
    """
    unit = unit_vector(vector)
    DatabaseArtifacts(artifact.project_id).change(
        artifact, embedding=unit, embedding_model=model, embedding_dimension=len(unit)
    )
    artifact.refresh_from_db()
    note(events.ARTIFACT_UPDATED, artifact, changed=["embedding"])
    return artifact


def unit_vector(vector: Sequence[float]) -> list[float]:
    """Return the vector with length one. Raises `Invalid` where it has none, or more than 4,096 dimensions."""
    length = math.hypot(*vector)
    if not 0 < length < math.inf or len(vector) > MAX_DIMENSION:
        raise Invalid("The vector has no direction, or too many dimensions.", errors={"vector": ["Not a vector."]})
    return [number / length for number in vector]


@transaction.atomic
def delete_artifact(*, artifact: Artifact, reason: str = "") -> None:
    """Take an artifact out of use: all its versions and all their parts. Runs that saw them still name them.

    Raises `NotFound` where that was done already.
    """
    rows = DatabaseArtifacts(artifact.project_id).remove(artifact)
    if not rows:
        raise NotFound("It is deleted already.")
    record(events.ARTIFACT_DELETED, subject_of(artifact), reason=reason, path=artifact.path, rows=rows)


@transaction.atomic
def decompose_artifact(*, artifact: Artifact, author: Author, keys: Sequence[str] | None = None) -> list[Artifact]:
    """Take a document apart and return its parts in order; what is there already is not made again.

    `keys` name members of its JSON that become concepts; without them those of its member `concepts` do.
    Raises what `decompose` raises.
    """
    hold_current(artifact)
    found = decompose(DatabaseArtifacts(artifact.project_id), artifact, author=author, keys=keys)
    if found.made:
        record(
            events.ARTIFACT_DECOMPOSED,
            subject_of(artifact),
            path=artifact.path,
            version=artifact.version,
            parts=len(found.parts),
            made=found.made,
        )
    return found.parts
