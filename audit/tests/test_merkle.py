"""The tree: published vectors, and a definition so plain that it must be right."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.log.merkle import WIDTH, Tree, parse_tile_path, tile_path
from audit.log.verifier.tree import (
    EMPTY_ROOT,
    ProofError,
    Range,
    leaf_hash,
    node_hash,
    subtrees,
    verify_consistency,
    verify_inclusion,
)

VECTORS = Path(__file__).with_name("vectors")
RFC6962 = json.loads((VECTORS / "rfc6962.json").read_text())
INCLUSION = json.loads((VECTORS / "inclusion.json").read_text())["cases"]

LEAVES = [leaf_hash(str(number).encode()) for number in range(3 * WIDTH + 7)]


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word, over leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY_ROOT
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return node_hash(mth(leaves[:half]), mth(leaves[half:]))


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962 §2.1.1."""
    if len(leaves) == 1:
        return []
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if index < half:
        return [*path(index, leaves[:half]), mth(leaves[half:])]
    return [*path(index - half, leaves[half:]), mth(leaves[:half])]


def subproof(old: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """RFC 6962 §2.1.2."""
    if old == len(leaves):
        return [] if whole else [mth(leaves)]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if old <= half:
        return [*subproof(old, leaves[:half], whole), mth(leaves[half:])]
    return [*subproof(old - half, leaves[half:], False), mth(leaves[:half])]


def tree_of(size: int, *steps: int) -> Tree:
    """A tree of the first `size` leaves, appended in batches that end at `steps`, its tiles in a dictionary."""
    tiles: dict[tuple[int, int], bytes] = {}
    tree = Tree(0, lambda level, index: tiles.get((level, index), b""))
    for end in [*sorted(step for step in steps if step < size), size]:
        tree.append(LEAVES[tree.size : end])
        for place, data in tree.changed.items():
            assert data.startswith(tiles.get(place, b"")), "a tile only grows"
        tiles |= tree.changed
        tree.changed.clear()
    return tree


def test_the_published_roots() -> None:
    leaves = [leaf_hash(bytes.fromhex(text)) for text in RFC6962["leaf_inputs_hex"]]
    for size, root in enumerate(RFC6962["root_hash_by_size_hex"]):
        tree, head = Tree(0, lambda level, index: b""), Range()
        tree.append(leaves[:size])
        for leaf in leaves[:size]:
            head.push(leaf)
        assert tree.root().hex() == head.root().hex() == mth(leaves[:size]).hex() == root


def test_the_published_nodes() -> None:
    leaves = [leaf_hash(bytes.fromhex(text)) for text in RFC6962["leaf_inputs_hex"]]
    tree = Tree(0, lambda level, index: b"")
    tree.append(leaves)
    for level, row in enumerate(RFC6962["node_hashes_by_level_hex"]):
        for index, digest in enumerate(row):
            if (index + 1) << level <= len(leaves):
                assert tree.subtree(index << level, 1 << level).hex() == digest


@pytest.mark.parametrize("name", INCLUSION)
def test_the_published_inclusion_proofs(name: str) -> None:
    case: dict[str, Any] = INCLUSION[name]
    arguments = {
        "leaf": b64decode(case["leafHash"] or ""),
        "index": case["leafIdx"],
        "size": case["treeSize"],
        "proof": [b64decode(digest) for digest in case["proof"] or []],
        "root": b64decode(case["root"] or ""),
    }
    if case["wantErr"]:
        with pytest.raises(ProofError):
            verify_inclusion(**arguments)
    else:
        verify_inclusion(**arguments)


SIZES = st.integers(1, len(LEAVES))


@given(SIZES, st.lists(SIZES, max_size=3))
@settings(deadline=None, max_examples=60)
def test_the_root_is_the_same_however_the_leaves_came(size: int, steps: list[int]) -> None:
    tree = tree_of(size, *steps)
    assert tree.root() == mth(LEAVES[:size])
    older = max([1, *(step for step in steps if step < size)])
    assert tree.root(older) == mth(LEAVES[:older])


@given(SIZES, st.data())
@settings(deadline=None, max_examples=60)
def test_every_leaf_is_proven_in_every_later_tree(size: int, data: st.DataObject) -> None:
    older, index = data.draw(st.integers(1, size)), 0
    index = data.draw(st.integers(0, older - 1))
    proof = tree_of(size).inclusion(index, older)
    assert proof == path(index, LEAVES[:older])
    root = mth(LEAVES[:older])
    verify_inclusion(leaf=LEAVES[index], index=index, size=older, proof=proof, root=root)
    wrong = data.draw(st.sampled_from(["leaf", "index", "short", "long", "bit", "root"]))
    arguments: dict[str, Any] = {"leaf": LEAVES[index], "index": index, "size": older, "proof": proof, "root": root}
    changes: dict[str, dict[str, Any]] = {
        "leaf": {"leaf": leaf_hash(b"other")},
        "index": {"index": index + 1 if index + 1 < older else older},
        "short": {"proof": proof[:-1]} if proof else {"size": older + 1},
        "long": {"proof": [*proof, root]},
        "bit": {"proof": [flipped(proof[0]), *proof[1:]]} if proof else {"root": flipped(root)},
        "root": {"root": flipped(root)},
    }
    with pytest.raises(ProofError):
        verify_inclusion(**arguments | changes[wrong])


@given(SIZES, st.data())
@settings(deadline=None, max_examples=60)
def test_every_tree_is_shown_to_continue_each_older_one(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size))
    proof = tree_of(size).consistency(old, size)
    assert proof == subproof(old, LEAVES[:size], True)
    arguments: dict[str, Any] = {
        "old_size": old,
        "old_root": mth(LEAVES[:old]),
        "size": size,
        "root": mth(LEAVES[:size]),
        "proof": proof,
    }
    verify_consistency(**arguments)
    changes: list[dict[str, Any]] = [
        {"old_root": flipped(arguments["old_root"])},
        {"root": flipped(arguments["root"])},
        {"proof": [*proof, EMPTY_ROOT]},
        {"old_size": 0},
        {"old_size": size + 1},
    ]
    if proof:
        changes += [{"proof": proof[:-1]}, {"proof": [flipped(proof[0]), *proof[1:]]}, {"proof": []}]
    for change in changes:
        with pytest.raises(ProofError):
            verify_consistency(**arguments | change)


