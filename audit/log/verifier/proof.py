"""The proof of one event, as a text (C2SP tlog-proof)."""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from audit.log.verifier.bundle import Trust
from audit.log.verifier.notes import Checkpoint, NoteError, unbase64
from audit.log.verifier.tree import verify_inclusion

FIRST_LINE = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Proof:
    """That a leaf is at `index` of the tree that `checkpoint` (a signed note) states."""

    index: int
    hashes: Sequence[bytes]
    checkpoint: str

    @classmethod
    def parse(cls, text: str) -> "Proof":
        """Return the proof; raises `NoteError` where it is malformed."""
        head, blank, checkpoint = text.partition("\n\n")
        first, *rest = head.split("\n")
        if rest and rest[0].startswith("extra "):
            del rest[0]
        if first != FIRST_LINE or not blank or not rest or not re.fullmatch(r"index (0|[1-9][0-9]{0,18})", rest[0]):
            raise NoteError("Not a tlog-proof.")
        return cls(int(rest[0].removeprefix("index ")), [unbase64(line) for line in rest[1:]], checkpoint)

    def __str__(self) -> str:
        lines = [FIRST_LINE, f"index {self.index}", *(b64encode(digest).decode() for digest in self.hashes)]
        return "\n".join([*lines, "", self.checkpoint])

    def verify(self, leaf: bytes, trust: Trust) -> Checkpoint:
        """Return the checkpoint whose tree holds the leaf hash; raises `NoteError` or `ProofError`."""
        checkpoint = trust.checkpoint(self.checkpoint)
        verify_inclusion(leaf=leaf, index=self.index, size=checkpoint.size, proof=self.hashes, root=checkpoint.root)
        return checkpoint
