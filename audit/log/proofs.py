"""What the log can prove: that an event is in it, and that it only grew."""

from dataclasses import dataclass
from uuid import UUID

from audit.log import leaf
from audit.log.tiles import tree_of
from audit.log.verifier.notes import Note, Signature
from audit.log.verifier.proof import Proof
from audit.log.verifier.tree import leaf_hash
from audit.models import Checkpoint, Epoch, Position
from audit.queries import epoch_at
from common.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class EventProof:
    """An event's leaf, and the path from it to a signed checkpoint."""

    checkpoint: Checkpoint
    leaf: bytes
    proof: Proof

    @property
    def leaf_hash(self) -> bytes:
        return leaf_hash(self.leaf)


def note_of(checkpoint: Checkpoint) -> str:
    """Return the signed note with the cosignatures that came since."""
    note = Note.parse(checkpoint.note)
    rows = sorted(checkpoint.cosignatures.all(), key=lambda row: row.id)
    more = [Signature(row.witness_name, bytes.fromhex(row.key_id), bytes(row.signature)) for row in rows]
    return str(Note(note.text, (*note.signatures, *more)))


def proof_of(event_id: UUID, size: int | None = None) -> EventProof:
    """Return the proof of an event of the running tenant, in the newest tree or in that of `size` leaves.

    Raises `NotFound` where there is no such checkpoint, `Conflict` where the event is not under it (yet).
    """
    pos = Position.objects.filter(event_id=event_id).values_list("pos", flat=True).first()
    epoch = epoch_at(pos) if pos else None
    checkpoint = newest_checkpoint(epoch, size) if epoch else None
    if pos is None or epoch is None or checkpoint is None or checkpoint.tree_size <= pos - epoch.first_pos:
        raise Conflict("The event is recorded and not sealed by that checkpoint; ask again.", code="not_sealed")
    [(_, line)] = leaf.leaves(after=pos - 1, upto=pos)
    if line is None:
        raise NotFound("The event is gone from the log.")
    index = pos - epoch.first_pos
    hashes = tree_of(epoch, checkpoint.tree_size).inclusion(index, checkpoint.tree_size)
    return EventProof(checkpoint, line, Proof(index, hashes, note_of(checkpoint)))


def newest_checkpoint(epoch: Epoch, size: int | None = None) -> Checkpoint | None:
    """Return the newest checkpoint of an epoch (None before its first), or the one of `size`; raises `NotFound`."""
    if size is None:
        return epoch.checkpoints.first()
    found = epoch.checkpoints.filter(tree_size=size).first()
    if found is None:
        raise NotFound(f"There is no checkpoint of {size} leaves.")
    return found


def consistency(checkpoint: Checkpoint, old: int) -> list[bytes]:
    """Return the proof that the tree of a checkpoint continues that of its first `old` leaves; raises `NotFound`."""
    if not 0 < old <= checkpoint.tree_size:
        raise NotFound(f"A tree of {checkpoint.tree_size} leaves continues none of {old}.")
    return tree_of(checkpoint.epoch, checkpoint.tree_size).consistency(old, checkpoint.tree_size)