def flipped(digest: bytes) -> bytes:
    return bytes([digest[0] ^ 1]) + digest[1:]


@given(st.integers(0, 600), st.integers(0, 600))
@settings(deadline=None)
def test_subtrees_cover_a_range_exactly_once(start: int, length: int) -> None:
    covered = [leaf for begin, leaves in subtrees(start, start + length) for leaf in range(begin, begin + leaves)]
    assert covered == list(range(start, start + length))


@given(SIZES, st.data())
@settings(deadline=None, max_examples=40)
def test_a_range_with_what_lies_beside_it_gives_the_root(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, size - 1))
    end = data.draw(st.integers(first + 1, size))
    tree, head = tree_of(size), Range()
    for begin, leaves in subtrees(0, first):
        head.push(tree.subtree(begin, leaves), leaves)
    for leaf in LEAVES[first:end]:
        head.push(leaf)
    for begin, leaves in subtrees(end, size):
        head.push(tree.subtree(begin, leaves), leaves)
    assert head.root() == mth(LEAVES[:size])


def test_a_range_takes_no_subtree_that_does_not_begin_there() -> None:
    head = Range()
    head.push(LEAVES[0])
    for digest, leaves in ((LEAVES[1], 2), (LEAVES[1], 3), (LEAVES[1], 0), (b"short", 1)):
        with pytest.raises(ProofError):
            head.push(digest, leaves)


def test_tiles_are_as_the_specification_counts_them() -> None:
    """Its own example: 70,000 leaves, and 256."""
    leaf = leaf_hash(b"")
    tree = Tree(0, lambda level, index: b"")
    tree.append([leaf] * 70_000)
    widths: dict[int, list[int]] = {}
    for (level, _), data in sorted(tree.changed.items()):
        widths.setdefault(level, []).append(len(data) // 32)
    assert widths == {0: [256] * 273 + [112], 1: [256, 17], 2: [1]}
    small = tree_of(256)
    assert (len(small.tile(0, 0)), len(small.tile(1, 0))) == (256 * 32, 32)


def test_a_tree_without_its_tile_says_so() -> None:
    with pytest.raises(LookupError, match="tile 0/0"):
        Tree(3, lambda level, index: b"").root()


@pytest.mark.parametrize(
    ("index", "width", "text"),
    [(0, 256, "000"), (273, 112, "273.p/112"), (1234067, 256, "x001/x234/067"), (1000, 1, "x001/000.p/1")],
)
def test_tile_paths_are_spelled_as_specified(index: int, width: int, text: str) -> None:
    assert tile_path(index, width) == text
    assert parse_tile_path(text) == (index, width)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "00",
        "0000",
        "x000/000",
        "001/234",
        "x001/x234",
        "000.p/",
        "000.p/0",
        "000.p/256",
        "000.p/01",
        "-01",
        "٣٣٣",
    ],
)
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="tile"):
        parse_tile_path(text)
