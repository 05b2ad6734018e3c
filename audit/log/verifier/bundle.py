"""An export on disk: what is in it, and whether it is what the log signed.

    manifest.json      what this is: the log, the range, and the SHA-256 of the other files
    events.jsonl       one leaf a line, the exact bytes that were hashed
    checkpoint         the signed note of the tree, cosignatures included
    proof.json         the hashes of the tree to the left and to the right of the range
    consistency.json   optional: that the tree continues an older one

The events are read once, line by line; memory does not grow with them.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.log.verifier.notes import Checkpoint, Note, NoteError, VerifierKey, trusted_checkpoint, unbase64
from audit.log.verifier.tree import ProofError, Range, leaf_hash, subtrees, verify_consistency

FORMAT = "countermark-log-export/1"
FILES = ("events.jsonl", "checkpoint", "proof.json")
CONSISTENCY = "consistency.json"
LONGEST_LINE = 64 * 1024 * 1024


class BundleError(Exception):
    """The export is incomplete, damaged, or not of the format that its manifest claims."""


FAILURES = (BundleError, NoteError, ProofError)
"""everything that says: not proven"""


@dataclass(frozen=True, slots=True)
class Trust:
    """What the auditor brings: the log's key, checkpoints seen earlier, witnesses that must have signed."""

    keys: Sequence[VerifierKey]
    seen: Sequence[Checkpoint] = ()
    witnesses: Sequence[VerifierKey] = ()

    def checkpoint(self, raw: str | bytes) -> Checkpoint:
        """Return the checkpoint where the log and each required witness signed it; raises `NoteError`."""
        checkpoint, note = trusted_checkpoint(raw, self.keys)
        self.require_witnesses(note)
        return checkpoint

    def require_witnesses(self, note: Note) -> None:
        for witness in self.witnesses:
            try:
                note.verified([witness])
            except NoteError as problem:
                raise NoteError(f"The witness {witness.name} did not sign: {problem}") from None


@dataclass(frozen=True, slots=True)
class Verified:
    """What was proven."""

    checkpoint: Checkpoint
    first: int
    count: int
    continues: Sequence[Checkpoint]

    def __str__(self) -> str:
        words = [
            f"OK: {self.count} events, leaves {self.first} to {self.first + self.count - 1},"
            f" are what {self.checkpoint.origin} signed in its tree of {self.checkpoint.size}."
        ]
        words += [f"OK: the tree continues the one of {seen.size} that you saw." for seen in self.continues]
        if not self.continues:
            words.append("No older checkpoint was given (--since): a log that was rewritten as a whole would not show.")
        return "\n".join(words)


def verify_bundle(folder: Path, trust: Trust) -> Verified:
    """Return what the export proves; raises one of `FAILURES` where it proves nothing."""
    manifest = read_json(folder / "manifest.json")
    first, count = whole(manifest, "first"), whole(manifest, "count")
    if manifest.get("format") != FORMAT:
        raise BundleError(f"The manifest is not of the format {FORMAT}.")
    checkpoint = trust.checkpoint(read(folder / "checkpoint"))
    if first + count > checkpoint.size or not count:
        raise BundleError(f"The range {first} + {count} is not in a tree of {checkpoint.size} leaves.")
    check_digests(folder, manifest)
    roots = rebuilt(folder, range(first, first + count), checkpoint, {seen.size for seen in trust.seen})
    for seen in trust.seen:
        check_continues(folder, seen, checkpoint, roots)
    return Verified(checkpoint, first, count, trust.seen)


