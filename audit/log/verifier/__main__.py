"""The command: `python -m audit.log.verifier EXPORT --key VKEY` (docs/verifying.md).

It ends with 0 when everything is proven, 1 when something is not, 2 when it was asked wrongly.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from audit.log.verifier.bundle import FAILURES, Trust, verify_bundle
from audit.log.verifier.notes import NoteError, VerifierKey, trusted_checkpoint
from audit.log.verifier.proof import Proof
from audit.log.verifier.tree import leaf_hash

PROVEN, NOT_PROVEN, MISUSED = 0, 1, 2


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m audit.log.verifier", description="Verify what the log says.")
    add = parser.add_argument
    add("path", type=Path, help="the folder of an export, or the file of one event's tlog-proof")
    add("--key", action="append", required=True, metavar="VKEY", help="a key of the log that you trust")
    add("--witness", action="append", default=[], metavar="VKEY", help="a witness that must have signed")
    add("--since", action="append", default=[], type=Path, metavar="FILE", help="a checkpoint that you saw before")
    add("--leaf", type=Path, metavar="FILE", help="the event of a tlog-proof: one line, as it was exported")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify, say in words what was proven or what is wrong, and return the exit code."""
    given = parser().parse_args(arguments)
    try:
        keys = [VerifierKey.parse(text) for text in given.key]
        witnesses = [VerifierKey.parse(text) for text in given.witness]
        seen = [path.read_bytes() for path in given.since]
        leaf = given.leaf.read_bytes().removesuffix(b"\n") if given.leaf else None
    except (NoteError, OSError) as problem:
        print(f"Not understood: {problem}", file=sys.stderr)
        return MISUSED
    if given.path.is_dir() is (leaf is not None):
        print("Name the folder of an export, or a tlog-proof with its --leaf.", file=sys.stderr)
        return MISUSED
    try:
        trust = Trust(keys, [trusted_checkpoint(note, keys)[0] for note in seen], witnesses)
        if leaf is None:
            print(verify_bundle(given.path, trust))
        else:
            print(event_proven(given.path, leaf, trust))
    except FAILURES as problem:
        print(f"NOT PROVEN: {problem}")
        return NOT_PROVEN
    return PROVEN


def event_proven(path: Path, leaf: bytes, trust: Trust) -> str:
    try:
        proof = Proof.parse(path.read_text())
    except (OSError, UnicodeDecodeError) as problem:
        raise NoteError(f"{path.name} cannot be read: {problem}") from None
    checkpoint = proof.verify(leaf_hash(leaf), trust)
    return f"OK: the event is leaf {proof.index} of what {checkpoint.origin} signed in its tree of {checkpoint.size}."


if __name__ == "__main__":
    sys.exit(main())
