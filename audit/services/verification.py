"""Verifying the log from inside: quick to ask for, and itself recorded. Who trusts nobody here verifies offline."""

from dataclasses import dataclass

from django.db import transaction

from audit.events import LOG_VERIFICATION_FAILED, LOG_VERIFICATION_PASSED
from audit.log import leaf
from audit.log.tiles import tree_of
from audit.log.verifier.notes import NoteError, trusted_checkpoint
from audit.log.verifier.tree import ProofError, Range, leaf_hash, subtrees
from audit.models import Checkpoint
from audit.services.log import Subject, record
from audit.services.sealing import key_of
from common.errors import Invalid

MOST_EVENTS = 50_000
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found; `problem` is empty where the log is what was signed."""

    first: int
    size: int
    problem: str = ""

    def __str__(self) -> str:
        span = f"leaves {self.first} to {self.size - 1}"
        return self.problem or f"{self.size - self.first} events ({span}) are what was signed at {self.size}."


@transaction.atomic
def verify_range(*, checkpoint: Checkpoint, first: int = 0) -> Verification:
    """Hash the events from leaf `first` on again and compare with the signed checkpoint; the log says that it was done.

    Raises `Invalid` for more than fifty thousand events: that is the offline verifier's work.
    """
    size = checkpoint.tree_size
    if not 0 <= first < size or size - first > MOST_EVENTS:
        raise Invalid(f"Choose a range of 1 to {MOST_EVENTS} events, or export it and verify it offline.")
    problem = ""
    try:
        compare(checkpoint, first)
    except (NoteError, ProofError, LookupError) as error:
        problem = str(error)
    event = LOG_VERIFICATION_FAILED if problem else LOG_VERIFICATION_PASSED
    subject = Subject("log_checkpoint", checkpoint.id, checkpoint.epoch.origin)
    record(event, subject, error=problem, first=first, size=size)
    return Verification(first, size, problem)


def compare(checkpoint: Checkpoint, first: int) -> None:
    """Raise `NoteError`, `ProofError` or `LookupError` unless events, tiles and signed root agree."""
    epoch, size = checkpoint.epoch, checkpoint.tree_size
    signed, _ = trusted_checkpoint(checkpoint.note, [key_of(epoch)])
    tree, rebuilt = tree_of(epoch, size), Range()
    for begin, leaves in subtrees(0, first):
        rebuilt.push(tree.subtree(begin, leaves), leaves)
    for start in range(first, size, CHUNK):
        last = min(start + CHUNK, size)
        for pos, line in leaf.leaves(after=epoch.first_pos - 1 + start, upto=epoch.first_pos - 1 + last):
            if line is None or pos != epoch.first_pos + rebuilt.size:
                raise ProofError(f"Position {epoch.first_pos + rebuilt.size} has no event.")
            rebuilt.push(leaf_hash(line))
    if (signed.origin, signed.size) != (epoch.origin, size) or rebuilt.root() != signed.root:
        raise ProofError("The events are not what was signed.")
