"""The tree as tiles (C2SP tlog-tiles): appending leaves, and the proofs that it gives. Pure: it reads by a function.

A tile of level 0 holds up to 256 leaf hashes, one of level `l` the roots of full tiles of level `l - 1`. Every complete
subtree is a fold of neighbours in one tile, so no other hash is kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from audit.log.verifier.tree import HASH_BYTES, Range, node_hash, subtrees

WIDTH = 256
HEIGHT = 8
"""the levels of the tree in one tile: 2**8 hashes"""

Read = Callable[[int, int], bytes]
"""the data of the tile at (level, index); empty where there is none"""


@dataclass(slots=True)
class Tree:
    """A tree of `size` leaves whose tiles `read` gives. What `append` changes is in `changed` until it is written."""

    size: int
    read: Read
    changed: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def tile(self, level: int, index: int) -> bytes:
        found = self.changed.get((level, index))
        return self.read(level, index) if found is None else found

    def append(self, leaves: Sequence[bytes]) -> None:
        """Add leaf hashes at the end."""
        self._extend(0, self.size, leaves)
        self.size += len(leaves)

    def _extend(self, level: int, start: int, hashes: Sequence[bytes]) -> None:
        """Put `hashes` behind the `start` ones that a level has; the root of each tile they fill goes one level up."""
        full = []
        first = start // WIDTH
        data = self.tile(level, first)[: start % WIDTH * HASH_BYTES] if start % WIDTH else b""
        data += b"".join(hashes)
        tile_bytes = WIDTH * HASH_BYTES
        for offset in range(0, len(data), tile_bytes):
            piece = data[offset : offset + tile_bytes]
            self.changed[level, first + offset // tile_bytes] = piece
            if len(piece) == tile_bytes:
                full.append(fold(piece))
        if full:
            self._extend(level + 1, first, full)

    def subtree(self, start: int, leaves: int) -> bytes:
        """Return the root of a complete subtree: `leaves` is a power of two that divides `start`.

        Raises `LookupError` where its tile is not there.
        """
        level, height = divmod(leaves.bit_length() - 1, HEIGHT)
        index, place = divmod(start >> (level * HEIGHT), WIDTH)
        piece = self.tile(level, index)[place * HASH_BYTES : (place + (1 << height)) * HASH_BYTES]
        if len(piece) != HASH_BYTES << height:
            raise LookupError(f"tile {level}/{index} does not hold the leaves {start} to {start + leaves}")
        return fold(piece)

    def cover(self, start: int, end: int) -> list[bytes]:
        """Return the roots of the widest complete subtrees that cover the leaves `start` to `end`."""
        return [self.subtree(begin, leaves) for begin, leaves in subtrees(start, end)]

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the tree, or of its first `size` leaves."""
        head = Range()
        for begin, leaves in subtrees(0, self.size if size is None else size):
            head.push(self.subtree(begin, leaves), leaves)
        return head.root()

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Return the proof that leaf `index` is in the tree of the first `size` leaves (RFC 6962 §2.1.1)."""
        start, end, path = 0, size, list[bytes]()
        while end - start > 1:
            middle = start + split(end - start)
            if index < middle:
                path.append(self._span(middle, end))
                end = middle
            else:
                path.append(self._span(start, middle))
                start = middle
        return path[::-1]

    def consistency(self, old: int, size: int) -> list[bytes]:
        """Return the proof that the first `size` leaves continue the first `old` ones (RFC 6962 §2.1.2)."""
        start, end, path, whole = 0, size, list[bytes](), True
        while old != end:
            middle = start + split(end - start)
            if old <= middle:
                path.append(self._span(middle, end))
                end = middle
            else:
                path.append(self._span(start, middle))
                start, whole = middle, False
        if not whole:
            path.append(self._span(start, end))
        return path[::-1]

    def _span(self, start: int, end: int) -> bytes:
        """Return MTH(D[start:end]) of a node of the tree: its left part is complete, its right one maybe not."""
        digest, *left = reversed(self.cover(start, end))
        for sibling in left:
            digest = node_hash(sibling, digest)
        return digest


def split(leaves: int) -> int:
    """Return the largest power of two below `leaves`: where RFC 6962 parts a tree."""
    return 1 << (leaves - 1).bit_length() - 1


def fold(hashes: bytes) -> bytes:
    """Return the root over neighbouring hashes, a power of two of them."""
    row = [hashes[offset : offset + HASH_BYTES] for offset in range(0, len(hashes), HASH_BYTES)]
    while len(row) > 1:
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]


def tile_path(index: int, width: int = WIDTH) -> str:
    """Return how tlog-tiles spells an index: `x001/x234/067`, with `.p/W` for a tile that is not full."""
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[place : place + 3] for place in range(0, len(digits), 3)]
    path = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    return path if width == WIDTH else f"{path}.p/{width}"


def parse_tile_path(path: str) -> tuple[int, int]:
    """Return index and width of a path as `tile_path` spells it; raises `ValueError` for any other spelling."""
    name, partial, width = path.partition(".p/")
    digits = name.replace("/", "").replace("x", "")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise ValueError("not the path of a tile")
    if partial and not (width.isascii() and width.isdigit() and len(width) < 4 and 0 < int(width) < WIDTH):
        raise ValueError("not the width of a partial tile")
    found = int(digits), int(width) if partial else WIDTH
    if tile_path(*found) != path:
        raise ValueError("not how a tile is spelled")
    return found
