"""The tiles of an epoch in the database."""

from audit.log.merkle import Tree
from audit.log.verifier.tree import HASH_BYTES
from audit.models import Epoch, Tile


def tree_of(epoch: Epoch, size: int) -> Tree:
    """Return the tree of an epoch, read tile by tile as it is asked for."""
    known: dict[tuple[int, int], bytes] = {}

    def read(level: int, index: int) -> bytes:
        if (level, index) not in known:
            data = Tile.objects.filter(epoch=epoch, level=level, index=index).values_list("data", flat=True).first()
            known[level, index] = bytes(data or b"")
        return known[level, index]

    return Tree(size, read)


def save(epoch: Epoch, tree: Tree) -> None:
    """Write what was appended; the database refuses a tile that does anything but grow."""
    rows = [
        Tile(epoch=epoch, level=level, index=index, width=len(data) // HASH_BYTES, data=data)
        for (level, index), data in tree.changed.items()
    ]
    Tile.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["tenant", "epoch", "level", "index"],
        update_fields=["width", "data"],
    )
