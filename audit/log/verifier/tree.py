"""RFC 6962 trees: hashes, the root of what is streamed, inclusion and consistency proofs.

The proofs are verified as RFC 9162 §2.1.3.2 and §2.1.4.2 write it down. Everything here is pure.
"""

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


class ProofError(Exception):
    """The proof does not prove what it should."""


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Range:
    """The complete subtrees that cover the leaves 0 to `size`, largest first: all that an append needs to know.

    `push` takes the hash of the next leaf, or of a complete subtree of the next `leaves` ones.
    """

    def __init__(self) -> None:
        self.size = 0
        self._parts: list[tuple[int, bytes]] = []

    def push(self, digest: bytes, leaves: int = 1) -> None:
        """Append a subtree; raises `ProofError` where none of that width begins here."""
        if len(digest) != HASH_BYTES:
            raise ProofError("A hash is not 32 bytes long.")
        if leaves < 1 or leaves & (leaves - 1) or self.size % leaves:
            raise ProofError(f"No subtree of {leaves} leaves begins at {self.size}.")
        self.size += leaves
        while self._parts and self._parts[-1][0] == leaves:
            _, left = self._parts.pop()
            digest, leaves = node_hash(left, digest), leaves * 2
        self._parts.append((leaves, digest))

    def root(self) -> bytes:
        """Return the root of the tree of `size` leaves."""
        if not self._parts:
            return EMPTY_ROOT
        digest = self._parts[-1][1]
        for _, left in reversed(self._parts[:-1]):
            digest = node_hash(left, digest)
        return digest


def subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """Return the widest complete subtrees (start, leaves) that cover the leaves `start` to `end`, in order."""
    found = []
    while start < end:
        leaves = 1 << (end - start).bit_length() - 1
        if start:
            leaves = min(leaves, start & -start)
        found.append((start, leaves))
        start += leaves
    return found


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise `ProofError` unless `proof` shows the leaf hash at `index` in the tree of `size` leaves with this root."""
    check_hashes(leaf, root, *proof)
    if not 0 <= index < size:
        raise ProofError(f"Leaf {index} is not in a tree of {size} leaves.")
    position, last, digest = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofError("The inclusion proof is too long.")
        if position & 1 or position == last:
            digest = node_hash(sibling, digest)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            digest = node_hash(digest, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofError("The inclusion proof is too short.")
    if digest != root:
        raise ProofError(f"Leaf {index} is not what the tree of {size} leaves holds there.")


def verify_consistency(*, old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Raise `ProofError` unless the tree of `size` leaves continues the one of `old_size` leaves."""
    check_hashes(old_root, root, *proof)
    if not 0 < old_size <= size:
        raise ProofError(f"A tree of {size} leaves does not continue one of {old_size}.")
    if old_size == size:
        if proof or old_root != root:
            raise ProofError(f"There are two different trees of {size} leaves.")
        return
    first, last = consistent_roots(old_size, old_root, size, list(proof))
    if first != old_root or last != root:
        raise ProofError(f"The tree of {size} leaves does not continue the known one of {old_size}.")


def consistent_roots(old_size: int, old_root: bytes, size: int, path: list[bytes]) -> tuple[bytes, bytes]:
    """Return the roots that the proof makes of itself for both sizes; raises `ProofError`."""
    if not old_size & (old_size - 1):
        path.insert(0, old_root)
    if not path:
        raise ProofError("The consistency proof is empty.")
    position, last = old_size - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError("The consistency proof is too long.")
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofError("The consistency proof is too short.")
    return old, new


def check_hashes(*hashes: bytes) -> None:
    if any(len(digest) != HASH_BYTES for digest in hashes):
        raise ProofError("A hash is not 32 bytes long.")
