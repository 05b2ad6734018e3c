"""Writing an export that can be verified offline (audit/log/verifier/bundle.py says what is in it).

It writes what it finds and judges nothing: that is the verifier's work. Memory does not grow with the range.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from audit.log import leaf
from audit.log.proofs import consistency, note_of
from audit.log.tiles import tree_of
from audit.log.verifier.bundle import CONSISTENCY, FORMAT
from audit.models import Checkpoint, Epoch
from common.context import SYSTEM
from common.errors import NotFound
from common.tenancy import tenant_context

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Span:
    """The positions `first` to `last` of a tenant, under a checkpoint of their epoch."""

    tenant_id: UUID
    checkpoint: Checkpoint
    first: int
    last: int


def chosen(tenant_id: UUID, *, first: int | None = None, last: int | None = None) -> Span:
    """Return the span between two positions; by default all that the newest tree has.

    Raises `NotFound` where nothing there is sealed, or where a key was changed in between: each tree is exported alone.
    """
    with tenant_context(tenant_id, actor=SYSTEM):
        epochs = Epoch.objects.filter(first_pos__lte=first) if first else Epoch.objects.all()
        checkpoint = Checkpoint.objects.filter(epoch=epochs.first()).select_related("epoch").first()
        if checkpoint is None:
            raise NotFound("Nothing is sealed there yet.")
        begin, end = checkpoint.epoch.first_pos, checkpoint.epoch.first_pos - 1 + checkpoint.tree_size
    span = Span(tenant_id, checkpoint, first or begin, last or end)
    if not begin <= span.first <= span.last <= end:
        raise NotFound(f"The tree {checkpoint.epoch.origin} has the positions {begin} to {end}.")
    return span


def write(span: Span, folder: Path, *, since: int | None = None) -> None:
    """Write the export into a new folder; `since` is the size of a tree that it shall show to continue.

    Raises `FileExistsError`, and `NotFound` for a size that never was.
    """
    folder.mkdir(parents=True)
    epoch, size = span.checkpoint.epoch, span.checkpoint.tree_size
    index = span.first - epoch.first_pos
    count = span.last - span.first + 1
    digests = {"events.jsonl": write_events(span, folder / "events.jsonl")}
    with tenant_context(span.tenant_id, actor=SYSTEM):
        tree = tree_of(epoch, size)
        texts = {
            "checkpoint": note_of(span.checkpoint),
            "proof.json": as_json(left=spelled(tree.cover(0, index)), right=spelled(tree.cover(index + count, size))),
        }
        if since is not None:
            texts[CONSISTENCY] = as_json(**{"from": since, "hashes": spelled(consistency(span.checkpoint, since))})
    for name, text in texts.items():
        (folder / name).write_text(text)
        digests[name] = hashlib.sha256(text.encode()).hexdigest()
    manifest = as_json(
        format=FORMAT, origin=epoch.origin, first=index, count=count, first_position=span.first, sha256=digests
    )
    (folder / "manifest.json").write_text(manifest)


def write_events(span: Span, path: Path) -> str:
    """Write the events, a line each; return the SHA-256 of the file."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for line in lines(span):
            file.write(line)
            digest.update(line)
    return digest.hexdigest()


def lines(span: Span) -> Iterator[bytes]:
    """Yield the lines of the events, read in chunks, each in a short transaction."""
    for start in range(span.first - 1, span.last, CHUNK):
        with tenant_context(span.tenant_id, actor=SYSTEM):
            found = list(leaf.leaves(after=start, upto=min(start + CHUNK, span.last)))
        yield from (line + b"\n" for _, line in found if line is not None)


def spelled(hashes: list[bytes]) -> list[str]:
    return [b64encode(digest).decode() for digest in hashes]


def as_json(**members: Any) -> str:
    return json.dumps(members, indent=1) + "\n"