def rebuilt(folder: Path, span: range, checkpoint: Checkpoint, wanted: set[int]) -> dict[int, bytes]:
    """Build the tree again from the events; return its roots at the `wanted` sizes that are met on the way.

    Raises `ProofError` where the root is not the signed one.
    """
    proof = read_json(folder / "proof.json")
    tree, roots = Range(), dict[int, bytes]()
    push_all(tree, 0, span.start, hashes(proof, "left"))
    for line in lines(folder / "events.jsonl"):
        if tree.size in wanted:
            roots[tree.size] = tree.root()
        tree.push(leaf_hash(line))
    if tree.size in wanted:
        roots[tree.size] = tree.root()
    if tree.size != span.stop:
        raise BundleError(f"The export holds {tree.size - span.start} events; its manifest names {len(span)}.")
    push_all(tree, span.stop, checkpoint.size, hashes(proof, "right"))
    if tree.root() != checkpoint.root:
        raise ProofError("The events are not what the log signed: something was changed, removed, added or reordered.")
    return roots


def check_continues(folder: Path, seen: Checkpoint, checkpoint: Checkpoint, roots: dict[int, bytes]) -> None:
    """Raise one of `FAILURES` unless the tree of the export continues one that was seen earlier."""
    if seen.origin != checkpoint.origin:
        raise ProofError(f"You saw a checkpoint of {seen.origin}; this is another log, {checkpoint.origin}.")
    if seen.size > checkpoint.size:
        raise ProofError(f"You saw a tree of {seen.size} leaves; this one has only {checkpoint.size}: it was cut.")
    if seen.size in roots:
        if roots[seen.size] != seen.root:
            raise ProofError(f"The first {seen.size} events are not those that you saw signed: the log was rewritten.")
        return
    path = folder / CONSISTENCY
    document = read_json(path) if path.exists() else {}
    if document.get("from") != seen.size:
        raise BundleError(f"The export does not show that it continues size {seen.size}: export with --since.")
    verify_consistency(
        old_size=seen.size,
        old_root=seen.root,
        size=checkpoint.size,
        root=checkpoint.root,
        proof=hashes(document, "hashes"),
    )


def push_all(tree: Range, start: int, end: int, digests: list[bytes]) -> None:
    """Append the subtrees that cover `start` to `end`; raises `BundleError` where their number is another."""
    widths = [leaves for _, leaves in subtrees(start, end)]
    if len(widths) != len(digests):
        raise BundleError(f"The proof does not cover the leaves {start} to {end}.")
    for leaves, digest in zip(widths, digests, strict=True):
        tree.push(digest, leaves)


def check_digests(folder: Path, manifest: dict[str, Any]) -> None:
    """Raise `BundleError` where a file is not the one of the manifest: damage, said plainly before any proof."""
    known = manifest.get("sha256")
    if not isinstance(known, dict) or not set(FILES) <= set(known) <= {*FILES, CONSISTENCY}:
        raise BundleError("The manifest does not name the files of an export.")
    for name, digest in known.items():
        with opened(folder / name) as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise BundleError(f"{name} is not the file that the manifest names.")


def opened(path: Path) -> Any:
    try:
        return path.open("rb")
    except OSError as problem:
        raise BundleError(f"{path.name} cannot be read: {problem.strerror}.") from None


def read(path: Path) -> bytes:
    with opened(path) as file:
        return bytes(file.read(LONGEST_LINE))


def read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(read(path))
    except (ValueError, RecursionError):
        raise BundleError(f"{path.name} is no JSON.") from None
    if not isinstance(document, dict):
        raise BundleError(f"{path.name} is no JSON object.")
    return document


def lines(path: Path) -> Iterator[bytes]:
    """Yield each line without its newline; raises `BundleError` for one without an end."""
    with opened(path) as file:
        while line := file.readline(LONGEST_LINE):
            if not line.endswith(b"\n"):
                raise BundleError("The last event is cut off.")
            yield line[:-1]


def whole(document: dict[str, Any], name: str) -> int:
    value = document.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BundleError(f"{name} is no number.")
    return value


def hashes(document: dict[str, Any], name: str) -> list[bytes]:
    value = document.get(name)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BundleError(f"{name} is no list of hashes.")
    return [unbase64(item) for item in value]
