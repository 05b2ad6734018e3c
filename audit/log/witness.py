"""A witness: remembers the newest checkpoint it saw, and signs the next one only where that continues it.

It runs where the product does not, with a key and a memory of its own:

    WITNESS_TOKEN=cmk_… python -m audit.log.witness --url https://… --log VKEY --name witness.example/w --state FOLDER

It ends with 0 when it signed, 1 when the log does not continue what was seen (keep the folder: it is the evidence), 2
when it could not ask. Beside the verifier it needs nothing of the product.
"""

import argparse
import hashlib
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.log.notes import cosign, verifier_key
from audit.log.verifier.notes import COSIGNATURE, Checkpoint, Note, NoteError, VerifierKey, trusted_checkpoint
from audit.log.verifier.tree import ProofError, verify_consistency

SIGNED, REFUSED, COULD_NOT_ASK = 0, 1, 2
TIMEOUT_SECONDS = 30


class CannotAsk(Exception):
    """The log does not answer as its API says."""


@dataclass(frozen=True, slots=True)
class Log:
    """The API of the log, as a caller with a token sees it."""

    url: str
    token: str

    def send(self, path: str, body: Any = None) -> Any:
        """Return the answer to a GET, or with a body to a POST; raises `CannotAsk`."""
        if not self.url.startswith(("https://", "http://")):
            raise CannotAsk(f"{self.url} is no address of the web.")
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310  # its scheme was looked at
            f"{self.url.rstrip('/')}/api/v1/audit/{path}", data, headers
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  # as above  # nosec B310
                return json.load(answer)
        except (OSError, ValueError) as problem:
            raise CannotAsk(f"{path}: {problem}") from None


@dataclass(frozen=True, slots=True)
class Memory:
    """The folder of a witness: its key, and for each log the newest checkpoint it signed."""

    folder: Path
    name: str

    def seed(self) -> bytes:
        """Return the private key; the first time it is made."""
        path = self.folder / "key"
        if not path.exists():
            write(path, secrets.token_hex(32))
        return bytes.fromhex(path.read_text().strip())

    def key(self) -> VerifierKey:
        return verifier_key(self.name, self.seed(), COSIGNATURE)

    def path_of(self, origin: str) -> Path:
        return self.folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:16]}.checkpoint"

    def last(self, origin: str, keys: Sequence[VerifierKey]) -> Checkpoint | None:
        """Return the newest checkpoint seen of a log; None the first time."""
        path = self.path_of(origin)
        return trusted_checkpoint(path.read_bytes(), keys)[0] if path.exists() else None

    def keep(self, checkpoint: Checkpoint, note: Note) -> None:
        write(self.path_of(checkpoint.origin), str(note))


def write(path: Path, text: str) -> None:
    """Replace a file whole and for good: a witness that forgets may sign two histories."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def witness(log: Log, memory: Memory, keys: Sequence[VerifierKey]) -> str:
    """Look once: check, remember, then sign; return the signature line.

    Raises `NoteError` or `ProofError` where the log is not the one that was seen, `CannotAsk`.
    """
    answer = log.send("checkpoints/latest/")
    checkpoint, note = trusted_checkpoint(str(answer.get("note")), keys)
    seen = memory.last(checkpoint.origin, keys)
    if seen:
        check_continues(log, seen, checkpoint, int(answer["epoch"]))
    # Remembered before it is signed: whatever is signed must never be contradicted.
    memory.keep(checkpoint, note)
    line = str(cosign(note.text, name=memory.name, seed=memory.seed(), seconds=int(time.time())))
    log.send(f"checkpoints/{checkpoint.size}/cosignatures/?epoch={answer['epoch']}", {"line": line})
    return line


def check_continues(log: Log, seen: Checkpoint, checkpoint: Checkpoint, epoch: int) -> None:
    """Raise `ProofError` unless the log shows that it only grew since `seen`."""
    if checkpoint.size < seen.size:
        raise ProofError(f"The log had {seen.size} events; now it shows {checkpoint.size}: it was cut.")
    proof = []
    if checkpoint.size > seen.size:
        answer = log.send(f"checkpoints/{checkpoint.size}/consistency/?from={seen.size}&epoch={epoch}")
        proof = [b64decode(digest) for digest in answer["hashes"]]
    verify_consistency(old_size=seen.size, old_root=seen.root, size=checkpoint.size, root=checkpoint.root, proof=proof)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m audit.log.witness", description="Sign what the log signed.")
    add = parser.add_argument
    add("--name", required=True, help="the name of this witness, like an address: witness.example/w")
    add("--state", required=True, type=Path, help="the folder of its key and its memory")
    add("--url", help="where the product is; without it only the witness's own key is shown")
    add("--log", action="append", default=[], metavar="VKEY", help="a key of the log")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Look once, say in words what was found, and return the exit code."""
    given = parser().parse_args(arguments)
    memory = Memory(given.state, given.name)
    if not given.url:
        print(memory.key())
        return SIGNED
    log = Log(given.url, os.environ.get("WITNESS_TOKEN", ""))
    try:
        print(witness(log, memory, [VerifierKey.parse(text) for text in given.log]))
    except (NoteError, ProofError) as problem:
        print(f"REFUSED: {problem}")
        return REFUSED
    except (CannotAsk, OSError, KeyError, ValueError) as problem:
        print(f"Could not ask: {problem}", file=sys.stderr)
        return COULD_NOT_ASK
    return SIGNED


if __name__ == "__main__":
    sys.exit(main())
